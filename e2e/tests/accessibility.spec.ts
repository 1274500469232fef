import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { authorizationServer } from "../lab";
import { expect, test } from "./fixtures";

const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/**
 * A row of the ladder may be lower than 24 pixels: Back, Next and the list of steps lead to the same messages
 * (WCAG 2.5.8, exception "Equivalent").
 */
const inLadder = ({ html }: { html: string }): boolean => html.includes('data-testid="ladder-row"');

/**
 * Nothing for axe to find, and nothing that is wider than the window: on a desk and on a phone. What depends on the theme is
 * the contrast.
 */
async function clean(page: Page, what: string): Promise<void> {
  for (const width of [1280, 375]) {
    await page.setViewportSize({ width, height: 720 });
    await noViolations(page, `${what}, ${width} wide`, (axe) => axe.withTags(tags));
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect.soft(overflow, `${what}: wider than ${width}`).toBeLessThanOrEqual(0);
    await page.emulateMedia({ colorScheme: "dark" });
    await noViolations(page, `${what}, ${width} wide, dark`, (axe) => axe.withRules("color-contrast"));
    await page.emulateMedia({ colorScheme: "light" });
  }
  await page.setViewportSize({ width: 1280, height: 720 });
}

async function noViolations(page: Page, what: string, choose: (axe: AxeBuilder) => AxeBuilder): Promise<void> {
  const { violations } = await choose(new AxeBuilder({ page })).analyze();
  const counting = violations.filter(({ id, nodes }) => !(id === "target-size" && nodes.every(inLadder)));
  expect.soft(counting.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`), what).toEqual([]);
}

test.describe("axe finds nothing", () => {
  test.beforeEach(async ({ page }) => {
    test.setTimeout(120_000);
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  });

  test("from the beginning to the end", async ({ lab, as, page, watch }) => {
    await lab.open();
    await clean(page, "the page at its beginning");
    await lab.card.edit.click();
    await clean(page, "a request that is changed");
    await lab.card.undoEdit.click();
    await lab.runToConsent();
    await clean(page, "the page before the consent");
    await lab.run.click();
    await expect(page.getByRole("button", { name: /^Ada\b/ })).toBeVisible();
    await clean(page, "sign-in");
    await as.signInAs("Ada");
    await clean(page, "consent");
    await as.allowAccess();
    await expect(as.scope("weather:read")).toBeVisible();
    await clean(page, "consent again");
    await as.allowMore();
    await expect(lab.success, "the page was not scrolled away from its outcome").toBeInViewport();
    await clean(page, "the page at its end");
    watch.expect(/status of 400 /);
    await page.goto(`${authorizationServer}/authorize?client_id=nobody`);
    await clean(page, "an error page");
  });

  test("each tab of a message, and each dialog", async ({ lab, as, page }) => {
    await lab.open();
    await lab.runToTheEnd(as, "Ada");
    await lab.rows(/POST \/token/).first().click();
    for (const tab of await lab.card.tabs().all()) {
      await tab.click();
      await clean(page, `the tab ${await tab.textContent()}`);
    }
    for (const id of ["break", "compare", "document", "export", "presenter", "keys"]) {
      const dialog = await lab.openDialog(id);
      await clean(page, `the dialog ${id}`);
      await page.keyboard.press("Escape");
      await expect(dialog).toBeHidden();
    }
  });

  test("an attack, and what came of it", async ({ lab, breakIt, page }) => {
    await lab.open();
    await page.getByTestId("open-break").click();
    await breakIt.entry("wrong-verifier").click();
    await clean(page, "an attack to be guessed");
    await breakIt.guess.getByRole("radio", { name: "the client" }).check();
    await breakIt.answers("With what?").first().check();
    await breakIt.doIt.click();
    await expect(breakIt.verdict).toBeVisible();
    await clean(page, "what came of an attack");
    await breakIt.lookAtRun.click();
    await expect(page.getByTestId("imported")).toBeVisible();
    await clean(page, "the run of an attack");
  });

  test("a failure, and a page without a lab", async ({ lab, as, page, watch }) => {
    watch.expect(/ERR_FAILED/);
    await lab.open();
    await lab.run.click();
    await as.signInAs("Alan");
    await as.deny().click();
    await expect(lab.failure).toBeInViewport();
    await clean(page, "a failure");
    await page.route("**/lab.json", (route) => route.abort());
    await page.goto("/");
    await expect(lab.lost).toBeVisible();
    await clean(page, "a page without a lab");
  });
});
