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

test("what the servers remembered is no difference of the revisions", async ({ lab, as }) => {
  await lab.open();
  await lab.runToTheEnd(as, "Ada");
  await lab.choice("2026-07-28").click();
  // The browser is signed in by now, and in the first run it was not.
  await lab.run.click();
  await lab.allowTwice(as);
  const dialog = await lab.openDialog("compare");
  const marks = (words: string) => dialog.locator(".pair").filter({ hasText: words });
  await expect(marks("only in 2025-11-25")).not.toHaveCount(0);
  await expect(marks("not because of the revision")).toHaveCount(0);
  const counted = await dialog.locator(".pair").count();
  await expect(dialog.getByRole("status")).toContainText(new RegExp(`^${counted} of \\d+ rows differ`));
  await dialog.getByTestId("only-different").uncheck();
  const signIn = marks("not because of the revision").filter({ hasText: "GET /sign-in" });
  await expect(signIn).toHaveCount(1);
  await signIn.click();
  await expect(dialog.locator(".difference:not([hidden])")).toContainText("you were signed in");
});
