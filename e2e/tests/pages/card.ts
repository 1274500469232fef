import type { Locator, Page } from "@playwright/test";

/** The card of the chosen message, or of the request that comes next. */
export class Card {
  readonly root: Locator;
  readonly title: Locator;
  readonly what: Locator;
  readonly noText: Locator;
  readonly panel: Locator;
  readonly clientChecks: Locator;
  readonly serverFindings: Locator;
  readonly edit: Locator;
  readonly undoEdit: Locator;
  /** What to know about a changed request before it goes. */
  readonly hint: Locator;
  /** What would break without the step's rules. */
  readonly breaks: Locator;

  constructor(page: Page) {
    this.root = page.getByTestId("card");
    this.title = this.root.getByRole("heading").first();
    this.what = this.root.locator(".what").first();
    this.noText = this.root.getByTestId("no-text");
    this.panel = this.root.getByTestId("panel");
    this.clientChecks = this.root.getByTestId("client-checks");
    this.serverFindings = this.root.getByTestId("server-findings");
    this.edit = this.root.getByTestId("edit-request");
    this.undoEdit = this.root.getByTestId("undo-edit");
    this.hint = this.root.getByTestId("edit-hint");
    this.breaks = this.root.getByTestId("breaks");
  }

  tabs(): Locator {
    return this.root.getByRole("tab");
  }

  /** Opens a tab: `request`, `response`, `decoded`, `checks`, `code`, `rule`. */
  async open(tab: string): Promise<void> {
    await this.root.getByTestId(`tab-${tab}`).click();
  }

  /** A field of the request that comes next: a header, a parameter, `address` or `body`. */
  field(name: string): Locator {
    return this.root.getByTestId(`edit-${name}`);
  }
}
