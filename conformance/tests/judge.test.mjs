import assert from "node:assert/strict";
import { test } from "node:test";
import { judge } from "../lib/judge.mjs";

const counts = (checks, expectations = []) => {
  const { passed, expected, failed } = judge(checks, expectations);
  return [passed, expected.length, failed.length];
};

const success = { id: "a", status: "SUCCESS" };
const failure = { id: "a", status: "FAILURE", errorMessage: "Invalid status code: 401" };
const expectation = { check: "a", status: "FAILURE", message: "Invalid status", reason: "so be it" };

test("a check passes by success alone", () => {
  assert.deepEqual(counts([success]), [1, 0, 0]);
  for (const status of ["FAILURE", "WARNING", "SKIPPED", "INFO", undefined]) {
    assert.deepEqual(counts([success, { id: "b", status }]), [1, 0, 1], status);
  }
});

test("a scenario without checks has failed", () => {
  assert.deepEqual(counts([]), [0, 0, 1]);
});

test("what is expected counts neither as passed nor as failed", () => {
  assert.deepEqual(counts([failure], [expectation]), [0, 1, 0]);
  assert.match(judge([failure], [expectation]).expected[0], /a: FAILURE: Invalid status code: 401 \(so be it\)/);
});

test("a failure without a message of its own is told by what the check is about", () => {
  const { failed } = judge([{ id: "a", status: "WARNING", description: "Client SHOULD use it" }], []);
  assert.deepEqual(failed, ["a: WARNING: Client SHOULD use it"]);
});

test("something else than what is expected has failed, and so has the expectation", () => {
  assert.deepEqual(counts([{ ...failure, status: "SKIPPED" }], [expectation]), [0, 0, 2]);
  assert.deepEqual(counts([{ ...failure, errorMessage: "Timeout" }], [expectation]), [0, 0, 2]);
  assert.deepEqual(counts([{ ...failure, id: "b" }, failure], [expectation]), [0, 1, 1]);
});

test("an expectation that is not met has failed", () => {
  assert.deepEqual(counts([success], [expectation]), [1, 0, 1]);
  assert.match(judge([success], [expectation]).failed[0], /a is expected to be FAILURE, and is not what it was/);
  assert.deepEqual(counts([{ ...success, id: "b" }], [expectation]), [1, 0, 1]);
  assert.match(judge([{ ...success, id: "b" }], [expectation]).failed[0], /a is expected to be FAILURE, and was not made/);
});

test("of checks with one id those that are expected are told apart by status and message", () => {
  const skipped = { id: "a", status: "SKIPPED", errorMessage: "no list" };
  const expectations = [
    { check: "a", status: "SKIPPED", message: "no list", reason: "so be it" },
    { check: "a", status: "SKIPPED", message: "no call", reason: "so be it" },
  ];
  assert.deepEqual(counts([success, skipped, { ...skipped, errorMessage: "no call" }], expectations), [1, 2, 0]);
  assert.deepEqual(counts([success, skipped, success], expectations), [2, 1, 1]);
  assert.deepEqual(counts([failure, skipped, { ...skipped, errorMessage: "no call" }], expectations), [0, 2, 1]);
});
