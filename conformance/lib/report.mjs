// What a round amounts to: a table, the sentences about what is not as it should be, and the exit code.
import { isAgainst, judge } from "./judge.mjs";

/** Takes what was found, piece by piece; complains at once, and draws the table in the end. */
export class Report {
  #table = [["scenario", "subject", "passed", "expected", "failed"]];
  // How many scenarios of each kind there are, and how many of them pass, or are not expected to.
  #tally = new Map();
  #passed = 0;
  // Where each sentence about something expected was found: the same is often found everywhere.
  #expected = new Map();
  #left = [];
  #failed = [];

  /** Whether anything is not as it should be. */
  get hasFailed() {
    return this.#failed.length > 0;
  }

  /**
   * Takes a finding: `{ subject, scenarios: [{ name, checks, expectations }], omitted, problems, printed }`. The `subject`
   * tells it from others, `omitted` are sentences about what does not apply, `problems` about what went wrong beside the
   * checks, `printed` is what the program said that was run. Only the subject is in every finding.
   */
  take({ subject, scenarios = [], omitted = [], problems = [], printed = "" }) {
    const complaints = problems.map((problem) => `${subject}: ${problem}`);
    for (const { name, checks, expectations } of scenarios) {
      const verdict = judge(checks, expectations);
      this.#table.push([name, subject, verdict.passed, verdict.expected.length, verdict.failed.length]);
      this.#passed += verdict.passed;
      verdict.expected.forEach((sentence) => this.#expect(sentence, `${subject}, ${name}`));
      complaints.push(...verdict.failed.map((sentence) => `${subject}, ${name}: ${sentence}`));
      this.#count(subject, name, problems.length + verdict.failed.length === 0, expectations.some(isAgainst));
    }
    this.#left.push(...omitted.map((sentence) => `not run: ${subject}, ${sentence}`));
    if (complaints.length > 0) this.fail(complaints, `It printed:\n${printed}\n`);
  }

  /** Something is not as it should be. The `evidence` is printed below the complaints. */
  fail(complaints, evidence = "") {
    this.#failed.push(...complaints);
    console.log([...complaints.map((complaint) => `FAILED: ${complaint}`), evidence].join("\n"));
  }

  /** Prints the table and the sums, and sets the exit code. */
  conclude() {
    const rows = this.#table.map((cells) => this.#row(cells));
    const expected = [...this.#expected].map(expectation);
    console.log([...rows, ...expected, ...this.#left, ...[...this.#tally].map(total)].join("\n"));
    console.log(`\n${this.#passed} passed, ${this.#failed.length} failed`);
    process.exitCode = this.hasFailed ? 1 : 0;
  }

  #expect(sentence, place) {
    if (!this.#expected.has(sentence)) this.#expected.set(sentence, []);
    this.#expected.get(sentence).push(place);
  }

  #count(subject, name, isAsExpected, isExpectedToFail) {
    const kind = [subject, ...name.split("/").slice(0, -1)].join(", ");
    if (!this.#tally.has(kind)) this.#tally.set(kind, { all: 0, pass: 0, cannot: 0 });
    const counts = this.#tally.get(kind);
    counts.all++;
    if (isAsExpected) counts[isExpectedToFail ? "cannot" : "pass"]++;
  }

  #row([scenario, subject, ...counts]) {
    const [first, second] = [0, 1].map((column) => Math.max(...this.#table.map((cells) => cells[column].length)));
    return [scenario.padEnd(first), subject.padEnd(second), ...counts.map((count) => `${count}`.padStart(8))].join("  ");
  }
}

function expectation([sentence, [place, ...others]]) {
  const more = others.length > 0 ? ` (and ${others.length} more)` : "";
  return `expected: ${place}${more}: ${sentence}`;
}

function total([kind, { all, pass, cannot }]) {
  return `scenarios: ${kind}: ${pass} of ${all} pass${cannot > 0 ? `, ${cannot} are not expected to` : ""}`;
}
