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

test("an authorization request that was changed says how to come back from an error page, and Back does", async ({ lab, page, watch }) => {
  watch.expect(/status of 400/);
  await lab.open();
  await lab.runToConsent();
  await lab.pauses.check();
  await lab.next.click();
  await expect(lab.card.hint).toBeHidden();
  await lab.card.edit.click();
  await expect(lab.card.hint).toContainText("the browser’s Back brings you here again");
  await lab.card.root.getByRole("button", { name: "Leave out client_id" }).click();
  await lab.next.click();
  await page.waitForURL(/\/authorize/);
  await page.goBack();
  await expect(lab.next).toBeEnabled();
  await expect(lab.rows(/authorization request.*you changed this request|goes to \/authorize.*you changed this request/)).toHaveCount(1);
});

test("another message is read from its beginning", async ({ lab, page }) => {
  await page.setViewportSize({ width: 1280, height: 500 });
  await lab.open();
  await lab.runToConsent();
  const scrolled = () => lab.card.root.evaluate((card) => card.scrollTop);
  await lab.step("server-metadata").click();
  await lab.card.root.evaluate((card) => card.scrollTo(0, 200));
  expect(await scrolled()).toBe(200);
  await lab.back.click();
  await expect.poll(scrolled).toBe(0);
  // On a narrow screen it is the page that is scrolled.
  await page.setViewportSize({ width: 375, height: 812 });
  await page.evaluate(() => window.scrollTo(0, 500));
  await lab.next.click();
  await expect(lab.card.title).toBeInViewport();
});

test("what would break stands at the step’s own message, and a server without findings says that it answered", async ({ lab, as }) => {
  await lab.open();
  await lab.runToTheEnd(as, "Ada");
  await lab.step("handshake").click();
  await expect(lab.card.breaks).toHaveCount(1);
  await lab.rows(/MCP server to Authorization server: POST \/introspect/).first().click();
  await expect(lab.card.title).toBeVisible();
  await expect(lab.card.breaks).toHaveCount(0);
  await lab.step("resource-metadata").click();
  await lab.card.open("checks");
  await expect(lab.card.panel).toContainText("It answered; there was nothing to check.");
});

test("the values stay in one line, and one count says how far the run is", async ({ lab, as, page }) => {
  await page.setViewportSize({ width: 1280, height: 720 });
  await lab.open();
  const height = async () => (await page.locator(".strip").boundingBox())!.height;
  const before = await height();
  await lab.runToTheEnd(as, "Ada");
  expect(await height()).toBe(before);
  const rows = await lab.happened().count();
  await expect(page.getByTestId("place")).toHaveText(`${rows} so far`);
  await expect(lab.success).toContainText(`${rows} messages and pieces of work`);
  await lab.back.click();
  await expect(page.getByTestId("place")).toHaveText(`${rows} of ${rows}`);
});

test("a client that is known beforehand has nothing to send in the chapter Identity, and the page says so", async ({ lab, page }) => {
  await lab.open("#reg=pre");
  const steps = page.getByRole("navigation", { name: "Steps of the journey" });
  await expect(steps).toContainText("Nothing: known beforehand.");
  await lab.choice("cimd").click();
  await expect(steps).not.toContainText("known beforehand");
});

test("the PKCE bench begins with the run's own pair, and one character more or less is refused", async ({ lab, page }) => {
  await lab.open();
  await lab.runToConsent();
  await lab.rows(/PKCE pair/).first().click();
  await lab.card.open("decoded");
  const bench = page.getByTestId("pkce-bench");
  await expect(bench.locator("[data-verdict]")).toHaveAttribute("data-verdict", "equal");
  await expect(bench.getByRole("textbox")).toHaveValue(/^•+$/);
  await bench.getByRole("button", { name: "Change one character" }).click();
  await expect(bench.locator("[data-verdict]")).toHaveAttribute("data-verdict", "other");
  await page.keyboard.press("s");
  await expect(bench.getByRole("textbox")).toHaveValue(/^[\w-]{43}$/);
});
