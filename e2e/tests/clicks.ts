import type { Page } from "@playwright/test";

/** Counts the clicks of a person from now on, on whichever page the browser is. */
export async function countClicks(page: Page): Promise<() => number> {
  let count = 0;
  await page.exposeFunction("noteClick", () => {
    count += 1;
  });
  await page.addInitScript(() => {
    const { noteClick } = window as unknown as { noteClick: () => void };
    document.addEventListener("click", ({ isTrusted }) => isTrusted && noteClick(), true);
  });
  return () => count;
}
