import { test } from "@playwright/test";
import { pageOrigin } from "../lab";
import { mainButton } from "../tests/pages/lab_page";
import { firstLoad } from "../tests/first_load";
import { figure, kilobytes, median } from "./figures";

test("bytes of the first load, as they cross the wire", async () => {
  const parts = await firstLoad(pageOrigin);
  for (const { path, encoding, bytes } of parts) {
    figure({ what: `${path} (${encoding})`, value: kilobytes(bytes), unit: "KB" });
  }
  const total = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  figure({ what: "in all", value: kilobytes(total), unit: "KB", atMost: 300 });
});

const runs = 9;

for (const slowdown of [1, 4]) {
  test(`from navigation to a main button that can be pressed, CPU slowed ${slowdown} times`, async ({ browser }) => {
    const times: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      // Each time a visitor who has never been here: nothing is cached.
      const context = await browser.newContext();
      const page = await context.newPage();
      const devtools = await context.newCDPSession(page);
      await devtools.send("Emulation.setCPUThrottlingRate", { rate: slowdown });
      await page.addInitScript(noteWhenEnabled, mainButton);
      await page.goto(`${pageOrigin}/`);
      times.push(await page.waitForFunction(() => (window as { enabledAt?: number }).enabledAt).then((at) => at.jsonValue() as Promise<number>));
      await context.close();
    }
    const bound = slowdown === 4 ? { atMost: 1000 } : {};
    figure({ what: `median of ${runs}`, value: Math.round(median(times)), unit: "ms", ...bound });
    figure({ what: "slowest", value: Math.round(Math.max(...times)), unit: "ms" });
  });
}

/** Runs in the page: notes the moment, counted from the start of the navigation. */
function noteWhenEnabled(selector: string): void {
  const look = () => {
    if (!document.querySelector(`${selector}:enabled`)) return;
    (window as { enabledAt?: number }).enabledAt = performance.now();
    observer.disconnect();
  };
  const observer = new MutationObserver(look);
  observer.observe(document, { subtree: true, childList: true, attributes: true });
}
