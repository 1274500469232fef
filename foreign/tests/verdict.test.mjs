import assert from "node:assert/strict";
import { test } from "node:test";
import { verdict } from "../lib/verdict.mjs";

const check = { clause: "a-rule", title: "what is looked at", outcome: "passed", expected: "x", found: "x" };
const trace = {
  success: true,
  revision: "2025-11-25",
  granted: "b a",
  results: ["done"],
  entries: [{ checks: [check] }],
};
const run = { status: 0, trace, seen: [], resource: "http://127.0.0.1:1/mcp" };
const status = (checks, name) => checks.find(({ id }) => id === name).status;

test("the client's own checks count by their outcome", () => {
  const outcomes = ["passed", "warning", "failed", "of another kind"];
  const entries = outcomes.map((outcome) => ({ checks: [{ ...check, outcome, title: outcome }] }));
  const checks = verdict({ ...run, trace: { ...trace, entries } }, {});
  const found = outcomes.map((outcome) => status(checks, `a-rule: ${outcome}`));
  assert.deepEqual(found, ["SUCCESS", "WARNING", "FAILURE", undefined]);
  assert.equal(checks[1].errorMessage, "expected x, found x");
});

test("what is wanted has to be found just so", () => {
  const wanted = { "exit status": 0, success: true, granted: "a b", results: ["done"], calls: [] };
  const found = (changes) => verdict({ ...run, ...changes }, wanted).filter(({ status }) => status === "FAILURE");
  assert.deepEqual(found({}), []);
  assert.deepEqual(
    found({ status: 3 }).map(({ id }) => id),
    ["exit status"],
  );
  assert.deepEqual(
    found({ trace: { ...trace, granted: "a", results: ["done", "done"] } }).map(({ id }) => id),
    ["granted", "results"],
  );
  const call = { server: "MCP server", method: "DELETE", path: "/mcp", status: 200 };
  assert.equal(found({ seen: [call] })[0].errorMessage, 'wanted [], found ["DELETE 200"]');
});

test("the rules of the wire are asked for in any case", () => {
  const leak = { server: "authorization server", method: "GET", path: "/", status: 200, credentials: "bearer" };
  assert.equal(status(verdict({ ...run, seen: [leak] }, {}), "shows the token to the MCP server alone"), "FAILURE");
});
