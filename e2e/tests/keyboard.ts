import { expect, type Page } from "@playwright/test";

/** Moves the focus with Tab to a control, as a person without a mouse does. */
export async function tabTo(page: Page, name: RegExp): Promise<void> {
  const control = page.getByRole("button", { name });
  await expect(control).toBeVisible();
  for (let i = 0; i < 40; i += 1) {
    if ((await control.and(page.locator(":focus")).count()) === 1) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`${name} cannot be reached with Tab`);
}
