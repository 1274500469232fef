import { expect, type Locator, type Page } from "@playwright/test";

/** The dialog with the catalogue of attacks: what a person sees and presses there. */
export class BreakIt {
  readonly dialog: Locator;
  readonly score: Locator;
  readonly entries: Locator;
  readonly title: Locator;
  readonly guess: Locator;
  readonly doIt: Locator;
  readonly verdict: Locator;
  readonly judged: Locator;
  readonly tampered: Locator;
  readonly findings: Locator;
  readonly lookAtRun: Locator;
  readonly toCatalogue: Locator;

  constructor(readonly page: Page) {
    this.dialog = page.locator("dialog#break");
    this.score = this.dialog.getByTestId("score");
    this.entries = this.dialog.locator(".entries").getByRole("button");
    this.title = this.dialog.getByRole("heading", { level: 3 });
    this.guess = this.dialog.getByTestId("guess");
    this.doIt = this.dialog.getByTestId("do-it");
    this.verdict = this.dialog.getByTestId("verdict");
    this.judged = this.dialog.getByTestId("judged");
    this.tampered = this.dialog.getByTestId("tampered");
    this.findings = this.dialog.getByTestId("server-findings");
    this.lookAtRun = this.dialog.getByTestId("look-at-run");
    this.toCatalogue = this.dialog.getByTestId("to-catalogue");
  }

  entry(id: string): Locator {
    return this.dialog.getByTestId(`attack-${id}`);
  }

  /** A text of the attack that is opened: `story`, `change`, `cost`, `remedy`. */
  text(id: string): Locator {
    return this.dialog.getByTestId(id);
  }

  /** The answers that are offered to one of the two questions. */
  answers(question: "Who will refuse?" | "With what?"): Locator {
    return this.guess.getByRole("group", { name: question }).getByRole("radio");
  }

  /** Moves the focus to an entry of the list, with Tab to the list and with the arrows in it. */
  async walkTo(entry: Locator): Promise<void> {
    const focused = this.entries.and(this.page.locator(":focus"));
    for (let i = 0; (await focused.count()) === 0 && i < 10; i += 1) await this.page.keyboard.press("Tab");
    const count = await this.entries.count();
    for (let i = 0; i < count; i += 1) {
      if ((await entry.and(this.page.locator(":focus")).count()) === 1) return;
      await this.page.keyboard.press("ArrowDown");
    }
    await expect(entry).toBeFocused();
  }

  /** Moves the focus to a control with Tab. */
  async tabTo(control: Locator): Promise<void> {
    const focused = control.and(this.page.locator(":focus"));
    for (let i = 0; (await focused.count()) === 0 && i < 40; i += 1) await this.page.keyboard.press("Tab");
    await expect(control).toBeFocused();
  }

  /** Chooses an answer without a mouse: Tab to the question, then the arrows. */
  async choose(question: "Who will refuse?" | "With what?", name: string): Promise<void> {
    const answers = this.answers(question);
    const focused = answers.and(this.page.locator(":focus"));
    for (let i = 0; (await focused.count()) === 0 && i < 40; i += 1) await this.page.keyboard.press("Tab");
    await this.page.keyboard.press("Space");
    const wanted = this.guess.getByRole("group", { name: question }).getByRole("radio", { name, exact: true });
    for (let i = 0; !(await wanted.isChecked()) && i < 10; i += 1) await this.page.keyboard.press("ArrowDown");
    await expect(wanted).toBeChecked();
  }
}
