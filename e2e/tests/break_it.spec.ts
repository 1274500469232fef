import { expect, test } from "./fixtures";

test("by keyboard alone: guessed, done for real, looked at, and back to one's own run", async ({ lab, as, breakIt, page }) => {
  test.setTimeout(60_000);
  await lab.open("#v=2026-07-28&reg=dcr");
  await lab.runToTheEnd(as, "Ada");
  await lab.rows(/tools\/call get_weather/).first().click();
  const ownRows = await lab.ladder.innerText();
  const ownAddress = page.url();

  await page.keyboard.press("b");
  await expect(breakIt.score).toHaveText(/^Tried 0 of \d+; guessed right 0\.$/);
  await breakIt.walkTo(breakIt.entry("wrong-verifier"));
  await page.keyboard.press("Enter");
  await expect(breakIt.title).toBeFocused();
  await expect(breakIt.text("story")).toContainText("reads the code");
  await breakIt.choose("Who will refuse?", "the authorization server");
  await breakIt.choose("With what?", "400 invalid_grant");
  await breakIt.tabTo(breakIt.doIt);
  await page.keyboard.press("Enter");
  await expect(breakIt.verdict).toBeFocused();
  await expect(breakIt.verdict).toHaveText("Refused, as it must be.");
  await expect(breakIt.dialog.getByTestId("told")).toContainText("400 invalid_grant");
  await expect(breakIt.judged).toContainText("You guessed right");
  await expect(breakIt.tampered.locator("del")).toContainText("code_verifier=");
  await expect(breakIt.tampered.locator("ins")).toContainText("code_verifier=");
  await expect(breakIt.findings.getByRole("listitem").last()).toContainText("VerifierMismatch");
  await expect(breakIt.text("cost")).not.toBeEmpty();
  await expect(breakIt.text("remedy")).not.toBeEmpty();

  await breakIt.tabTo(breakIt.lookAtRun);
  await page.keyboard.press("Enter");
  await expect(breakIt.dialog).toBeHidden();
  await expect(page.getByTestId("imported")).toContainText("the run of the attack");
  const broken = lab.rows(/POST \/token.*400/);
  await expect(broken).toHaveAttribute("aria-current", "true");
  await expect(lab.choice("cimd")).toHaveAttribute("aria-pressed", "true");
  await lab.card.open("checks");
  await expect(lab.card.serverFindings).toContainText("VerifierMismatch");

  await page.getByTestId("back-to-attack").focus();
  await page.keyboard.press("Enter");
  await expect(breakIt.verdict).toBeVisible();
  await page.keyboard.press("Escape");
  await page.getByTestId("back-to-own").focus();
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("imported")).toBeHidden();
  await expect(lab.choice("dcr")).toHaveAttribute("aria-pressed", "true");
  expect(await lab.ladder.innerText(), "as it was left").toBe(ownRows);
  expect(page.url()).toBe(ownAddress);
  await expect(lab.rows(/tools\/call get_weather/).first()).toHaveAttribute("aria-current", "true");
});

test("the card of a step offers its attacks", async ({ lab, as, breakIt, page }) => {
  await lab.open();
  await lab.runToTheEnd(as, "Ada");
  await lab.rows(/POST \/token/).first().click();
  const offers = lab.card.breaks.getByRole("button");
  expect(await offers.count()).toBeGreaterThan(1);
  await lab.card.breaks.getByRole("button", { name: "Try: A stolen code, without its verifier" }).click();
  await expect(breakIt.title).toHaveText("A stolen code, without its verifier");
  await breakIt.toCatalogue.click();
  await expect(breakIt.entry("wrong-verifier")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(breakIt.dialog).toBeHidden();
});

test("the catalogue is filtered by step and by place", async ({ lab, breakIt, page }) => {
  await lab.open();
  await page.getByTestId("open-break").click();
  const all = await breakIt.entries.count();
  await breakIt.dialog.getByTestId("filter-step").selectOption("code-exchange");
  await expect(breakIt.entry("wrong-verifier")).toBeVisible();
  await expect(breakIt.entry("no-challenge")).toBeHidden();
  await breakIt.dialog.getByTestId("filter-party").selectOption("MCP server");
  await expect(breakIt.entries).toHaveCount(0);
  await breakIt.dialog.getByTestId("filter-step").selectOption("");
  await expect(breakIt.entries).not.toHaveCount(0);
  await expect(breakIt.entries).not.toHaveCount(all);
});

test("a guess is asked for, judged once, and kept", async ({ lab, breakIt, page }) => {
  await lab.open();
  await page.getByTestId("open-break").click();
  await breakIt.entry("no-challenge").click();
  await breakIt.doIt.click();
  await expect(breakIt.answers("Who will refuse?").first(), "the browser asks for an answer").toBeFocused();
  await breakIt.guess.getByRole("radio", { name: "nobody" }).check();
  await breakIt.doIt.click();
  await expect(breakIt.judged).toContainText("Not what you guessed");
  await breakIt.toCatalogue.click();
  await expect(breakIt.entry("no-challenge")).toBeFocused();
  await expect(breakIt.score).toContainText("Tried 1 of");

  await page.reload();
  await page.getByTestId("open-break").click();
  await expect(breakIt.score).toContainText("Tried 1 of");
  await expect(breakIt.score).toContainText("guessed right 0");
  await expect(breakIt.entry("no-challenge")).toContainText("refused");
  await breakIt.entry("no-challenge").click();
  await expect(breakIt.guess).toBeHidden();
  await expect(breakIt.text("remedy"), "who has tried it knows what there is to learn").toBeVisible();
  await breakIt.doIt.click();
  await expect(breakIt.verdict).toHaveText("Refused, as it must be.");
});

test("a link leads to an attack", async ({ lab, breakIt, page }) => {
  await page.goto("/#break=redirect-slash");
  await expect(breakIt.title).toHaveText("redirect_uri with one slash more");
  await page.keyboard.press("Escape");
  await expect(breakIt.dialog).toBeHidden();
  await expect(lab.next).toBeEnabled();
});

test("a lab that has ended is told", async ({ lab, breakIt, page, watch }) => {
  watch.expect(/ERR_FAILED/);
  await lab.open();
  await page.getByTestId("open-break").click();
  await breakIt.entry("wrong-verifier").click();
  await page.route("**/lab/attacks/*", (route) => route.abort());
  await breakIt.dialog.getByTestId("do-it-without-guess").click();
  await expect(breakIt.dialog.getByRole("alert")).toContainText("Is it still running?");
  await expect(breakIt.guess).toBeVisible();
});

test("every attack can be opened by keyboard, and has its texts", async ({ lab, breakIt, page }) => {
  test.setTimeout(180_000);
  await lab.open();
  await page.keyboard.press("b");
  await breakIt.walkTo(breakIt.entries.first());
  const count = await breakIt.entries.count();
  expect(count).toBeGreaterThanOrEqual(40);
  for (let i = 0; i < count; i += 1) {
    const entry = breakIt.entries.nth(i);
    await expect(entry).toBeFocused();
    const title = await entry.locator("b").innerText();
    await page.keyboard.press("Enter");
    await expect(breakIt.title).toBeFocused();
    await expect(breakIt.title).toHaveText(title);
    for (const text of ["story", "change"]) await expect(breakIt.text(text), title).toHaveText(/\.$/);
    expect(await breakIt.answers("With what?").count(), title).toBeGreaterThanOrEqual(3);
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Shift+Tab");
    await expect(breakIt.toCatalogue).toBeFocused();
    await page.keyboard.press("Enter");
    await expect(entry).toBeFocused();
    await page.keyboard.press("ArrowDown");
  }
});
