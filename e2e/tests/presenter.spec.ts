import { expect, test } from "./fixtures";

test("presenter mode: one step, large type, secrets masked, notes on demand", async ({ lab, as, page }) => {
  await lab.open();
  await lab.runToTheEnd(as, "Ada");
  await lab.rows(/POST \/token/).first().click();
  await page.keyboard.press("s");
  const slide = await lab.openDialog("presenter");
  await expect(slide.getByRole("heading")).toContainText("Code exchange");
  expect(Number.parseFloat(await slide.getByRole("heading").evaluate((title) => getComputedStyle(title).fontSize))).toBeGreaterThanOrEqual(32);
  expect(await slide.textContent(), "no token, no code").not.toMatch(/eyJ[\w-]{20}|code=(?!•)/);
  const notes = page.getByRole("region", { name: "Speaker notes" });
  await expect(notes).toBeHidden();
  await page.keyboard.press("n");
  await expect(notes).toBeVisible();
  await page.keyboard.press("ArrowRight");
  await expect(slide.getByRole("heading")).toContainText("token opened");
  await page.keyboard.press("ArrowLeft");
  await expect(slide.getByRole("heading")).toContainText("Code exchange");
  await page.keyboard.press("Escape");
  await expect(slide).toBeHidden();
  await expect(lab.step("code-exchange")).toHaveAttribute("data-state", "current");
});

test("presenting goes on after the consent, and not after a reload", async ({ lab, as, page }) => {
  await lab.open();
  await lab.runToConsent();
  const slide = await lab.openDialog("presenter");
  await expect(page.getByRole("status").filter({ hasText: /^\d+ of \d+: authorization request, Client$/ }), "who works alone").toHaveCount(1);
  await page.keyboard.press("ArrowRight");
  await as.signInAs("Ada");
  await as.allowAccess();
  await lab.returned();
  await expect(slide, "the room still looks").toBeVisible();
  await page.reload();
  await expect(lab.next).toBeEnabled();
  await expect(slide).toBeHidden();
});
