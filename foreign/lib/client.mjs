// Our client, as the program in the terminal: sent on a journey, and what it says of it.
import path from "node:path";
import { Child, within } from "../../conformance/lib/children.mjs";
import { target } from "../../conformance/lib/lab.mjs";

const program = path.join(target, "debug", "mcp-auth-lab");

/**
 * Sends the client to the MCP server at `resource`, and every tool of it. Gives its exit `status`, the `trace` it printed,
 * and all that was `printed`. The person it plays is Grace.
 */
export async function trace(resource, { revision, registration, id, secret }) {
  const lines = [];
  const flags = {
    server: resource,
    revision,
    registration,
    "client-id": id,
    "client-secret": secret,
    account: "grace",
    password: "any",
  };
  const given = Object.entries(flags).filter(([, value]) => value !== undefined);
  const args = ["trace", ...given.flatMap(([name, value]) => [`--${name}`, value]), "--every-tool", "--json"];
  const child = new Child(program, args, { onLine: (line) => lines.push(line) });
  try {
    const status = await within(60, "the client has not ended", child.ended);
    return { status, trace: JSON.parse(lines.join("\n")), printed: child.quote() };
  } catch (error) {
    throw new Error(`${error.message}.\n${child.quote()}`);
  } finally {
    await child.stop();
  }
}
