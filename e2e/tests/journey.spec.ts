import { authorizationServer } from "../lab";
import { expect, test } from "./fixtures";
import { countClicks } from "./clicks";
import { walkByKeyboard } from "./keyboard";
import { steps } from "./steps";

// Req: CL-01, CL-15, CL-25, CL-26, CL-35, CL-40, CL-44
test("the whole walk by clicks, one message at a time", async ({ lab, as, page }) => {
  await lab.open();
  await lab.nextUntilAway();
  // No other test allows anything as Alan: only so is the second scope new.
  await as.signInAs("Alan");
  await expect(as.scope("mcp:connect")).toBeChecked();
  await as.allowAccess();
  await lab.returned();
  expect(page.url(), "no code in the address bar").not.toContain("code=");

  await lab.nextUntilAway();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("more access");
  await expect(page.getByText("new", { exact: true })).toBeVisible();
  await as.allowMore();
  await lab.returned();

  await lab.nextUntilSuccess();
  await expect(lab.success).toContainText("get_weather");
  for (const step of steps) await expect(lab.step(step), step).toHaveAttribute("data-state", /done|current/);
});

test("run to the end: three clicks to whoami, one more for the step-up", async ({ lab, as, page }) => {
  const clicks = await countClicks(page);
  await lab.open();
  await lab.run.click();
  await as.signInAs("Grace");
  await as.allowAccess();
  await expect(as.scope("weather:read")).toBeVisible();
  expect(clicks()).toBe(3);
  // The first token is used at once, and the refused call leads straight to the second consent.
  await as.allowMore();
  await expect(lab.success).toBeVisible();
  expect(clicks()).toBe(4);
});

test("the same walk by keyboard alone", async ({ lab, as, page }) => {
  await walkByKeyboard(page, lab, as);
});

test("going back in time sends nothing", async ({ lab, page }) => {
  await lab.open();
  for (let i = 0; i < 3; i += 1) {
    await lab.next.click();
    await lab.atRest();
  }
  const title = await lab.card.title.textContent();
  const sent: string[] = [];
  page.on("request", (request) => {
    // The browser itself may look at the page's icon again whenever the address bar changes.
    if (request.resourceType() !== "other") sent.push(request.url());
  });
  await lab.back.click();
  await expect(lab.card.title).not.toHaveText(title ?? "");
  await lab.next.click();
  await expect(lab.card.title).toHaveText(title ?? "");
  expect(sent).toEqual([]);
});

test("consent denied is an outcome, and starting over works", async ({ lab, as }) => {
  await lab.open();
  await lab.run.click();
  await as.signInAs("Alan");
  await as.deny().click();
  await expect(lab.failure).toContainText("access_denied");
  await lab.startOver.click();
  await expect(lab.next).toBeEnabled();
  await expect(lab.failure).toBeHidden();
});

test("who says no to more goes on with the token from before", async ({ lab, as }) => {
  await lab.open();
  await lab.run.click();
  await as.signInAs("Ada");
  await as.allowAccess();
  await expect(as.scope("weather:read")).toBeVisible();
  await as.deny().click();
  await expect(lab.success).toContainText("You said no");
  await expect(lab.success).toContainText("get_weather: was not called");
  await lab.deed("whoami").click();
  await expect(lab.rows(/tools\/call whoami; answer: 200/)).toHaveCount(2);
  await lab.toWhatCameOfIt();
  await lab.deed("weather").click();
  await expect(lab.rows(/tools\/call get_weather; answer: 403/)).toHaveCount(2);
  await lab.run.click();
  await as.allowMore();
  await expect(lab.rows(/get_weather, again with the new token; answer: 200/), "asked again, one may change one's mind").toBeVisible();
});

test("reload in mid-flow: before, during and after the consent", async ({ lab, as, page }) => {
  await lab.open();
  await lab.next.click();
  await lab.atRest();
  const rows = await lab.happened().count();
  await page.reload();
  await expect(lab.happened()).toHaveCount(rows);

  await lab.nextUntilAway();
  await page.goto("/");
  await expect(lab.next).toBeEnabled();
  // What the authorization server has seen meanwhile is looked at first.
  await lab.nextUntilAway();
  await as.signInAs("Ada");
  await as.allowAccess();
  await lab.returned();
  await page.reload();
  await lab.nextUntilAway();
  await as.allowMore();
  await lab.returned();
  await lab.nextUntilSuccess();
});

test("the browser's own Back leads from the consent to a page that still works", async ({ lab, as, page }) => {
  await lab.open();
  await lab.run.click();
  await expect(page.getByRole("button", { name: /^Ada\b/ })).toBeVisible();
  await page.goBack();
  await lab.nextUntilAway();
  await as.signInAs("Ada");
  await as.allowAccess();
  await lab.returned();
  await lab.nextUntilAway();
});

// Req: CL-29, X-34, H07
test("a callback that nobody asked for is refused in words", async ({ lab, page }) => {
  await page.goto("/callback?code=stolen&state=guessed");
  await expect(page.getByRole("alert").or(lab.failure)).toBeVisible();
  expect(page.url()).not.toContain("stolen");
});

// Req: H08
test("what a server says about an error is text, not markup", async ({ lab, page }) => {
  await lab.open();
  await lab.run.click();
  await expect(page.getByRole("button", { name: /^Ada\b/ })).toBeVisible();
  const iss = encodeURIComponent(authorizationServer);
  await page.goto(`/callback?error=<img src=x onerror=alert(1)>&iss=${iss}&state=x`);
  await expect(lab.failure).toBeVisible();
  await expect(page.locator("img[src=x]")).toHaveCount(0);
});
