import assert from "node:assert/strict";
import { test } from "node:test";
import { verdict } from "../lib/verdict.mjs";

const check = { clause: "a-rule", title: "what is looked at", outcome: "passed", expected: "x", found: "y" };
const trace = {
  success: true,
  revision: "2025-11-25",
  granted: "b a",
  results: [{ result: { content: [{ type: "text", text: "done" }] } }],
  entries: [{ checks: [check] }],
};
const run = { status: 0, trace, seen: [], resource: "http://127.0.0.1:1/mcp" };

/** What of the verdict is no success. */
function complaints(changes, wanted) {
  const checks = verdict({ ...run, ...changes }, wanted);
  return checks.filter(({ status }) => status !== "SUCCESS").map(({ id, status }) => [id, status]);
}

test("what the client finds wanting is told, by its rule", () => {
  const outcomes = ["passed", "warning", "failed", "of another kind"];
  const entries = outcomes.map((outcome) => ({ checks: [{ ...check, outcome }] }));
  const found = complaints({ trace: { ...trace, entries } }, {});
  assert.deepEqual(found, [
    ["a-rule", "WARNED"],
    ["a-rule", "STOPPED"],
    ["a-rule", undefined],
  ]);
  const [{ errorMessage }] = verdict({ ...run, trace: { ...trace, entries: [entries[1]] } }, {});
  assert.equal(errorMessage, "what is looked at: expected x, found y");
});

test("a rule is verified by a check that passed", () => {
  const failed = [{ checks: [{ ...check, outcome: "failed" }] }];
  assert.deepEqual(complaints({}, { verified: ["a-rule"] }), []);
  assert.deepEqual(complaints({}, { verified: ["a-rule", "another"] }), [["verified", "FAILURE"]]);
  assert.deepEqual(complaints({ trace: { ...trace, entries: failed } }, { verified: ["a-rule"] }), [
    ["a-rule", "STOPPED"],
    ["verified", "FAILURE"],
  ]);
});

test("what is wanted has to be found just so", () => {
  const wanted = { "exit status": 0, success: true, granted: "a b", results: ["done"], calls: [] };
  assert.deepEqual(complaints({}, wanted), []);
  assert.deepEqual(complaints({ status: 3 }, wanted), [["exit status", "FAILURE"]]);
  assert.deepEqual(complaints({ trace: { ...trace, granted: "a", results: [] } }, wanted), [
    ["granted", "FAILURE"],
    ["results", "FAILURE"],
  ]);
  const seen = [{ server: "MCP server", method: "DELETE", path: "/mcp", status: 200 }];
  const { errorMessage } = verdict({ ...run, seen }, wanted).find(({ id }) => id === "calls");
  assert.equal(errorMessage, 'wanted [], found ["DELETE 200"]');
});

test("the rules of the wire are asked for in any case", () => {
  const leak = { server: "authorization server", method: "GET", path: "/", status: 200, credentials: "bearer" };
  assert.deepEqual(complaints({ seen: [leak] }, {}), [["shows the token to the MCP server alone", "FAILURE"]]);
});
