// An authorization server by oidc-provider, with the pages for sign-in and consent that it has for development.
import { randomBytes } from "node:crypto";
import express from "express";
import Provider, { errors } from "oidc-provider";
import { SCOPES } from "./library.mjs";
import { jwtVerifier } from "./tokens.mjs";

/** How an MCP server reads the tokens of this one. */
export const verifier = jwtVerifier;

/**
 * The server that is `issuer`, as a handler of requests; the issuer may have a path. It makes tokens for `resource`
 * alone. `clients` are known beforehand, `documents` are the clients' metadata documents by their URL, and
 * `clientAuthMethods` what the token endpoint takes, where that is not the usual.
 */
export function authorizationServer({ issuer, resource, clients = [], documents = {}, clientAuthMethods }) {
  const provider = new Provider(issuer, {
    clients,
    clientAuthMethods,
    cookies: { keys: [randomBytes(32).toString("hex")] },
    pkce: { required: () => true },
    issueRefreshToken: (_, client) => client.grantTypeAllowed("refresh_token"),
    // The documents are not on the network: this is its name service, and its TLS.
    fetch: async (url) => (documents[url] ? Response.json(documents[url]) : new Response(null, { status: 404 })),
    features: {
      devInteractions: { enabled: true },
      registration: { enabled: true },
      revocation: { enabled: true },
      clientIdMetadataDocument: { enabled: true, ack: "draft-02" },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, indicator) => {
          if (indicator !== resource) throw new errors.InvalidTarget();
          return { scope: SCOPES.join(" "), audience: resource, accessTokenFormat: "jwt", accessTokenTTL: 600 };
        },
      },
    },
  });
  return express().use(new URL(issuer).pathname, provider.callback());
}
