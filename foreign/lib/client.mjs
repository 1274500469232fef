// Our client, as the program in the terminal: sent on a journey, and what it says of it.
import { Child, within } from "../../conformance/lib/children.mjs";
import { program } from "../../conformance/lib/lab.mjs";

/**
 * Sends the client to the MCP server at `resource`, and to every tool of it; the person whom it plays is Grace. A `secret` and
 * the person's password are for the `issuer` alone. Gives its
 * exit `status`, its own account as `trace`, and all that it `printed`. The
 * `flags` are more of the program's own.
 */
export async function walk(resource, { flags = [], ...client }) {
  const { status, said, printed } = await run("trace", resource, client, [...FLAGS, ...flags]);
  return { status, trace: said, printed };
}

/** Lets the client attack the servers. Gives the exit `status`, the `results`, an object for each attack, and what was `printed`. */
export async function attack(resource, client) {
  const { status, said, printed } = await run("attack", resource, client, ["--all", "--json"]);
  return { status, results: said, printed };
}

async function run(command, resource, { revision, registration, id, secret, issuer }, flags) {
  const known = { "client-id": id, issuer, account: "grace", password: "any" };
  const options = { server: resource, revision, registration, ...known };
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const args = [...given.flatMap(([name, value]) => [`--${name}`, value]), ...flags];
  const lines = [];
  const child = new Child(program("mcp-auth-lab"), [command, ...args], {
    // Whoever has a secret or a password of their own in the environment does not mean this client.
    env: { ...process.env, MCP_CLIENT_SECRET: secret, MCP_PASSWORD: undefined },
    onLine: (line) => lines.push(line),
  });
  try {
    const status = await within(60, "the client has not ended", child.ended);
    return { status, said: JSON.parse(lines.join("\n")), printed: child.quote() };
  } catch (error) {
    throw new Error(`${error.message}.\n${child.quote()}`);
  } finally {
    await child.stop();
  }
}

// Its metadata document is nowhere but at the authorization server, so it cannot look at it itself.
const FLAGS = ["--every-tool", "--skip-document", "--json"];
