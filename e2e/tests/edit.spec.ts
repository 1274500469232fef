import { expect, test } from "./fixtures";

test("a field is changed before it goes, the changed request is what is sent, and the server's refusal names its rule", async ({ lab, as, page, watch }) => {
  watch.expect(/status of 400 /);
  await lab.open();
  await lab.pauses.check();
  await lab.until(() => lab.next.click(), () => lab.isAway());
  await as.signInAs("Ada");
  await as.allowAccess();
  await lab.returned();
  const asks = async () => (await lab.card.field("code_verifier").isVisible()) || (await lab.card.edit.isVisible());
  await lab.until(() => lab.next.click(), async () => (await lab.card.title.textContent()) === "Code exchange" && (await asks()));
  await lab.card.edit.click();
  const verifier = "x".repeat(43);
  await lab.card.field("code_verifier").fill(verifier);
  const sent = page.waitForRequest((request) => request.url().endsWith("/token"));
  await lab.next.click();
  expect(new URLSearchParams((await sent).postData() ?? "").get("code_verifier")).toBe(verifier);
  await expect(lab.failure).toContainText("changed this request");
  await lab.card.open("checks");
  await expect(lab.card.serverFindings).toContainText("VerifierMismatch");
  await expect(lab.card.serverFindings).toContainText("RFC 7636");
});

test("a changed request can be put back before it goes", async ({ lab, page }) => {
  await lab.open();
  await lab.pauses.check();
  await lab.card.edit.click();
  const accept = lab.card.field("accept");
  const own = await accept.inputValue();
  await accept.fill("text/html");
  await lab.card.undoEdit.click();
  const sent = page.waitForRequest((request) => request.url().endsWith("/mcp"));
  await lab.next.click();
  expect((await sent).headers().accept).toBe(own);
});

test("a header that no page can set is not sent, and that is said where it is typed", async ({ lab, page }) => {
  await lab.open();
  await lab.card.edit.click();
  await page.getByRole("button", { name: "Add to: Headers" }).click();
  const fields = page.getByTestId("fields");
  await fields.getByLabel("Name of new field").fill("Origin");
  await fields.getByLabel("Value of Origin").fill("http://evil.example");
  await expect(fields.getByRole("status")).toContainText("A browser does not let a page set this header");
  await lab.next.click();
  await lab.atRest();
  await expect(lab.card.panel).not.toContainText("evil.example");
});
