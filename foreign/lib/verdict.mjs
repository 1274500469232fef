// What a journey amounts to, as checks for the judge of `conformance/`: those that the client made by itself, and what is
// seen from outside.
import { isDeepStrictEqual } from "node:util";
import * as wire from "./wire.mjs";

const OUTCOMES = { passed: "SUCCESS", warning: "WARNING", failed: "FAILURE" };

/** The checks on a journey. `wanted` says by name what is to be found; `trace` is the client's account. */
export function verdict({ status, trace, seen, resource }, wanted) {
  const found = {
    "exit status": status,
    success: trace.success,
    failure: trace.failure?.clause,
    revision: trace.revision,
    granted: trace.granted?.split(" ").sort().join(" "),
    results: trace.results,
    lookups: wire.lookups(seen),
    authorizations: wire.authorizations(seen),
    tokens: wire.tokens(seen),
    calls: wire.calls(seen),
  };
  return [
    ...trace.entries.flatMap(({ checks }) => checks.map(ownCheck)),
    ...Object.entries(wanted).map(([name, value]) => compare(name, value, found[name])),
    ...Object.entries(wire.breaches(seen, resource)).map(([name, breaches]) => compare(name, [], breaches)),
  ];
}

function ownCheck({ clause, title, outcome, expected, found }) {
  const errorMessage = outcome === "passed" ? undefined : `expected ${expected}, found ${found}`;
  return { id: `${clause}: ${title}`, status: OUTCOMES[outcome], errorMessage };
}

function compare(id, wanted, found) {
  if (isDeepStrictEqual(wanted, found)) return { id, status: "SUCCESS" };
  return { id, status: "FAILURE", errorMessage: `wanted ${JSON.stringify(wanted)}, found ${JSON.stringify(found)}` };
}
