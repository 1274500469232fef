import assert from "node:assert/strict";
import { test } from "node:test";
import { scenarios } from "../lib/suite.mjs";
import { inapplicable, plan, revisions } from "../server.mjs";

test("what the suite has is run, or omitted for a reason", () => {
  const { run } = revisions["2025-11-25"];
  const { omitted, ...rest } = plan("2025-11-25", [...run, "tools-call-image", "tools-call-audio", "prompts-list"]);
  assert.deepEqual(rest, { run, problems: [] });
  assert.equal(omitted.length, 2);
  assert.match(omitted[0], /^tools-call-\*: it needs a tool/);
  assert.match(omitted[1], /^prompts-\*: this server offers/);
});

test("a scenario that nobody has looked at, or that is gone, does not pass unseen", () => {
  const { run } = revisions["2026-07-28"];
  const names = [...run.slice(1), "tools-callback", "server-sse-polling-2"];
  const { run: planned, problems } = plan("2026-07-28", names);
  assert.deepEqual(planned, run.slice(1));
  assert.deepEqual(problems, [
    `the suite has no scenario ${run[0]}`,
    "nobody has looked at the scenario tools-callback yet",
    "nobody has looked at the scenario server-sse-polling-2 yet",
  ]);
});

test("of this suite every scenario has its place, and every reason a scenario", async () => {
  const unused = new Set(Object.keys(inapplicable));
  for (const revision of Object.keys(revisions)) {
    const { omitted, problems } = plan(revision, await scenarios("server", revision));
    assert.deepEqual(problems, []);
    const groups = omitted.flatMap((sentence) => sentence.split(":")[0].split(", "));
    groups.forEach((group) => unused.delete(group));
  }
  assert.deepEqual([...unused], []);
});
