import { expect, type Locator, type Page } from "@playwright/test";
import { authorizationServer } from "../../lab";

/** The button that leads on, for scripts that run inside the page. */
export const mainButton = '[data-testid="next"]';

/** The page of the lab: what a person sees and presses there. */
export class LabPage {
  readonly next: Locator;
  readonly back: Locator;
  readonly run: Locator;
  readonly toConsent: Locator;
  readonly startOver: Locator;
  readonly card: Locator;
  readonly success: Locator;
  readonly failure: Locator;

  constructor(readonly page: Page) {
    this.next = page.getByTestId("next");
    this.back = page.getByTestId("back");
    this.run = page.getByTestId("run");
    this.toConsent = page.getByTestId("run-to-consent");
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

  /** Runs up to the moment at which the browser would leave for the authorization server. */
  async runToConsent(): Promise<void> {
    await this.toConsent.click();
    await this.atRest();
  }

  isAway(): Promise<boolean> {
    return Promise.resolve(new URL(this.page.url()).origin === authorizationServer);
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

  /** Waits until something waits for a person: the main button, an ending, or a form of the authorization server. */
  async atRest(): Promise<void> {
    const waiting = this.next.and(this.page.locator(":enabled")).or(this.success).or(this.failure);
    await expect(waiting.or(this.page.locator("form[method=post]")).first()).toBeVisible();
  }

  /** Waits until the browser is back from the authorization server and the page waits for a person. */
  async returned(): Promise<void> {
    await this.page.waitForURL((url) => url.origin !== authorizationServer);
    await this.atRest();
  }
}
