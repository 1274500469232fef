// Sends our client on journeys to servers that others wrote, and judges how it fared; called by tools/foreign.
import { Report } from "../conformance/lib/report.mjs";
import { accepting, attacks, findings } from "./attacks.mjs";
import { journeys } from "./journeys.mjs";
import { attack, walk } from "./lib/client.mjs";
import { verdict } from "./lib/verdict.mjs";
import { startWorld } from "./lib/world.mjs";

const report = new Report();
for (const journey of journeys) report.take(await travel(journey));
for (const assault of attacks) report.take(await assail(assault));
report.conclude();

/** One journey, in a world of its own. Gives a finding: see `Report.take`. */
async function travel({ name, subject, world: arrangement, client, wanted, expectations = [] }) {
  let world;
  try {
    world = await startWorld(arrangement);
    const { issuer, resource, seen } = world;
    const { status, trace, printed } = await walk(resource, { ...client, issuer });
    await world.child.stop();
    const checks = verdict({ status, trace, seen, resource }, wanted);
    return { subject, scenarios: [{ name, checks, expectations }], printed: `${printed}\n${world.child.quote()}` };
  } catch (error) {
    return { subject, problems: [`${name}: ${error.message}`], printed: world?.child.quote() };
  } finally {
    await world?.child.stop();
  }
}

/** The attacks that make sense anywhere, in a world of their own. */
async function assail({ subject, world: arrangement, client, accepted }) {
  let world;
  try {
    world = await startWorld(arrangement);
    const { issuer, resource } = world;
    const { results, printed } = await attack(resource, { ...client, issuer });
    return { subject, scenarios: [{ name: "attacks", checks: findings(results), expectations: accepting(accepted) }], printed };
  } catch (error) {
    return { subject, problems: [`attacks: ${error.message}`], printed: world?.child.quote() };
  } finally {
    await world?.child.stop();
  }
}
