// Sends our client on journeys to servers that others wrote, and judges how it fared; called by tools/foreign.
import { Report } from "../conformance/lib/report.mjs";
import { journeys } from "./journeys.mjs";
import { trace } from "./lib/client.mjs";
import { verdict } from "./lib/verdict.mjs";
import { startWorld } from "./lib/world.mjs";

const report = new Report();
for (const journey of journeys) report.take(await walk(journey));
report.conclude();

/** One journey in a world of its own, as `Report.take` wants it. */
async function walk({ name, subject, world: arrangement, client, wanted, expectations = [] }) {
  let world;
  try {
    world = await startWorld(arrangement);
    const { resource, seen } = world;
    const { status, trace: account, printed } = await trace(resource, client);
    await world.child.stop();
    const checks = verdict({ status, trace: account, seen, resource }, wanted);
    return {
      subject,
      scenarios: [{ name, checks, expectations }],
      problems: [],
      printed: `${printed}\n${world.child.quote()}`,
    };
  } catch (error) {
    return { subject, scenarios: [], problems: [`${name}: ${error.message}`], printed: world?.child.quote() ?? "" };
  } finally {
    await world?.child.stop();
  }
}
