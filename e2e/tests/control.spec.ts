import { expect, test } from "./fixtures";

test("back and forward over what has happened send nothing", async ({ lab, as, page }) => {
  await lab.open();
  await lab.runToTheEnd(as, "Ada");
  const sent: string[] = [];
  page.on("request", (request) => {
    // The browser itself may look at the page's icon again whenever the address bar changes; the page looks at the lab's clock.
    // Its second program may come late, and texts when their chapter is looked at.
    const aside = request.resourceType() === "other" || /\/lab\/clock$|\/workbench|^\/lessons\//.test(new URL(request.url()).pathname);
    if (!aside) sent.push(`${request.method()} ${request.url()}`);
  });
  const rows = await lab.happened().count();
  for (let i = 0; i < rows; i += 1) await page.keyboard.press("ArrowLeft");
  await expect(lab.step("challenge")).toHaveAttribute("data-state", "current");
  await expect(lab.back).toBeDisabled();
  for (let i = 0; i < rows; i += 1) await page.keyboard.press("ArrowRight");
  await expect(lab.success).toBeVisible();
  await lab.rows(/POST \/token/).first().click();
  await lab.step("pkce").click();
  expect(sent).toEqual([]);
});

test("the button says what it will send, and pausing shows the request before it goes", async ({ lab, page }) => {
  await lab.open();
  await expect(lab.next).toContainText("send initialize, without a token");
  await lab.next.click();
  await lab.atRest();
  await lab.pauses.check();
  const sent: string[] = [];
  page.on("request", (request) => {
    if (request.resourceType() === "fetch") sent.push(request.url());
  });
  await lab.next.click();
  await expect(lab.card.edit).toBeVisible();
  expect(sent).toEqual([]);
  await lab.next.click();
  await expect(lab.step("resource-metadata")).toHaveAttribute("data-state", "current");
  expect(sent).toHaveLength(1);
});

test("the button that waits says for whom and for how long", async ({ lab, page }) => {
  await lab.open();
  let answer = () => {};
  await page.route(/\/mcp$/, async (route) => {
    await new Promise<void>((resolve) => (answer = resolve));
    await route.continue();
  });
  await lab.next.click();
  await expect(lab.next).toContainText("Waiting for the MCP server … 1 s");
  answer();
  await expect(lab.next).toBeEnabled();
});

test("run to the consent stops before the browser leaves", async ({ lab, page }) => {
  await lab.open();
  await lab.runToConsent();
  await expect(lab.step("authorization-request")).toHaveAttribute("data-state", "current");
  await expect(lab.next).toContainText("authorization server");
  expect(await lab.isAway()).toBe(false);
  expect(page.url()).toContain("step=authorization-request");
});
