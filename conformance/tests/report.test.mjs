import assert from "node:assert/strict";
import { test } from "node:test";
import { Report } from "../lib/report.mjs";

/** A report that takes this finding, and what it printed until then. */
function taken(context, finding) {
  const printed = context.mock.method(console, "log", () => {});
  const report = new Report();
  report.take({ subject: "s", scenarios: [], problems: [], printed: "evidence", ...finding });
  return { report, printed: printed.mock.calls.map(({ arguments: [text] }) => text).join("\n") };
}

const scenario = (status) => ({ name: "n", checks: [{ id: "c", status }], expectations: [] });

test("a finding without complaints is not talked about", (context) => {
  const { report, printed } = taken(context, { scenarios: [scenario("SUCCESS")] });
  assert.deepEqual([report.hasFailed, printed], [false, ""]);
});

test("a check that failed is told with the evidence", (context) => {
  const { report, printed } = taken(context, { scenarios: [scenario("SUCCESS"), scenario("FAILURE")] });
  assert.ok(report.hasFailed);
  assert.match(printed, /^FAILED: s, n: c: FAILURE\nIt printed:\nevidence/);
});

test("what went wrong beside the checks is a failure too", (context) => {
  const { report, printed } = taken(context, { scenarios: [scenario("SUCCESS")], problems: ["it hung"] });
  assert.ok(report.hasFailed);
  assert.match(printed, /^FAILED: s: it hung\n/);
});

test("what is expected is told once, with how often it was found", (context) => {
  const { report, printed } = taken(context, {
    scenarios: ["a", "b", "c"].map((name) => ({
      name,
      checks: [{ id: "c", status: "INFO" }],
      expectations: [{ check: "c", status: "INFO", reason: "so be it" }],
    })),
  });
  assert.deepEqual([report.hasFailed, printed], [false, ""]);
  const { exitCode } = process;
  report.conclude();
  process.exitCode = exitCode;
  const [table] = console.log.mock.calls.at(-2).arguments;
  assert.match(table, /\nexpected: s, a \(and 2 more\): c: INFO \(so be it\)\nscenarios: s: 3 of 3 pass$/);
});
