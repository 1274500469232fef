import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { test } from "@playwright/test";
import { pageOrigin } from "../lab";
import { figure, median } from "./figures";

type Report = {
  categories: Record<string, { title: string; score: number; auditRefs: { id: string; weight: number }[] }>;
  audits: Record<string, { title: string; score: number | null; displayValue?: string }>;
};

const rounds = 3;

// `mobile` is Lighthouse's own default: a slow phone (CPU slowed 4 times) on slow 4G, both simulated.
for (const [device, flags] of [
  ["mobile", []],
  ["desktop", ["--preset=desktop"]],
] as const) {
  test(`Lighthouse, ${device}`, async ({}, info) => {
    const reports: Report[] = [];
    for (let round = 0; round < rounds; round += 1) {
      reports.push(await lighthouse(info.outputPath(`${device}-${round}.json`), flags));
    }
    const [first] = reports as [Report];
    for (const [id, { title }] of Object.entries(first.categories)) {
      const score = median(reports.map(({ categories }) => Math.round(categories[id]!.score * 100)));
      figure({ what: `${title} (median of ${rounds})`, value: score, unit: "of 100", atLeast: 98 });
      for (const { id: audit, weight } of first.categories[id]!.auditRefs) {
        const { title, score, displayValue = "" } = first.audits[audit]!;
        if (weight > 0 && score !== null && score < 0.98) {
          figure({ what: `  ${title} ${displayValue}`.slice(0, 52), value: Math.round(score * 100), unit: "of 100" });
        }
      }
    }
  });
}

/** Runs in a process of its own, with a browser of its own: as from the command line. */
async function lighthouse(output: string, flags: readonly string[]): Promise<Report> {
  const program = path.join(__dirname, "node_modules", ".bin", "lighthouse");
  const args = ["--quiet", "--output=json", `--output-path=${output}`, "--chrome-flags=--headless=new --no-sandbox"];
  await promisify(execFile)(program, [`${pageOrigin}/`, ...args, ...flags], {
    env: { ...process.env, CHROME_PATH: process.env.CHROMIUM },
  });
  return JSON.parse(await readFile(output, "utf8")) as Report;
}
