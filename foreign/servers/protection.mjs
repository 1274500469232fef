// The gate before an MCP server: the SDK's own `requireBearerAuth`, asked for the scopes of what is called.
import { scopesFor } from "./library.mjs";

/**
 * A middleware. Its quirks make the server harder to please: `spends` lets a token call one tool and not a second one,
 * `unattainable` is a scope that a tool takes beside its own and that nobody gets.
 */
export function protection(requireBearerAuth, { verify, refusal, metadataUrl, quirks }) {
  const spent = new Set();
  const verifier = {
    verifyAccessToken: async (token) => {
      if (spent.has(token)) throw refusal("spent");
      return verify(token);
    },
  };
  return (request, response, next) => {
    const calls = request.body?.method === "tools/call";
    const requiredScopes = [...scopesFor(request.body), ...(calls && quirks.unattainable ? [quirks.unattainable] : [])];
    const gate = requireBearerAuth({ verifier, requiredScopes, resourceMetadataUrl: metadataUrl });
    gate(request, response, (error) => {
      if (!error && calls && quirks.spends) spent.add(request.auth.token);
      next(error);
    });
  };
}
