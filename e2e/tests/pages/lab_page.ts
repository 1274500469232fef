import { expect, type Locator, type Page } from "@playwright/test";

/** The page of the lab: what a person sees and presses there. */
export class LabPage {
  readonly next: Locator;
  readonly back: Locator;
  readonly run: Locator;
  readonly startOver: Locator;
  readonly card: Locator;
  readonly success: Locator;
  readonly failure: Locator;

  constructor(readonly page: Page) {
    this.next = page.getByTestId("next");
    this.back = page.getByTestId("back");
    this.run = page.getByTestId("run");
    this.startOver = page.getByTestId("start-over");
    this.card = page.getByTestId("card");
    this.success = page.getByTestId("success");
    this.failure = page.getByTestId("failure");
  }

  async open(): Promise<void> {
    await this.page.goto("/");
    await expect(this.next).toBeEnabled();
  }

  rows(): Locator {
    return this.page.getByTestId("ladder-row");
  }

  step(id: string): Locator {
    return this.page.getByTestId(`step-${id}`);
  }

  /** Presses Next until the browser stands at the authorization server. */
  async nextUntilAway(): Promise<void> {
    await this.until(() => this.next.click(), () => this.isAway());
  }

  /** Presses Next until the page says that the journey is complete. */
  async nextUntilSuccess(): Promise<void> {
    await this.until(() => this.next.click(), () => this.success.isVisible());
  }

  isAway(): Promise<boolean> {
    return Promise.resolve(new URL(this.page.url()).port === new URL(authorizationServer).port);
  }

  /** Repeats a press, each time after the page has come to rest, until something is true. */
  async until(press: () => Promise<void>, done: () => Promise<boolean>): Promise<void> {
    for (let i = 0; i < 60; i += 1) {
      if (await done()) return;
      await press();
      await this.atRest();
    }
    throw new Error("the journey does not get there");
  }

  /** Waits until the page waits for a person: a button can be pressed, or the browser has left. */
  async atRest(): Promise<void> {
    await expect(async () => {
      if (await this.isAway()) return;
      const ended = (await this.success.isVisible()) || (await this.failure.isVisible());
      expect(ended || (await this.next.isEnabled())).toBe(true);
    }).toPass();
  }

  /** Waits until the browser is back from the authorization server and the page waits for a person. */
  async returned(): Promise<void> {
    await this.page.waitForURL((url) => url.port !== new URL(authorizationServer).port);
    await this.atRest();
  }
}

export const authorizationServer = "http://localhost:9100";
export const mcpServer = "http://localhost:8101/mcp";
