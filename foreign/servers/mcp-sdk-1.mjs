// An MCP server by the official TypeScript SDK, major version 1: revision 2025-11-25, with sessions.
import { randomUUID } from "node:crypto";
import { InvalidTokenError } from "@modelcontextprotocol/sdk/server/auth/errors.js";
import { requireBearerAuth } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js";
import {
  getOAuthProtectedResourceMetadataUrl,
  mcpAuthMetadataRouter,
} from "@modelcontextprotocol/sdk/server/auth/router.js";
import { createMcpExpressApp } from "@modelcontextprotocol/sdk/server/express.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { SCOPES, reader, tools } from "./library.mjs";
import { protection } from "./protection.mjs";

/**
 * The server at `resource`, as a handler of requests. `oauthMetadata` is the document of its authorization server,
 * `verifier` one of `tokens.mjs`. Its quirks are those of `protection.mjs`, and `forgets`: see `Sessions`.
 */
export function mcpServer({ resource, oauthMetadata, verifier, quirks }) {
  const url = new URL(resource);
  const refusal = (reason) => new InvalidTokenError(reason);
  const app = createMcpExpressApp();
  app.use(mcpAuthMetadataRouter({ oauthMetadata, resourceServerUrl: url, scopesSupported: SCOPES }));
  const gate = protection(requireBearerAuth, {
    verify: verifier(oauthMetadata, resource, refusal),
    refusal,
    metadataUrl: getOAuthProtectedResourceMetadataUrl(url),
    quirks,
  });
  const sessions = new Sessions(quirks.forgets);
  app.all(url.pathname, gate, async (request, response) => {
    const id = request.get("mcp-session-id");
    const transport = id ? sessions.get(id) : await sessions.open();
    if (!transport) return response.status(404).json(unknownSession);
    await transport.handleRequest(request, response, request.body);
    if (request.body?.method === "tools/call") sessions.called();
  });
  return app;
}

const unknownSession = { jsonrpc: "2.0", error: { code: -32001, message: "Session not found" }, id: null };

/** The sessions that are open. With `forgets` all are lost after the first call of a tool, once. */
class Sessions {
  #transports = new Map();
  #forgets;

  constructor(forgets) {
    this.#forgets = forgets;
  }

  get(id) {
    return this.#transports.get(id);
  }

  /** A transport that becomes a session when it is initialized; anything else it refuses by itself. */
  async open() {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => this.#transports.set(id, transport),
      onsessionclosed: (id) => this.#transports.delete(id),
    });
    await library().connect(transport);
    return transport;
  }

  called() {
    if (this.#forgets) this.#transports.clear();
    this.#forgets = false;
  }
}

function library() {
  const server = new McpServer({ name: "library", version: "1.0.0" });
  for (const { name, description, answer } of tools) {
    server.registerTool(name, { description }, ({ authInfo }) => ({
      content: [{ type: "text", text: answer(reader(authInfo)) }],
    }));
  }
  return server;
}
