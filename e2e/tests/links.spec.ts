import { expect, test } from "./fixtures";

const revisions = ["2025-11-25", "2026-07-28"];
const ways = ["cimd", "pre", "dcr"];

for (const revision of revisions) {
  for (const way of ways) {
    test(`a link leads to ${revision} with ${way}, which walks to the end`, async ({ lab, as, page }) => {
      await lab.open(`#v=${revision}&reg=${way}`);
      await expect(lab.choice(revision)).toHaveAttribute("aria-pressed", "true");
      await expect(lab.choice(way)).toHaveAttribute("aria-pressed", "true");
      await lab.runToTheEnd(as, "Ada");
      await expect(lab.success).toContainText("get_weather");
      expect(new URL(page.url()).hash).toContain(`v=${revision}&reg=${way}`);
    });
  }
}

test("the switches begin another run, and the address says which", async ({ lab, page }) => {
  await lab.open();
  await lab.next.click();
  await lab.atRest();
  await expect(lab.happened()).not.toHaveCount(0);
  await lab.choice("2026-07-28").click();
  await expect(lab.happened()).toHaveCount(0);
  await lab.choice("dcr").click();
  await expect(page).toHaveURL(/#v=2026-07-28&reg=dcr$/);
  await page.reload();
  await expect(lab.choice("2026-07-28")).toHaveAttribute("aria-pressed", "true");
  await expect(lab.choice("dcr")).toHaveAttribute("aria-pressed", "true");
});

test("a link to a step looks at it where it has happened, and offers to run there where not", async ({ lab, page }) => {
  await lab.open("#v=2025-11-25&reg=cimd&step=server-metadata");
  await lab.wanted.getByRole("button", { name: "Run there" }).click();
  await expect(lab.step("server-metadata")).toHaveAttribute("data-state", "current");
  await expect(page).toHaveURL(/&step=server-metadata$/);

  await page.goto("/#v=2025-11-25&reg=cimd&step=challenge");
  await expect(lab.step("challenge")).toHaveAttribute("data-state", "current");
  await page.reload();
  await expect(lab.step("challenge")).toHaveAttribute("data-state", "current");
  await expect(lab.step("server-metadata")).toHaveAttribute("data-state", "done");
});
