// The gate before an MCP server: the SDK's own `requireBearerAuth`, asked for the scopes of what is called.
import { scopesFor } from "./library.mjs";

/**
 * A middleware. Its quirks make the server harder to please: with `revokes` the first token that calls a tool is not good
 * for anything else, and `unattainable` is a scope that each tool takes beside its own, and that nobody gets.
 */
export function protection(requireBearerAuth, { verify, refusal, metadataUrl, quirks }) {
  let revoked;
  const verifier = {
    verifyAccessToken: async (token) => {
      if (token === revoked) throw refusal("revoked");
      return verify(token);
    },
  };
  return (request, response, next) => {
    const calls = request.body?.method === "tools/call";
    const requiredScopes = [...scopesFor(request.body), ...(calls && quirks.unattainable ? [quirks.unattainable] : [])];
    const gate = requireBearerAuth({ verifier, requiredScopes, resourceMetadataUrl: metadataUrl });
    gate(request, response, (error) => {
      if (!error && calls && quirks.revokes) revoked ??= request.auth.token;
      next(error);
    });
  };
}
