// Runs the official MCP conformance suite against the lab and judges what it found; called by tools/conformance.
//
// A leg of the suite is a file beside this one with a function `run(lab, folder)`. It yields a report for each run of the
// suite: `{ subject, scenarios: [{ name, checks, expectations }], omitted, problems, printed }`. The `subject` tells this
// run from the others, `omitted` are sentences about what does not apply, `problems` about what went wrong beside the
// checks, `printed` is what the suite said. Only the subject is in every report.
import { rm } from "node:fs/promises";
import { run as authorization } from "./authorization.mjs";
import { run as client } from "./client.mjs";
import { isAgainst, judge } from "./lib/judge.mjs";
import { results, startLab } from "./lib/lab.mjs";
import { run as server } from "./server.mjs";

const legs = [authorization, server, client];

const table = [["scenario", "subject", "passed", "expected", "failed"]];
// How many scenarios of each kind there are, and how many of them pass, or are not expected to.
const tally = new Map();
let passed = 0;
const expected = [];
const left = [];
const failed = [];

try {
  await runAll();
} catch (error) {
  fail([error.message]);
}
console.log([...table.map(row), ...expected, ...left, ...[...tally].map(total)].join("\n"));
console.log(`\n${passed} passed, ${failed.length} failed`);
process.exitCode = failed.length > 0 ? 1 : 0;

async function runAll() {
  await rm(results, { recursive: true, force: true });
  const lab = await startLab();
  try {
    for (const leg of legs) {
      for await (const report of leg(lab, results)) take(report);
    }
  } finally {
    await lab.child.stop();
    if (failed.length > 0) console.log(`The lab printed:\n${lab.child.quote()}\n`);
  }
}

function take({ subject, scenarios = [], omitted = [], problems = [], printed = "" }) {
  const complaints = problems.map((problem) => `${subject}: ${problem}`);
  for (const { name, checks, expectations } of scenarios) {
    const verdict = judge(checks, expectations);
    table.push([name, subject, verdict.passed, verdict.expected.length, verdict.failed.length]);
    passed += verdict.passed;
    expected.push(...verdict.expected.map((sentence) => `expected: ${subject}, ${name}: ${sentence}`));
    complaints.push(...verdict.failed.map((sentence) => `${subject}, ${name}: ${sentence}`));
    count(subject, name, problems.length + verdict.failed.length === 0, expectations.some(isAgainst));
  }
  left.push(...omitted.map((sentence) => `not run: ${subject}, ${sentence}`));
  if (complaints.length > 0) fail(complaints, `The suite printed:\n${printed}\n`);
}

function count(subject, name, isAsExpected, isExpectedToFail) {
  const kind = [subject, ...name.split("/").slice(0, -1)].join(", ");
  if (!tally.has(kind)) tally.set(kind, { all: 0, pass: 0, cannot: 0 });
  const counts = tally.get(kind);
  counts.all++;
  if (isAsExpected) counts[isExpectedToFail ? "cannot" : "pass"]++;
}

function total([kind, { all, pass, cannot }]) {
  return `scenarios: ${kind}: ${pass} of ${all} pass${cannot > 0 ? `, ${cannot} are not expected to` : ""}`;
}

function fail(complaints, evidence = "") {
  failed.push(...complaints);
  console.log([...complaints.map((complaint) => `FAILED: ${complaint}`), evidence].join("\n"));
}

function row([scenario, subject, ...counts]) {
  const [first, second] = [0, 1].map((column) => Math.max(...table.map((cells) => cells[column].length)));
  return [scenario.padEnd(first), subject.padEnd(second), ...counts.map((count) => `${count}`.padStart(8))].join("  ");
}
