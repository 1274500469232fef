import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import Ajv from "ajv";
import draft06 from "ajv/lib/refs/json-schema-draft-06.json";
import schemas from "har-schema";
import type { Locator, Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { tokensSent } from "./tokens";

/** Saves the run in a format, and returns the text of the file. */
async function save(page: Page, dialog: Locator, format: string): Promise<string> {
  await dialog.getByRole("radio", { name: format }).check();
  const download = page.waitForEvent("download");
  await dialog.getByTestId("export-save").click();
  return readFile(await (await download).path(), "utf8");
}

/** What is wrong with a file by the JSON schema of HAR 1.2. */
function faults(har: unknown): string[] {
  const ajv = new Ajv({ allErrors: true, schemaId: "auto", unknownFormats: "ignore" });
  ajv.addMetaSchema(draft06);
  ajv.addSchema(Object.values(schemas));
  ajv.validate("har.json#", har);
  return (ajv.errors ?? []).map((error) => `${error.dataPath} ${error.message}`);
}

test("a run is exported in five formats, without secrets unless asked, and comes back", async ({ lab, as, page }) => {
  await lab.open();
  const tokens = tokensSent(page);
  await lab.runToTheEnd(as, "Ada");
  const rows = await lab.happened().count();
  const dialog = await lab.openDialog("export");

  const har = JSON.parse(await save(page, dialog, "HAR")) as Har;
  expect(faults(har), "by the schema of HAR 1.2").toEqual([]);
  expect(har.log.version).toBe("1.2");
  expect(har.log.entries.length).toBeGreaterThan(10);
  for (const entry of har.log.entries) {
    expect(Date.parse(entry.startedDateTime)).not.toBeNaN();
    expect(entry.request.url).toMatch(/^http:\/\/localhost:/);
    // What the browser answered itself when it came back, nobody has seen.
    const unseen = entry.request.url.includes("/callback?");
    expect(entry.response.status, entry.request.url).toBeGreaterThanOrEqual(unseen ? 0 : 200);
  }

  const mermaid = await save(page, dialog, "Mermaid");
  expect(mermaid).toMatch(/^sequenceDiagram\n/);
  expect(mermaid.match(/-{1,2}(>>|\))/g)?.length).toBeGreaterThan(20);

  const script = await save(page, dialog, "curl");
  execFileSync("sh", ["-n"], { input: script });

  const markdown = await save(page, dialog, "Markdown");
  expect(markdown).toMatch(/^# /);

  const json = await save(page, dialog, "JSON");
  for (const text of [JSON.stringify(har), mermaid, script, markdown, json]) {
    for (const token of tokens) expect(text).not.toContain(token);
  }
  await dialog.getByTestId("export-secrets").check();
  await expect(dialog.getByTestId("export-warning")).toContainText("do not hand the file on");
  expect(await save(page, dialog, "JSON")).toContain(tokens[0]);

  await dialog.getByTestId("import-file").setInputFiles({ name: "x.json", mimeType: "application/json", buffer: Buffer.from("{}") });
  await expect(dialog.getByTestId("import-error")).not.toBeEmpty();
  await dialog.getByTestId("import-file").setInputFiles({ name: "run.json", mimeType: "application/json", buffer: Buffer.from(json) });
  await expect(dialog).toBeHidden();
  await expect(lab.happened()).toHaveCount(rows);
  await expect(page.getByTestId("imported"), "it is not taken for one's own").toBeVisible();
  await expect(lab.run, "nothing can be sent").toBeDisabled();
  await lab.rows(/POST \/token/).first().click();
  await expect(lab.card.title).toHaveText("Code exchange");
});

test("a run from a file says so everywhere, and takes no value from the run that was here", async ({ lab, as, page }) => {
  await lab.open();
  const tokens = tokensSent(page);
  await lab.runToTheEnd(as, "Ada");
  const dialog = await lab.openDialog("export");
  for (const format of ["Mermaid", "curl"]) {
    await dialog.getByRole("radio", { name: format }).check();
    await expect(dialog.getByTestId("export-secrets")).toBeDisabled();
  }
  await dialog.getByRole("radio", { name: "JSON" }).check();
  await dialog.getByTestId("export-secrets").check();
  const json = await save(page, dialog, "JSON");
  await page.keyboard.press("Escape");
  const [token] = tokens as [string];
  expect(json).toContain(token);

  // Another run has failed meanwhile.
  await lab.startOver.click();
  await expect(lab.happened()).toHaveCount(0);
  await lab.run.click();
  await as.deny().click();
  await expect(lab.failure).toBeVisible();
  const again = await lab.openDialog("export");
  await again.getByTestId("import-file").setInputFiles({ name: "run.json", mimeType: "application/json", buffer: Buffer.from(json) });
  await expect(again).toBeHidden();
  await expect(page.getByTestId("place")).toContainText("from a file");
  await expect(lab.pauses).toBeDisabled();
  await expect(lab.failure, "that was another run").toBeHidden();
  await expect(page.getByTestId("value-client_id"), "nothing is known at its start").toBeHidden();
  await lab.rows(/tools\/call whoami/).first().click();
  await expect(page.getByTestId("value-client_id")).toContainText("client.json");
  await expect(page.getByTestId("value-code_verifier")).toContainText("•");
  expect(await page.content(), "its secrets are masked, too").not.toContain(token);
  await lab.rows(/the token opened/).first().click();
  await lab.card.open("decoded");
  await expect(lab.card.panel.getByText("as expected").first(), "it is the file's token that is opened").toBeAttached();
  const exported = await lab.openDialog("export");
  await exported.getByRole("radio", { name: "JSON" }).check();
  await expect(exported.getByTestId("export-secrets")).toBeDisabled();
  await expect(exported.getByTestId("export-warning")).toContainText("came from a file");
});

test("a file with endless texts does not push the page away", async ({ lab, page }) => {
  await lab.open();
  await lab.next.click();
  await lab.atRest();
  const dialog = await lab.openDialog("export");
  const run = JSON.parse(await save(page, dialog, "JSON")) as { hops: { title: string; answer: string }[] };
  for (const hop of run.hops) Object.assign(hop, { title: "evil ".repeat(40_000), answer: "x".repeat(200_000) });
  await dialog.getByTestId("import-file").setInputFiles({ name: "run.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(run)) });
  await expect(page.getByTestId("imported")).toBeVisible();
  await lab.rows(/evil/).first().click();
  await expect(lab.card.panel).toBeInViewport();
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
});

type Har = {
  log: {
    version: string;
    entries: { startedDateTime: string; request: { url: string }; response: { status: number } }[];
  };
};
