// An authorization server by the official TypeScript SDK, major version 1: its router, with the provider of its examples,
// which asks nobody. Its tokens say nothing to others, so it is asked about them.
import { DemoInMemoryAuthProvider } from "@modelcontextprotocol/sdk/examples/server/demoInMemoryOAuthProvider.js";
import { mcpAuthRouter } from "@modelcontextprotocol/sdk/server/auth/router.js";
import express from "express";
import { SCOPES } from "./library.mjs";
import { introspectionVerifier } from "./tokens.mjs";

/** How an MCP server reads the tokens of this one. The SDK's metadata does not name the endpoint: it is ours. */
export const verifier = ({ issuer }, ...rest) =>
  introspectionVerifier({ introspection_endpoint: new URL("/introspect", issuer).href }, ...rest);

/** The server that is `issuer`, as a handler of requests. It makes tokens for `resource` alone. */
export function authorizationServer({ issuer, resource }) {
  const provider = new DemoInMemoryAuthProvider((indicator) => indicator?.href === resource);
  const app = express();
  app.use(mcpAuthRouter({ provider, issuerUrl: new URL(issuer), scopesSupported: SCOPES }));
  app.post("/introspect", express.urlencoded(), async (request, response) => {
    try {
      const { clientId, scopes, expiresAt, resource } = await provider.verifyAccessToken(request.body.token);
      response.json({ active: true, client_id: clientId, scope: scopes.join(" "), exp: expiresAt, aud: resource.href });
    } catch {
      response.json({ active: false });
    }
  });
  return app;
}
