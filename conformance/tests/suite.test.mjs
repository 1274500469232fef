import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { readChecks, scenarios } from "../lib/suite.mjs";

test("the checks of a scenario are found by its whole name", async (context) => {
  const folder = await mkdtemp(path.join(tmpdir(), "mcp-auth-lab-"));
  context.after(() => rm(folder, { recursive: true }));
  const write = async (name, checks) => {
    await mkdir(path.join(folder, name));
    if (checks) await writeFile(path.join(folder, name, "checks.json"), JSON.stringify(checks));
  };
  await write("grant-2026-11-24T05-51-47-210Z", [{ id: "a" }]);
  await write("grant-more-2026-11-24T05-51-47-211Z", [{ id: "b" }]);
  await write("begun-2026-11-24T05-51-47-212Z");

  assert.deepEqual(await readChecks(folder, "grant"), [{ id: "a" }]);
  assert.deepEqual(await readChecks(folder, "grant-more"), [{ id: "b" }]);
  assert.deepEqual(await readChecks(folder, "begun"), [], "a run that was cut short");
  assert.deepEqual(await readChecks(folder, "more"), []);

  await write("grant-2026-11-24T05-51-48-000Z", []);
  await assert.rejects(readChecks(folder, "grant"), /two results of grant/);
});

test("the scenarios are those of the leg", async () => {
  const names = await scenarios("authorization");
  assert.ok(names.includes("authorization-server-metadata-endpoint") && names.includes("authorization-code-grant"));
  assert.ok(!names.includes("tools-list") && !names.some((name) => name.startsWith("auth/")));
});

test("a scenario is of the revisions that it is marked with", async () => {
  const [old, recent, extension] = await Promise.all(
    ["2025-11-25", "2026-07-28", "extension"].map((mark) => scenarios("server", mark)),
  );
  assert.ok(old.includes("ping") && !recent.includes("ping"));
  assert.ok(recent.includes("caching") && !old.includes("caching"));
  assert.ok(old.includes("tools-list") && recent.includes("tools-list"));
  assert.ok(extension.includes("tasks-lifecycle") && !extension.some((name) => recent.includes(name)));
});
