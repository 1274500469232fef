import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";

for (const [width, height] of [[375, 812], [768, 1024], [1280, 720], [1920, 1080], [3840, 2160]] as const) {
  test(`${width}×${height}: nothing is wider than the window, and the main button is in sight`, async ({ lab, as, page }) => {
    await page.setViewportSize({ width, height });
    const fits = async (what: string) => {
      await expect(lab.next, what).toBeInViewport({ ratio: 1 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth), what).toBeLessThanOrEqual(width);
    };
    await lab.open();
    await fits("at the beginning");
    await lab.runToConsent();
    await fits("before the consent");
    await lab.runToTheEnd(as, "Ada");
    await fits("at the end");
    await lab.rows(/POST \/token/).first().click();
    for (const tab of await lab.card.tabs().all()) {
      await tab.click();
      await fits(`the tab ${await tab.textContent()}`);
    }
  });
}

test("on a large screen type is large, and the rows fill the height", async ({ lab, as, page }) => {
  await page.setViewportSize({ width: 3840, height: 2160 });
  await lab.open();
  await lab.runToTheEnd(as, "Ada");
  const ladder = (await lab.ladder.boundingBox())!;
  const last = (await lab.happened().last().boundingBox())!;
  expect(last.y + last.height).toBeGreaterThan(ladder.y + 0.8 * ladder.height);
  const { height } = (await lab.card.title.boundingBox())!;
  expect(height).toBeGreaterThan(26);
});

test("the focus is visible at each stop of the Tab key", async ({ lab, page }) => {
  await lab.open();
  await lab.next.click();
  await lab.atRest();
  await page.reload(); // so that the keyboard begins at the top
  await expect(lab.next).toBeEnabled();
  const stops = new Set<string>();
  for (let i = 0; i < 120; i += 1) {
    await page.keyboard.press("Tab");
    const stop = await focused(page);
    // Once around: the browser's own controls are next.
    if (!stop || stops.has(stop.name)) break;
    stops.add(stop.name);
    expect.soft(stop.outlined, `an outline around ${stop.name}`).toBe(true);
    expect.soft(stop.inSight, `${stop.name} is in sight`).toBe(true);
  }
  expect(stops.size).toBeGreaterThan(15);
});

test("who wants little motion sees none", async ({ lab, page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await lab.open();
  await page.evaluate(() => {
    const moved: string[] = [];
    Object.assign(window, { moved });
    const note = ({ type, target }: Event) => moved.push(`${type} ${(target as Element).outerHTML.slice(0, 80)}`);
    document.addEventListener("animationstart", note, true);
    document.addEventListener("transitionrun", note, true);
  });
  await lab.next.click();
  await lab.atRest();
  await lab.runToConsent();
  const keys = await lab.openDialog("keys");
  await page.keyboard.press("Escape");
  await expect(keys).toBeHidden();
  const { moved, running } = await page.evaluate(() => ({
    moved: (window as unknown as { moved: string[] }).moved,
    running: document.getAnimations().length,
  }));
  expect(moved).toEqual([]);
  expect(running).toBe(0);
});

test("with forced colours the current row, the arrows and the main button can still be told", async ({ lab, page }) => {
  await page.emulateMedia({ forcedColors: "active" });
  await lab.open();
  await lab.runToConsent();
  const current = lab.ladder.locator('[aria-current="true"]');
  await expect(current).toHaveCount(1);
  const border = await lab.next.evaluate((button) => getComputedStyle(button).borderStyle);
  expect(border).not.toBe("none");
  // An arrow that is drawn by a background colour alone would be gone.
  const arrow = lab.ladder.locator(".arrow").first();
  const { background, borders, page: canvas } = await arrow.evaluate((arrow) => {
    const style = getComputedStyle(arrow);
    return { background: style.backgroundColor, borders: style.borderTopStyle, page: getComputedStyle(document.body).backgroundColor };
  });
  expect(borders !== "none" || background !== canvas).toBe(true);
});

/** What has the focus; undefined where the page has not. */
function focused(page: Page): Promise<{ name: string; outlined: boolean; inSight: boolean } | undefined> {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return undefined;
    const style = getComputedStyle(element);
    const { top, bottom, left, right } = element.getBoundingClientRect();
    const index = [...document.querySelectorAll("*")].indexOf(element);
    return {
      name: `${index} ${element.outerHTML.slice(0, 100)}`,
      outlined: style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) >= 2,
      inSight: bottom > 0 && top < window.innerHeight && right > 0 && left < window.innerWidth,
    };
  });
}
