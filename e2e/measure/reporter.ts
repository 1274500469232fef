import type { FullResult, Reporter, TestCase, TestResult } from "@playwright/test/reporter";
import { type Figure, isKept } from "./figures";

/** Prints each figure as a line. One that is not as it is to be ends the command with a status other than 0. */
export default class FigureReporter implements Reporter {
  private missed = 0;

  onTestEnd({ title }: TestCase, { annotations, errors }: TestResult): void {
    console.log(title);
    for (const { type, description } of annotations) {
      if (type === "figure" && description) this.print(JSON.parse(description) as Figure);
    }
    for (const { message } of errors) console.log(`  not measured: ${message}`);
  }

  onEnd({ status }: FullResult): { status: FullResult["status"] } {
    if (this.missed > 0) console.log(`\n${this.missed} not as they are to be`);
    return { status: this.missed > 0 ? "failed" : status };
  }

  private print(figure: Figure): void {
    const { what, value, unit, atMost, atLeast } = figure;
    const bound = atMost !== undefined ? `at most ${atMost}` : atLeast !== undefined ? `at least ${atLeast}` : "";
    const kept = isKept(figure);
    if (!kept) this.missed += 1;
    console.log(`  ${what.padEnd(52)} ${`${value} ${unit}`.padStart(12)}   ${bound}${kept ? "" : "  MISSED"}`);
  }
}
