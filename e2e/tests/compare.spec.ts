import { expect, test } from "./fixtures";

test("two runs side by side: what the servers remembered is no difference of the revisions", async ({ lab, as }) => {
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
