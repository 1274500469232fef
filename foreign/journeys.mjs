// The journeys: which world is visited, how our client goes there, and what is to be found of it in the end. A row of
// `journeys` is another one. `wanted` has the names of `lib/verdict.mjs`; what the client itself finds wanting stands in
// `expectations`, as the judge wants them.

const OLD = "2025-11-25";
const NEW = "2026-07-28";

// The worlds. An issuer of the SDK ends with a slash.
const PROVIDER = { authorizationServer: "oidc-provider" };
const SDK_AS = { authorizationServer: "sdk-1", issuerPath: "/" };
const SDK_1 = { mcpServer: "sdk-1" };
const SDK_2 = { mcpServer: "sdk-2" };

// The ways to be known to an authorization server.
const metadata = {
  application_type: "native",
  grant_types: ["authorization_code", "refresh_token"],
  redirect_uris: ["http://127.0.0.1/callback"],
};
const KNOWN = { ...metadata, client_id: "known-beforehand", client_secret: "needs care: + % é" };
const DOCUMENT = {
  ...metadata,
  client_id: "https://client.example/oauth/client.json",
  token_endpoint_auth_method: "none",
};
const registered = { registration: "dcr" };
const byDocument = { registration: "cimd", id: DOCUMENT.client_id };
const beforehand = { registration: "pre", id: KNOWN.client_id, secret: KNOWN.client_secret };
/** An authorization server that knows the client, and lets it say in this way alone who it is. */
const knowing = (method) => ({
  clients: [{ ...KNOWN, token_endpoint_auth_method: method }],
  clientAuthMethods: [method, "none"],
});
/** One that gets the client's document; not from the network, but from the world. */
const reading = { documents: { [DOCUMENT.client_id]: DOCUMENT } };

/** What a client does before it calls a tool, and after the last one. */
const around = (revision, calls) =>
  revision === OLD
    ? ["initialize 401", "initialize 200", "notifications/initialized 202", "tools/list 200", ...calls, "DELETE 200"]
    : ["server/discover 401", "server/discover 200", "tools/list 200", ...calls];

/** What is found of a journey that arrives by one step-up, unless the `details` say otherwise. */
function arrival(revision, details = {}) {
  const {
    by = "none",
    who = "grace",
    metadata = ["/.well-known/oauth-authorization-server 200"],
    refresh = true,
  } = details;
  // The new revision says how to ask for refresh tokens: where the authorization server lists the scope for that.
  const also = revision === NEW && refresh ? " offline_access" : "";
  return {
    "exit status": 0,
    success: true,
    revision,
    granted: "books:borrow books:read",
    results: [`${who} can choose between Dune and Emma`, `Dune is lent to ${who}`],
    lookups: [
      "MCP server /.well-known/oauth-protected-resource/mcp 200",
      ...metadata.map((found) => `authorization server ${found}`),
    ],
    authorizations: [`books:read${also}`, `books:borrow books:read${also}`],
    tokens: [`authorization_code by ${by} 200`, `authorization_code by ${by} 200`],
    calls: around(revision, ["list_books 200", "borrow_book 403", "borrow_book 200"]),
    ...details.instead,
  };
}

const arriving = [
  {
    name: "oidc-provider, SDK 1",
    subject: "registered",
    world: { ...PROVIDER, ...SDK_1 },
    client: { revision: OLD, ...registered },
    wanted: arrival(OLD),
  },
  {
    name: "oidc-provider, SDK 1",
    subject: "known, secret in the header",
    world: { ...PROVIDER, ...SDK_1, ...knowing("client_secret_basic") },
    client: { revision: OLD, ...beforehand },
    wanted: arrival(OLD, { by: "basic" }),
  },
  {
    name: "oidc-provider, SDK 1",
    subject: "known, secret in the body",
    world: { ...PROVIDER, ...SDK_1, ...knowing("client_secret_post") },
    client: { revision: OLD, ...beforehand },
    wanted: arrival(OLD, { by: "post" }),
  },
  {
    name: "oidc-provider, SDK 1",
    subject: "metadata document",
    world: { ...PROVIDER, ...SDK_1, ...reading },
    client: { revision: OLD, ...byDocument },
    wanted: arrival(OLD),
  },
  {
    name: "oidc-provider, SDK 2",
    subject: "registered",
    world: { ...PROVIDER, ...SDK_2 },
    client: { revision: NEW, ...registered },
    wanted: arrival(NEW),
  },
  {
    name: "oidc-provider, SDK 2, streams",
    subject: "metadata document",
    world: { ...PROVIDER, ...SDK_2, ...reading, quirks: { streams: true } },
    client: { revision: NEW, ...byDocument },
    wanted: arrival(NEW),
  },
  {
    name: "oidc-provider with a path, SDK 2",
    subject: "registered",
    world: { ...PROVIDER, ...SDK_2, issuerPath: "/tenant" },
    client: { revision: NEW, ...registered },
    wanted: arrival(NEW, {
      metadata: [
        "/.well-known/oauth-authorization-server/tenant 404",
        "/.well-known/openid-configuration/tenant 404",
        "/tenant/.well-known/openid-configuration 200",
      ],
    }),
  },
  {
    name: "oidc-provider, SDK 2",
    subject: "the revision before",
    world: { ...PROVIDER, ...SDK_2 },
    client: { revision: OLD, ...registered },
    wanted: arrival(OLD),
  },
  {
    name: "oidc-provider, SDK 2",
    subject: "either revision",
    world: { ...PROVIDER, ...SDK_2 },
    client: { revision: "auto", ...registered },
    wanted: arrival(NEW),
  },
  {
    name: "oidc-provider, SDK 1",
    subject: "either revision",
    world: { ...PROVIDER, ...SDK_1 },
    client: { revision: "auto", ...registered },
    wanted: arrival(OLD),
  },
  {
    name: "SDK 1, SDK 1",
    subject: "registered",
    world: { ...SDK_AS, ...SDK_1 },
    client: { revision: OLD, ...registered },
    wanted: arrival(OLD, { who: "an unknown reader" }),
  },
  {
    name: "SDK 1, SDK 2 at the root",
    subject: "registered",
    world: { ...SDK_AS, ...SDK_2, mcpPath: "/" },
    client: { revision: NEW, ...registered },
    wanted: arrival(NEW, { who: "an unknown reader", refresh: false }),
  },
  {
    name: "oidc-provider, SDK 1 that takes a token once",
    subject: "registered",
    world: { ...PROVIDER, ...SDK_1, quirks: { spends: true } },
    client: { revision: OLD, ...registered },
    wanted: arrival(OLD),
  },
  {
    name: "oidc-provider, SDK 1 that loses its sessions",
    subject: "registered",
    world: { ...PROVIDER, ...SDK_1, quirks: { forgets: true } },
    client: { revision: OLD, ...registered },
    wanted: arrival(OLD),
  },
];

export const journeys = [...arriving];
