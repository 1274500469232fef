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
