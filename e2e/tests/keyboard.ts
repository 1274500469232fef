import { expect, type Page } from "@playwright/test";
import type { AuthorizationServerPages } from "./pages/authorization_server";
import type { LabPage } from "./pages/lab_page";

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

/** The whole walk without a mouse, as far as it goes by itself. */
export async function walkByKeyboard(page: Page, lab: LabPage, as: AuthorizationServerPages): Promise<void> {
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
}
