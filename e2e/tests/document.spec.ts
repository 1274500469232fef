import { expect, test } from "./fixtures";

test("one's own metadata document: each mistake has its own refusal, a good one walks", async ({ lab, as, page, watch }) => {
  watch.expect(/status of 400 /); // each refusal
  watch.expect(/status of 404 /); // the sign-in page, for a browser that sends no cookie
  test.setTimeout(120_000);
  await lab.open();
  const dialog = await lab.openDialog("document");
  const verdict = dialog.getByTestId("document-verdict");
  const check = async () => {
    await dialog.getByTestId("check-document").click();
    await expect(verdict).toContainText(/Accepted|Refused/, { timeout: 20_000 }); // one of the hosts answers too late
    if (/^Refused/.test((await verdict.textContent()) ?? "")) await expect(verdict.getByRole("link").first()).toBeVisible();
    return (await verdict.textContent()) ?? "";
  };
  const mistakes = await dialog.getByTestId("mistake").locator("optgroup option").evaluateAll((options) =>
    options.map((option) => (option as HTMLOptionElement).value),
  );
  expect(mistakes.length).toBeGreaterThan(5);
  const refusals = new Map<string, string>();
  for (const mistake of mistakes) {
    await dialog.getByTestId("mistake").selectOption(mistake);
    refusals.set(mistake, await check());
  }
  for (const [mistake, refusal] of refusals) expect(refusal, mistake).toMatch(/^Refused/);
  // What was broken stands at the verdict, not below a screen of others: where something was compared, both sides of it.
  expect([...refusals.values()].filter((refusal) => /failed: .*expected: /.test(refusal)).length).toBeGreaterThan(5);
  expect(new Set(refusals.values()).size, "each its own").toBe(mistakes.length);

  // A mistake that nobody has prepared.
  await dialog.getByTestId("mistake").selectOption({ index: 0 });
  await dialog.getByTestId("document").fill("{ this is no JSON");
  expect(await check()).toMatch(/^Refused/);
  await dialog.getByTestId("mistake").selectOption({ index: 1 });
  await dialog.getByTestId("mistake").selectOption({ index: 0 });
  expect(await check()).toMatch(/^Accepted/);
  await dialog.getByTestId("use-document").click();
  await expect(page.getByRole("dialog")).toBeHidden();
  await lab.runToTheEnd(as, "Ada");
});
