// Runs the official MCP conformance suite against the lab and judges what it found; called by tools/conformance.
//
// A leg of the suite is a file beside this one with a function `run(lab, folder)`. It yields a finding for each run of the
// suite, as `Report.take` wants it.
import { rm } from "node:fs/promises";
import { run as authorization } from "./authorization.mjs";
import { run as client } from "./client.mjs";
import { results, startLab } from "./lib/lab.mjs";
import { Report } from "./lib/report.mjs";
import { run as server } from "./server.mjs";

const legs = [authorization, server, client];
const report = new Report();

try {
  await runAll();
} catch (error) {
  report.fail([error.message]);
}
report.conclude();

async function runAll() {
  await rm(results, { recursive: true, force: true });
  const lab = await startLab();
  try {
    for (const leg of legs) {
      for await (const finding of leg(lab, results)) report.take(finding);
    }
  } finally {
    await lab.child.stop();
    if (report.hasFailed) console.log(`The lab printed:\n${lab.child.quote()}\n`);
  }
}
