import { mcpServer } from "../lab";
import { expect, test } from "./fixtures";

test("a page without its lab says how to start it", async ({ lab, page, watch }) => {
  watch.expect(/ERR_FAILED/);
  await page.route("**/lab.json", (route) => route.abort());
  await page.goto("/");
  await expect(lab.lost).toContainText("just demo");
  await page.unroute("**/lab.json");
  await lab.lost.getByRole("button").click();
  await expect(lab.next).toBeEnabled();
});

test("a text that does not come is asked for again", async ({ lab, page, watch }) => {
  watch.expect(/ERR_FAILED/);
  await page.route("**/lessons/**", (route) => route.abort());
  await lab.open();
  await expect(lab.card.noText).toContainText("could not be fetched");
  await expect(lab.card.title, "the rest of the page is there").toHaveText("The 401 challenge");
  await page.unroute("**/lessons/**");
  await lab.card.noText.getByRole("button", { name: "Try again" }).click();
  await expect(lab.card.what).not.toBeEmpty();
  await expect(lab.card.noText).toBeHidden();
});

test("a server that is gone: the first hop that failed, and what to do", async ({ lab, page, watch }) => {
  watch.expect(/ERR_CONNECTION_REFUSED/);
  await lab.open();
  await lab.next.click();
  await lab.atRest();
  await page.route("**/.well-known/oauth-protected-resource/**", (route) => route.abort("connectionrefused"));
  await lab.run.click();
  await expect(lab.failure).toContainText("Resource metadata");
  await expect(lab.failure).toContainText("just demo");
});

test("a server that was away: the same request goes again, and the run goes on", async ({ lab, as, page, watch }) => {
  watch.expect(/ERR_CONNECTION_REFUSED/);
  await lab.open();
  await page.route(/\/token$/, (route) => route.abort("connectionrefused"));
  await lab.run.click();
  await as.signInAs("Ada");
  await as.allowAccess();
  await expect(lab.failure).toContainText("no answer");
  // Still away, and after a reload too.
  await lab.tryAgain.click();
  await expect(lab.failure).toBeVisible();
  await page.reload();
  await expect(lab.failure).toContainText("try again");
  await expect(lab.next).toContainText("send POST /token");
  await page.unroute(/\/token$/);
  await lab.next.click();
  await expect(lab.step("code-exchange")).toHaveAttribute("data-state", "current");
  await expect(lab.failure).toBeHidden();
  await expect(lab.rows(/POST \/token.*answer: no answer/)).toHaveCount(2);
  await lab.run.click();
  await as.allowMore();
  await expect(lab.success).toBeVisible();
});

for (const { where, address, blocked, says } of [
  { where: "elsewhere", address: "https://example.com/mcp", blocked: /Content Security Policy/, says: "This page talks to this machine only" },
  { where: "where nobody listens", address: "http://localhost:1/mcp", blocked: /ERR_UNSAFE_PORT/, says: /Nobody listens there.*undo the change/ },
]) {
  test(`a request that the reader sends ${where}: why it got no answer, and the way back`, async ({ lab, watch }) => {
    watch.expect(blocked);
    await lab.open();
    await lab.card.edit.click();
    await expect(lab.card.hint).toBeHidden();
    await lab.card.field("address").fill(address);
    await expect(lab.card.hint).toHaveCount(where === "elsewhere" ? 1 : 0);
    await lab.next.click();
    await expect(lab.failure).toContainText(says);
    await expect(lab.failure).not.toContainText("just demo");
    await expect(lab.card.root).toContainText("You changed this request before it went.");
    await lab.tryAgain.click();
    await expect(lab.failure).toBeHidden();
    await expect(lab.rows(/initialize, without a token; answer: no answer; you changed this request/)).toHaveCount(1);
    await expect(lab.rows(/initialize, without a token; answer: 401/)).toHaveCount(1);
    await expect(lab.card.root).not.toContainText("You changed this request");
  });
}

test("a browser that keeps nothing: the page does not leave, and says why", async ({ lab, as, page }) => {
  await page.addInitScript(() => {
    const setItem = Storage.prototype.setItem;
    Storage.prototype.setItem = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
    Object.assign(window, { empty: () => Object.assign(Storage.prototype, { setItem }) });
  });
  await lab.open();
  await lab.run.click();
  const notice = page.getByRole("alert").filter({ hasText: "storage is full or forbidden" });
  await expect(notice).toBeVisible();
  await expect(lab.next).toContainText("go to the authorization server");
  await lab.next.click();
  await expect(notice).toBeVisible();
  expect(await lab.isAway()).toBe(false);
  await page.evaluate(() => (window as unknown as { empty: () => void }).empty());
  await lab.next.click();
  await as.signInAs("Ada");
  await as.allowAccess();
  await lab.returned();
  await expect(lab.happened().filter({ hasText: "goes to /authorize" })).toHaveCount(1);
  await expect(lab.failure).toBeHidden();
});

test("a page whose program is not to be had says what to do", async ({ page, watch }) => {
  watch.expect(/404/);
  await page.route(/\.js$/, (route) => route.fulfill({ status: 404 }));
  await page.goto("/");
  await expect(page.getByRole("status")).toContainText("./just demo");
});

// Req: CL-03
test("metadata that names another resource: the rule, what was expected and what was found", async ({ lab, page }) => {
  await page.route("**/.well-known/oauth-protected-resource/**", async (route) => {
    const response = await route.fetch();
    const metadata = { ...((await response.json()) as object), resource: "http://localhost:1/other" };
    await route.fulfill({ response, json: metadata });
  });
  await lab.open();
  await lab.run.click();
  await expect(lab.failure).toContainText("http://localhost:1/other");
  await expect(lab.failure).toContainText(mcpServer);
  await expect(lab.failure.getByRole("link")).toContainText("RFC 9728");
  await expect(lab.next).toBeDisabled();
});
