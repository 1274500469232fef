import { expect, type Page } from "@playwright/test";

/** The authorization server's own pages. */
export class AuthorizationServerPages {
  constructor(readonly page: Page) {}

  async signInAs(name: string): Promise<void> {
    await this.page.getByRole("button", { name: new RegExp(`^${name}\\b`) }).click();
    await expect(this.allow()).toBeVisible();
  }

  allow() {
    return this.page.getByRole("button", { name: "Allow" });
  }

  deny() {
    return this.page.getByRole("button", { name: "Deny" });
  }

  scope(token: string) {
    return this.page.getByRole("checkbox", { name: token });
  }
}
