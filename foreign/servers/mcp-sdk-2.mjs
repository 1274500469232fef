// An MCP server by the official TypeScript SDK, major version 2: revision 2026-07-28, and 2025-11-25 without sessions.
import {
  createMcpExpressApp,
  getOAuthProtectedResourceMetadataUrl,
  mcpAuthMetadataRouter,
  requireBearerAuth,
} from "@modelcontextprotocol/express";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { McpServer, OAuthError, OAuthErrorCode, createMcpHandler } from "@modelcontextprotocol/server";
import { SCOPES, reader, tools } from "./library.mjs";
import { protection } from "./protection.mjs";

/** The same as that of `mcp-sdk-1.mjs`, without sessions to forget. Its quirk `streams`: it answers by events alone. */
export function mcpServer({ resource, oauthMetadata, verifier, quirks }) {
  const url = new URL(resource);
  const refusal = (reason) => new OAuthError(OAuthErrorCode.InvalidToken, reason);
  const app = createMcpExpressApp();
  app.use(mcpAuthMetadataRouter({ oauthMetadata, resourceServerUrl: url, scopesSupported: SCOPES }));
  const gate = protection(requireBearerAuth, {
    verify: verifier(oauthMetadata, resource, refusal),
    refusal,
    metadataUrl: getOAuthProtectedResourceMetadataUrl(url),
    quirks,
  });
  const handle = toNodeHandler(createMcpHandler(library, { responseMode: quirks.streams ? "sse" : "auto" }));
  app.all(url.pathname, gate, (request, response) => handle(request, response, request.body));
  return app;
}

function library() {
  const server = new McpServer({ name: "library", version: "1.0.0" });
  for (const { name, description, answer } of tools) {
    server.registerTool(name, { description }, ({ http }) => ({
      content: [{ type: "text", text: answer(reader(http.authInfo)) }],
    }));
  }
  return server;
}
