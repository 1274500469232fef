import assert from "node:assert/strict";
import { test } from "node:test";
import * as client from "../client.mjs";
import { plan } from "../lib/plan.mjs";
import { scenarios } from "../lib/suite.mjs";
import * as server from "../server.mjs";

const inapplicable = { "tools-call-*": "no such tools", "prompts-list": "no prompts" };

test("what the suite has is run, or omitted for a reason", () => {
  const { omitted, ...rest } = plan(["ping"], inapplicable, ["tools-call-image", "ping", "tools-call-audio", "prompts-list"]);
  assert.deepEqual(rest, { run: ["ping"], problems: [] });
  assert.deepEqual(omitted, ["tools-call-*: no such tools", "prompts-list: no prompts"]);
});

test("a scenario that nobody has looked at, or that is gone, does not pass unseen", () => {
  const names = ["caching", "tools-callback", "prompts-list-2"];
  const { run, problems } = plan(["ping", "caching"], inapplicable, names);
  assert.deepEqual(run, ["caching"]);
  assert.deepEqual(problems, [
    "the suite has no scenario ping",
    "nobody has looked at the scenario tools-callback yet",
    "nobody has looked at the scenario prompts-list-2 yet",
  ]);
});

for (const [leg, { rounds, inapplicable }] of Object.entries({ client, server })) {
  test(`of this suite every scenario of the ${leg} has its place, and every reason a scenario`, async () => {
    const unused = new Set(Object.keys(inapplicable));
    for (const [mark, { run, expected = {} }] of Object.entries(rounds)) {
      const { omitted, problems } = plan(run, inapplicable, await scenarios(leg, mark));
      assert.deepEqual(problems, []);
      assert.deepEqual(Object.keys(expected).filter((name) => !run.includes(name)), []);
      const groups = omitted.flatMap((sentence) => sentence.split(":")[0].split(", "));
      groups.forEach((group) => unused.delete(group));
    }
    assert.deepEqual([...unused], []);
  });
}
