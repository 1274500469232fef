import assert from "node:assert/strict";
import { test } from "node:test";
import { isCheck, misbehaviour, refused, rounds } from "../client.mjs";
import { scenarios } from "../lib/suite.mjs";

const failure = { check: "a", status: "FAILURE", reason: "so be it" };

test("all of the authorization scenarios of both revisions are run, and of the extensions", async () => {
  const counts = { "2025-11-25": 14, "2026-07-28": 25, extension: 6 };
  for (const [mark, count] of Object.entries(counts)) {
    const names = (await scenarios("client", mark)).filter((name) => name.startsWith("auth/"));
    assert.equal(names.length, count);
    assert.deepEqual(names.filter((name) => !rounds[mark].run.includes(name)), []);
  }
});

test("a client goes through with a scenario, or refuses to, as the scenario has it", () => {
  assert.deepEqual(misbehaviour("auth/basic-cimd", { end: 0, status: 0, expectations: [] }), []);
  assert.deepEqual(misbehaviour(refused[0], { end: 1, status: 0, expectations: [] }), []);
});

test("no other end will do, even where the suite is content", () => {
  for (const end of [1, 2, 101, "SIGKILL", "it has not ended within 20 s"]) {
    const [complaint, ...others] = misbehaviour("auth/basic-cimd", { end, status: 0, expectations: [] });
    assert.equal(complaint, `the client's end: ${end}, and not 0`);
    assert.deepEqual(others, []);
  }
  for (const end of [0, 2, 101, "SIGABRT"]) {
    assert.equal(misbehaviour(refused[0], { end, status: 0, expectations: [] }).length, 1);
  }
});

test("the suite's verdict is the one that the expectations lead to", () => {
  const verdicts = (status, expectations) => misbehaviour("auth/basic-cimd", { end: 0, status, expectations });
  assert.deepEqual(verdicts(1, []), ["the suite's verdict: 1, and not 0"]);
  assert.deepEqual(verdicts(0, [failure]), ["the suite's verdict: 0, and not 1"]);
  assert.deepEqual(verdicts(1, [failure]), []);
  assert.deepEqual(verdicts(1, [{ ...failure, status: "WARNING" }]), []);
  assert.deepEqual(verdicts(0, [{ ...failure, status: "INFO" }]), []);
  assert.deepEqual(verdicts(0, [{ ...failure, status: "SKIPPED" }]), []);
});

test("what the suite notes of the traffic is no check, whatever else has no verdict is", () => {
  assert.ok(!isCheck({ id: "incoming-auth-request", status: "INFO" }));
  assert.ok(isCheck({ id: "incoming-auth-request", status: "FAILURE" }));
  assert.ok(isCheck({ id: "scope-retry-auth-attempt", status: "INFO" }));
  assert.ok(isCheck({ id: "pkce-s256-method-used", status: "SUCCESS" }));
});
