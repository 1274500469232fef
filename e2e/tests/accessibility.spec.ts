import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "./fixtures";

const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [1280, 375]) {
    test(`axe finds nothing: ${colorScheme}, ${width} wide`, async ({ lab, as, page }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 720 });
      const clean = async (what: string) => {
        const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`), what).toEqual([]);
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
      await as.allow().click();
      await expect(as.allow()).toBeVisible();
      await clean("consent again");
      await as.allow().click();
      await expect(lab.success).toBeVisible();
      await clean("the page at its end");
      await page.goto("http://localhost:9100/authorize?client_id=nobody");
      await clean("an error page");
    });
  }
}
