import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "./fixtures";
import { authorizationServer } from "../lab";

const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/**
 * A row of the ladder may be lower than 24 pixels: Back, Next and the list of steps lead to the same messages
 * (WCAG 2.5.8, exception "Equivalent").
 */
const inLadder = ({ html }: { html: string }): boolean => html.includes('data-testid="ladder-row"');

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [1280, 375]) {
    test(`axe finds nothing: ${colorScheme}, ${width} wide`, async ({ lab, as, page, watch }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 720 });
      const clean = async (what: string) => {
        const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
        const counting = violations.filter(({ id, nodes }) => !(id === "target-size" && nodes.every(inLadder)));
        expect(counting.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`), what).toEqual([]);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
        expect(overflow, `${what}: wider than the window`).toBe(false);
      };
      await lab.open();
      await clean("the page at its beginning");
      await lab.run.click();
      await expect(page.getByRole("button", { name: /^Ada\b/ })).toBeVisible();
      await clean("sign-in");
      await as.signInAs("Ada");
      await clean("consent");
      await as.allowAccess();
      await expect(as.scope("weather:read")).toBeVisible();
      await clean("consent again");
      await as.allowMore();
      await expect(lab.success, "the page was not scrolled away from its outcome").toBeInViewport();
      await clean("the page at its end");
      watch.expect(/status of 400 /);
      await page.goto(`${authorizationServer}/authorize?client_id=nobody`);
      await clean("an error page");
    });
  }
}
