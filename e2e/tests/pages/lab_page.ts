import { expect, type Locator, type Page } from "@playwright/test";
import { authorizationServer } from "../../lab";
import type { AuthorizationServerPages } from "./authorization_server";
import { Card } from "./card";

/** The button that leads on, for scripts that run inside the page. */
export const mainButton = '[data-testid="next"]';

/** The page of the lab: what a person sees and presses there. */
export class LabPage {
  readonly next: Locator;
  readonly back: Locator;
  readonly run: Locator;
  readonly toConsent: Locator;
  readonly startOver: Locator;
  readonly card: Card;
  readonly ladder: Locator;
  readonly pauses: Locator;
  readonly wanted: Locator;
  readonly lost: Locator;
  readonly success: Locator;
  readonly failure: Locator;
  readonly tryAgain: Locator;

  constructor(readonly page: Page) {
    this.next = page.getByTestId("next");
    this.back = page.getByTestId("back");
    this.run = page.getByTestId("run");
    this.toConsent = page.getByTestId("run-to-consent");
    this.startOver = page.getByTestId("start-over");
    this.card = new Card(page);
    this.ladder = page.getByTestId("ladder");
    this.pauses = page.getByTestId("pauses");
    this.wanted = page.getByTestId("wanted");
    this.lost = page.getByTestId("lost");
    this.success = page.getByTestId("success");
    this.failure = page.getByTestId("failure");
    this.tryAgain = page.getByTestId("try-again");
  }

  /** Opens the page, as a link leads to it. */
  async open(hash = ""): Promise<void> {
    await this.page.goto(`/${hash}`);
    await expect(this.next).toBeEnabled();
  }

  /** The rows of the ladder whose spoken text fits: `Client to MCP server: …; answer: …`. */
  rows(name: string | RegExp = ""): Locator {
    return this.ladder.getByRole("button", { name });
  }

  /** The rows of what has happened. */
  happened(): Locator {
    return this.ladder.locator('[data-testid="ladder-row"][data-state="observed"]');
  }

  /** A choice of the two switches: a revision, or `cimd`, `pre`, `dcr`. */
  choice(id: string): Locator {
    return this.page.getByTestId(`choose-${id}`);
  }

  /** Opens a dialog: `compare`, `document`, `export`, `presenter`, `keys`. */
  async openDialog(id: string): Promise<Locator> {
    await this.page.getByTestId(`open-${id}`).click();
    const dialog = this.page.getByRole("dialog");
    await expect(dialog).toBeVisible();
    return dialog;
  }

  /** What can be done once every call is answered: `refresh`, `reuse`, `expire`, … */
  /** Presses Next until the page says what came of the run, and what can be done now. */
  async toWhatCameOfIt(): Promise<void> {
    await this.until(() => this.next.click(), () => this.page.getByTestId("afterwards").isVisible());
  }

  deed(id: string): Locator {
    return this.page.getByTestId(`deed-${id}`);
  }

  /** A whole run in a browser that is not signed in, as somebody who allows everything. */
  async runToTheEnd(as: AuthorizationServerPages, person: string): Promise<void> {
    await this.run.click();
    await as.signInAs(person);
    await this.allowTwice(as);
  }

  /** The rest of a run at whose first consent the browser stands. */
  async allowTwice(as: AuthorizationServerPages): Promise<void> {
    await as.allowAccess();
    await as.allowMore();
    await expect(this.success).toBeVisible();
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
