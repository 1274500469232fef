import { copyFileSync } from "node:fs";
import path from "node:path";
import { expect, test, type Page } from "@playwright/test";
import { top } from "../lab";
import { AuthorizationServerPages } from "../tests/pages/authorization_server";
import { LabPage } from "../tests/pages/lab_page";

/** Where the page has to look well. */
const sizes = [
  { width: 1280, height: 720 },
  { width: 1920, height: 1080 },
  { width: 375, height: 812 },
];

/** What the documentation shows: always the first size, in light. */
const kept = new Map([
  ["end", "page-light.png"],
  ["code-exchange", "message-light.png"],
]);

for (const colorScheme of ["light", "dark"] as const) {
  test(`every screen, ${colorScheme}`, async ({ browser }) => {
    const context = await browser.newContext({ colorScheme, viewport: sizes[0], reducedMotion: "reduce" });
    const page = await context.newPage();
    const lab = new LabPage(page);
    const as = new AuthorizationServerPages(page);
    const take = (name: string) => picture(page, name, colorScheme);

    await lab.open();
    await take("start");
    await lab.runToConsent();
    await take("before-consent");
    await lab.next.click();
    await take("sign-in");
    await as.signInAs("Ada");
    await take("consent");
    await as.allowAccess();
    await lab.returned();
    await lab.run.click();
    await as.allowMore();
    await expect(lab.success).toBeVisible();
    await take("end");

    await lab.step("code-exchange").click();
    await lab.card.open("checks");
    await take("code-exchange");
    await lab.step("token-opened").click();
    await lab.card.open("decoded");
    await take("token");
    await lab.step("pkce").click();
    await lab.card.open("decoded");
    await take("pkce");
    await lab.step("call").click();
    await lab.card.open("code");
    await take("code");
    for (const dialog of ["compare", "document", "export", "presenter", "keys"]) {
      await lab.openDialog(dialog);
      await take(dialog);
      await page.keyboard.press("Escape");
      await expect(page.getByRole("dialog")).toBeHidden();
    }
    await context.close();
  });
}

/** The same screen in every size. */
async function picture(page: Page, name: string, scheme: string): Promise<void> {
  for (const size of sizes) {
    await page.setViewportSize(size);
    const file = path.join(top, "target", "pictures", `${name}-${scheme}-${size.width}.png`);
    await page.screenshot({ path: file });
    const document = size === sizes[0] && scheme === "light" ? kept.get(name) : undefined;
    if (document) copyFileSync(file, path.join(top, "docs", "images", document));
  }
  await page.setViewportSize(sizes[0]);
}
