import { expect, test } from "./fixtures";
import { tabTo } from "./keyboard";

// What may differ between browsers: the whole walk and the way of the keys, both with a console that stays silent. Everything
// else is tested in Chromium alone.

test("the whole walk by clicks, one message at a time", async ({ lab, as }) => {
  await lab.open();
  await lab.nextUntilAway();
  await as.signInAs("Grace");
  await as.allowAccess();
  await lab.returned();
  await lab.nextUntilAway();
  await as.allowMore();
  await lab.returned();
  await lab.nextUntilSuccess();
  await expect(lab.success).toContainText("get_weather");
});

test("run to the end by keyboard alone", async ({ lab, as, page }) => {
  await lab.open();
  await page.keyboard.press("e");
  await tabTo(page, /^Ada\b/);
  await page.keyboard.press("Enter");
  for (const scope of ["mcp:connect", "weather:read"]) {
    await expect(as.scope(scope)).toBeVisible();
    await tabTo(page, /^Allow\b/);
    await page.keyboard.press("Enter");
  }
  await expect(lab.success).toBeVisible();
  await page.keyboard.press("ArrowLeft");
  await expect(lab.next).toBeEnabled();
});
