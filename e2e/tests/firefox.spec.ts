import { expect, test } from "./fixtures";
import { walkByKeyboard } from "./keyboard";

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
  await walkByKeyboard(page, lab, as);
});
