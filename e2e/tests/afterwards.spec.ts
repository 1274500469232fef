import { expect, test } from "./fixtures";

test("a refresh token that is used again ends everything that grew from the consent", async ({ lab, as, watch }) => {
  watch.expect(/status of 400 /);
  await lab.open();
  await lab.runToTheEnd(as, "Ada");
  await expect(lab.deed("reuse")).toHaveAttribute("aria-disabled", "true");
  await lab.deed("refresh").click();
  await expect(lab.rows(/refresh/i).last()).toContainText("200");
  await lab.deed("reuse").click();
  await expect(lab.rows(/invalid_grant/)).toBeVisible();
  await lab.toWhatCameOfIt();
  await lab.deed("whoami").click();
  await expect(lab.rows(/tools\/call whoami.*401/)).toBeVisible();
});

test("time that goes on makes the token expire, and the client renews it", async ({ lab, as, page, watch }) => {
  watch.expect(/status of 404 /); // the session of the MCP server has expired, too
  await lab.open();
  await lab.runToTheEnd(as, "Ada");
  await lab.deed("expire").click();
  await expect(page.getByTestId("lab-clock")).toContainText("60 minutes");
  await expect(page.getByTestId("deed-outcome")).toContainText("went ahead by one hour");
  await lab.deed("whoami").click();
  await expect(lab.rows(/tools\/call whoami; answer: 401/), "it stops at what is refused").toHaveAttribute("aria-current", "true");
  await lab.run.click();
  await expect(lab.rows(/POST \/token: the refresh token; answer: 200/)).toBeVisible();
  await expect(lab.rows(/tools\/call whoami.*; answer: 200/)).toHaveCount(2);
  await page.getByTestId("lab-clock").getByRole("button").click();
  await expect(page.getByTestId("lab-clock")).toBeHidden();
});

test("a new signing key is looked up by the MCP server", async ({ lab, as }) => {
  await lab.open();
  await lab.runToTheEnd(as, "Ada");
  await lab.deed("rotate").click();
  await expect(lab.page.getByTestId("deed-outcome")).toContainText("signed by a new key");
  await lab.deed("refresh").click();
  await expect(lab.rows(/POST \/token: the refresh token; answer: 200/)).toBeVisible();
  await expect(lab.page.getByTestId("deed-outcome"), "that was another deed").toBeEmpty();
  await lab.deed("whoami").click();
  await expect(lab.rows(/MCP server to Authorization server: GET \/jwks/).last()).toBeVisible();
});

test("a revoked access token is refused at the next call, and the person is asked again", async ({ lab, as, watch }) => {
  watch.expect(/status of 400 /); // the refresh token is gone, too
  await lab.open();
  await lab.runToTheEnd(as, "Ada");
  await lab.deed("revoke-access").click();
  await expect(lab.rows(/revoke/i).last()).toContainText("200");
  await expect(lab.success, "it says what the deed came to, not what the tool once said").toContainText("Done");
  await lab.deed("whoami").click();
  await expect(lab.rows(/tools\/call whoami.*401/)).toBeVisible();
  await lab.run.click();
  await expect(as.allow()).toBeVisible();
});
