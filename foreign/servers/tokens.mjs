// What an MCP server asks of an access token: that this authorization server made it, for this resource. The SDKs leave
// that to their users, so it is ours; what follows from the answer is theirs.
import { createRemoteJWKSet, jwtVerify } from "jose";

/**
 * A verifier as both SDKs want one, for tokens that are JWTs. `refusal` makes of a reason the error for which the SDK
 * answers 401.
 */
export function jwtVerifier({ issuer, jwks_uri }, resource, refusal) {
  const keys = createRemoteJWKSet(new URL(jwks_uri));
  return async (token) => {
    const { payload } = await jwtVerify(token, keys, { issuer, audience: resource, typ: "at+jwt" }).catch((error) => {
      throw refusal(error.code);
    });
    return {
      token,
      clientId: payload.client_id,
      scopes: payload.scope?.split(" ") ?? [],
      expiresAt: payload.exp,
      resource: new URL(payload.aud),
      extra: { subject: payload.sub },
    };
  };
}

/** The same for tokens that only the authorization server can read. */
export function introspectionVerifier({ introspection_endpoint }, resource, refusal) {
  return async (token) => {
    const response = await fetch(introspection_endpoint, { method: "POST", body: new URLSearchParams({ token }) });
    const { active, client_id, scope, exp, aud } = await response.json();
    if (!active) throw refusal("not active");
    if (aud !== resource) throw refusal("for another resource");
    return { token, clientId: client_id, scopes: scope.split(" "), expiresAt: exp, resource: new URL(aud) };
  };
}
