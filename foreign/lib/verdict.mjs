// What a journey amounts to, as checks for the judge of `conformance/`: what the client says of it, and what is seen from
// outside.
import { isDeepStrictEqual } from "node:util";
import * as wire from "./wire.mjs";

// Where the client finds a server wanting, that does not speak against the client: only the judge has to expect it.
const OUTCOMES = { warning: "WARNED", failed: "STOPPED" };

/**
 * The checks on a journey. `wanted` says by name what is to be found; of the rules that the client has `verified` it names
 * those that must be among them. `trace` is the client's account, in which all of its own checks stand.
 */
export function verdict({ status, trace, seen, resource }, wanted) {
  const own = trace.entries.flatMap(({ checks }) => checks);
  const passed = new Set(own.filter(({ outcome }) => outcome === "passed").map(({ clause }) => clause));
  const found = {
    "exit status": status,
    success: trace.success,
    failure: trace.failure?.clause,
    revision: trace.revision,
    granted: trace.granted?.split(" ").sort().join(" "),
    results: trace.results.map(({ result }) => result.content[0].text),
    verified: wanted.verified?.filter((rule) => passed.has(rule)),
    lookups: wire.lookups(seen),
    registrations: wire.registrations(seen),
    authorizations: wire.authorizations(seen),
    tokens: wire.tokens(seen),
    calls: wire.calls(seen),
    returned: wire.returned(seen),
  };
  return [
    ...own.filter(({ outcome }) => outcome !== "passed").map(finding),
    ...Object.entries(wanted).map(([name, value]) => compare(name, value, found[name])),
    ...Object.entries(wire.breaches(seen, resource)).map(([name, breaches]) => compare(name, [], breaches)),
  ];
}

function finding({ clause, title, outcome, expected, found }) {
  return { id: clause, status: OUTCOMES[outcome], errorMessage: `${title}: expected ${expected}, found ${found}` };
}

function compare(id, wanted, found) {
  if (isDeepStrictEqual(wanted, found)) return { id, status: "SUCCESS" };
  return { id, status: "FAILURE", errorMessage: `wanted ${JSON.stringify(wanted)}, found ${JSON.stringify(found)}` };
}
