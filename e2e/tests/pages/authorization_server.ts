import { expect, type Page } from "@playwright/test";

/** The authorization server's own pages. */
export class AuthorizationServerPages {
  constructor(readonly page: Page) {}

  async signInAs(name: string): Promise<void> {
    await this.page.getByRole("button", { name: new RegExp(`^${name}\\b`) }).click();
    await expect(this.allow()).toBeVisible();
  }

  allow() {
    return this.page.getByRole("button", { name: "Allow", exact: true });
  }

  /** Allows the first request of a run: for the base scope alone. */
  async allowAccess(): Promise<void> {
    await expect(this.scope("mcp:connect")).toBeVisible();
    await expect(this.scope("weather:read")).toHaveCount(0);
    await this.allow().click();
  }

  /** Allows the request of a step-up. The page looks like the first one, but for its second scope. */
  async allowMore(): Promise<void> {
    await expect(this.scope("weather:read")).toBeVisible();
    await this.allow().click();
  }

  deny() {
    return this.page.getByRole("button", { name: "Deny", exact: true });
  }

  scope(token: string) {
    return this.page.getByRole("checkbox", { name: token });
  }
}
