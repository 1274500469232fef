import { expect, test } from "./fixtures";

test("two real runs, side by side: what differs is marked and explained", async ({ lab, as, page }) => {
  await lab.open();
  await lab.runToTheEnd(as, "Ada");
  let dialog = await lab.openDialog("compare");
  await dialog.getByTestId("run-2026-07-28").click();
  // The browser is signed in already.
  await lab.until(
    () => as.allow().click(),
    async () => !(await lab.isAway()) && (await lab.success.isVisible()),
  );
  await expect(lab.choice("2026-07-28")).toHaveAttribute("aria-pressed", "true");
  dialog = await lab.openDialog("compare");
  const comparison = dialog.getByTestId("comparison");
  const greeting = comparison.getByRole("button", { name: /initialize/ }).first();
  await greeting.click();
  await expect(greeting).toHaveAttribute("aria-expanded", "true");
  await expect(comparison.locator(".difference:visible")).not.toBeEmpty();
  const different = await comparison.getByRole("listitem").count();
  await dialog.getByTestId("only-different").uncheck();
  expect(await comparison.getByRole("listitem").count(), "what is the same is there too").toBeGreaterThan(different);
  await page.keyboard.press("Escape");
});
