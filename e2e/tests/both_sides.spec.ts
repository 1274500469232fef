import { expect, test } from "./fixtures";

test("a run shows what the browser and the servers did, too, and fits one screen", async ({ lab, as, page }) => {
  await page.setViewportSize({ width: 1280, height: 720 });
  await lab.open();
  await lab.runToTheEnd(as, "Ada");
  // The browser's own hops, and the servers' questions to each other.
  for (const row of [
    /^You to Authorization server: the browser goes to \/authorize; answer: 303/,
    /^You to Authorization server: signs in as ada; answer: 303/,
    /^You to Authorization server: allows mcp:connect; answer: 303/,
    /^You to Authorization server: allows mcp:connect weather:read; answer: 303/,
    /^You to Client: the browser comes back/,
    /^MCP server to Authorization server: POST \/introspect; answer: 200/,
  ]) {
    await expect(lab.rows(row).first(), `${row}`).toBeEnabled();
  }
  await expect(lab.ladder.locator('[data-state="planned"]'), "nothing of the plan is left").toHaveCount(0);
  const { scrollHeight, clientHeight } = await lab.ladder.evaluate(({ scrollHeight, clientHeight }) => ({ scrollHeight, clientHeight }));
  expect(scrollHeight, "the whole run without scrolling").toBeLessThanOrEqual(clientHeight);
  await expect(lab.rows(/get_weather, again/)).toBeInViewport({ ratio: 1 });
});

test("the authorization server tells what it checked, and fetches a document once a minute", async ({ lab, as }) => {
  await lab.open();
  await lab.runToTheEnd(as, "Ada");
  const seen: string[] = [];
  for (const visit of await lab.rows(/the browser goes to \/authorize/).all()) {
    await visit.click();
    await lab.card.open("checks");
    await expect(lab.card.serverFindings).toContainText("redirect_uri");
    seen.push((await lab.card.serverFindings.textContent()) ?? "");
  }
  // It may be there from an earlier run: but of two visits within seconds, one at least finds it there.
  expect(seen).toHaveLength(2);
  expect(seen.join()).toContain("Had the client's metadata document already");
  await lab.rows(/POST \/token/).first().click();
  await lab.card.open("checks");
  await expect(lab.card.clientChecks).toBeVisible();
  await expect(lab.card.serverFindings).toContainText("code_verifier");
});

test("the MCP server tells how it judged the token", async ({ lab, as }) => {
  await lab.open();
  await lab.runToTheEnd(as, "Ada");
  await lab.rows(/initialize, with the token/).click();
  await lab.card.open("checks");
  for (const claim of ["kid", "signature", "iss", "aud", "exp"]) await expect(lab.card.serverFindings).toContainText(claim);
  await lab.rows(/tools\/call whoami/).click();
  await lab.card.open("checks");
  await expect(lab.card.serverFindings).toContainText("one with a row of scopes");
  await lab.rows(/tools\/call get_weather; answer: 403/).click();
  await lab.card.open("checks");
  await expect(lab.card.serverFindings).toContainText("Refused");
});

test("secrets are masked on both sides until they are asked for", async ({ lab, as, page }) => {
  await lab.open();
  const tokens: string[] = [];
  page.on("request", (request) => {
    const { authorization } = request.headers();
    if (authorization) tokens.push(authorization.replace("Bearer ", ""));
  });
  await lab.runToTheEnd(as, "Ada");
  await lab.rows(/tools\/call whoami/).click();
  const [token] = tokens as [string];
  await expect(lab.card.root).toContainText("tools/call whoami");
  expect(await page.content()).not.toContain(token);
  await page.keyboard.press("s");
  await expect(lab.card.panel).toContainText(token.slice(-20));
});
