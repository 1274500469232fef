// The world of one journey: an authorization server and an MCP server, each behind a gate. A program of its own, so that
// what the servers print is evidence and nothing else. Of its lines those of JSON are for `lib/world.mjs`: one says where
// the world is, all others what has passed. Its argument is the arrangement: see `journeys.mjs`.
import { createServer } from "node:http";
import { listen, openGate } from "./lib/gate.mjs";
import { lies } from "./lib/lies.mjs";

const arrangement = JSON.parse(process.argv[2]);
const { issuerPath = "", mcpPath = "/mcp", lie, quirks = {}, ...settings } = arrangement;
const as = await import(`./servers/as-${arrangement.authorizationServer}.mjs`);
const mcp = await import(`./servers/mcp-${arrangement.mcpServer}.mjs`);

const asGate = await openGate((exchange) => print({ server: "authorization server", ...exchange }));
const mcpGate = await openGate((exchange) => print({ server: "MCP server", ...exchange }));
const issuer = asGate.origin + issuerPath;
const resource = mcpGate.origin + mcpPath;

asGate.leadTo(await start(as.authorizationServer({ issuer, resource, ...settings })));
mcpGate.leadTo(await start(mcp.mcpServer({ resource, oauthMetadata: await metadata(), verifier: as.verifier, quirks })));
// Whoever set up the servers was told the truth.
asGate.lie(lies.authorizationServer[lie]);
mcpGate.lie(lies.mcpServer[lie]);
print({ issuer, resource });

function start(handler) {
  return listen(createServer(handler));
}

/** What the authorization server says of itself, as an administrator of the MCP server looks it up. */
async function metadata() {
  const response = await fetch(`${issuer.replace(/\/$/, "")}/.well-known/oauth-authorization-server`);
  return response.json();
}

function print(value) {
  console.log(JSON.stringify(value));
}
