import { createHash } from "node:crypto";
import { expect, test } from "./fixtures";

test("a value lights up wherever it occurs: in messages, and in the rows of the ladder", async ({ lab, as, page }) => {
  await lab.open();
  await lab.runToTheEnd(as, "Ada");
  await page.getByTestId("value-resource").click();
  await expect(page.getByTestId("value-resource")).toHaveAttribute("aria-pressed", "true");
  const lit = lab.ladder.locator('[data-testid="ladder-row"].mentions');
  expect(await lit.count(), "authorization request, code exchange, resource metadata at least").toBeGreaterThan(3);
  await lab.rows(/POST \/token/).first().click();
  await lab.card.open("request");
  await expect(lab.card.panel.locator(".lit").first()).toContainText("/mcp");
  await page.getByTestId("value-resource").click();
  await page.getByTestId("value-resource").blur();
  await page.mouse.move(0, 0);
  await expect(lab.card.panel.locator(".lit"), "once neither pointer nor focus is there").toHaveCount(0);
});

test("the verifier of the run becomes its challenge in the bench, and another one another", async ({ lab, page }) => {
  await lab.open();
  let challenge = "";
  await lab.runToConsent();
  await lab.step("pkce").click();
  await lab.card.open("decoded");
  const bench = page.getByTestId("pkce-bench");
  await bench.getByRole("button", { name: "A fresh one" }).click();
  const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  await bench.getByRole("textbox").fill(verifier);
  challenge = createHash("sha256").update(verifier).digest("base64url");
  await expect(bench.getByTestId("bench-challenge")).toContainText(challenge);
});

test("the signature of the token is verified in the page, and one changed character is noticed", async ({ lab, as, page }) => {
  await lab.open();
  await lab.runToTheEnd(as, "Ada");
  await lab.step("token-opened").click();
  await lab.card.open("decoded");
  const outcome = page.getByTestId("signature");
  await page.getByTestId("verify-signature").click();
  await expect(outcome).toHaveAttribute("data-outcome", "good");
  await page.getByTestId("alter-token").check();
  await page.getByTestId("verify-signature").click();
  await expect(outcome).not.toHaveAttribute("data-outcome", "good");
});
