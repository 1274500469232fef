import { expect, test } from "./fixtures";
import { authorizationServer, mcpServer, pageOrigin } from "../lab";

// Req: AS-98, X-38, B03
test("the authorization server's pages cannot be framed", async ({ page, watch }) => {
  // A page that has no rule of its own about frames: only the framed server can refuse.
  watch.expect(/status of 404 /); // its icon, which the browser asks for
  await page.goto(new URL("/", mcpServer).href);
  watch.expect(/frame-ancestors 'none'/);
  const refusal = page.waitForEvent("console", (message) => message.text().includes("frame-ancestors 'none'"));
  const shown = await page.evaluate(async (src) => {
    const frame = document.createElement("iframe");
    frame.src = src;
    document.body.append(frame);
    await new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
    return frame.contentDocument?.body.textContent ?? "";
  }, `${authorizationServer}/`);
  await refusal;
  expect(shown).not.toContain("issues tokens");
});

// Req: AS-97
test("sign-in and consent work without JavaScript", async ({ browser }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  const query = new URLSearchParams({
    response_type: "code",
    client_id: `${pageOrigin}/client.json`,
    redirect_uri: `${pageOrigin}/callback`,
    scope: "mcp:connect",
    state: "s",
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
    resource: mcpServer,
  });
  await page.goto(`${authorizationServer}/authorize?${query}`);
  await page.getByRole("button", { name: /^Ada\b/ }).click();
  await page.getByRole("button", { name: "Allow" }).click();
  await page.waitForURL(/\/callback\?/);
  const answer = new URL(page.url()).searchParams;
  expect(answer.get("state")).toBe("s");
  expect(answer.get("iss")).toBe(authorizationServer);
  expect(answer.get("code")).toBeTruthy();
  await context.close();
});
