// The journeys: which world is visited, how our client goes there, and what is to be found of it in the end. A row here is
// another journey. `wanted` has the names of `lib/verdict.mjs`; what the client itself finds wanting at a server stands in
// `expectations`, as the judge wants them.
import {
  CALLS,
  FAREWELL,
  GREETING,
  NEW,
  OLD,
  REFUSED,
  arrival,
  end,
  results,
  scopes,
  twoTokens,
} from "./lib/findings.mjs";

// Who is visited. An issuer of the SDK ends with a slash.
const PROVIDER = { authorizationServer: "oidc-provider" };
const SDK_AS = { authorizationServer: "sdk-1", issuerPath: "/" };
const SDK_1 = { mcpServer: "sdk-1" };
const SDK_2 = { mcpServer: "sdk-2" };

// The ways to be known there.
const metadata = {
  application_type: "native",
  grant_types: ["authorization_code", "refresh_token"],
  redirect_uris: ["http://127.0.0.1/callback"],
};
const KNOWN = { ...metadata, client_id: "known-beforehand", client_secret: "needs care: + %" };
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
    subject: "registered, with a secret",
    world: { ...PROVIDER, ...SDK_1, clientAuthMethods: ["client_secret_basic"] },
    client: { revision: OLD, ...registered },
    wanted: { ...arrival(OLD), tokens: twoTokens("basic") },
  },
  {
    name: "oidc-provider, SDK 1",
    subject: "known, secret in the header",
    world: { ...PROVIDER, ...SDK_1, ...knowing("client_secret_basic") },
    client: { revision: OLD, ...beforehand },
    wanted: { ...arrival(OLD), tokens: twoTokens("basic") },
  },
  {
    name: "oidc-provider, SDK 1",
    subject: "known, secret in the body",
    world: { ...PROVIDER, ...SDK_1, ...knowing("client_secret_post") },
    client: { revision: OLD, ...beforehand },
    wanted: { ...arrival(OLD), tokens: twoTokens("post") },
  },
  {
    name: "oidc-provider, SDK 1",
    subject: "metadata document",
    world: { ...PROVIDER, ...SDK_1, ...reading },
    client: { revision: OLD, ...byDocument },
    wanted: arrival(OLD),
  },
  {
    name: "oidc-provider, SDK 1",
    subject: "either revision",
    world: { ...PROVIDER, ...SDK_1 },
    client: { revision: "auto", ...registered },
    wanted: {
      ...arrival(OLD),
      authorizations: [scopes(NEW, "books:read"), scopes(OLD, "books:borrow", "books:read")],
      calls: [REFUSED[NEW], "server/discover 400", ...GREETING[OLD], ...CALLS, ...FAREWELL[OLD]],
    },
  },
  {
    name: "oidc-provider, SDK 1",
    subject: "a token is revoked",
    world: { ...PROVIDER, ...SDK_1, quirks: { revokes: true } },
    client: { revision: OLD, ...registered },
    wanted: { ...arrival(OLD), ...refreshed(OLD) },
  },
  {
    name: "oidc-provider, SDK 1",
    subject: "the session is forgotten",
    world: { ...PROVIDER, ...SDK_1, quirks: { forgets: true } },
    client: { revision: OLD, ...registered },
    wanted: {
      ...arrival(OLD),
      calls: [
        ...[REFUSED[OLD], ...GREETING[OLD], "list_books 200", "borrow_book 403", "borrow_book 404"],
        ...["initialize 200", "notifications/initialized 202", "borrow_book 200", ...FAREWELL[OLD]],
      ],
    },
  },
  {
    name: "oidc-provider, SDK 2",
    subject: "registered",
    world: { ...PROVIDER, ...SDK_2 },
    client: { revision: NEW, ...registered },
    wanted: arrival(NEW),
  },
  {
    name: "oidc-provider, SDK 2",
    subject: "metadata document",
    world: { ...PROVIDER, ...SDK_2, ...reading },
    client: { revision: NEW, ...byDocument },
    wanted: arrival(NEW),
  },
  {
    name: "oidc-provider, SDK 2",
    subject: "answers are streams",
    world: { ...PROVIDER, ...SDK_2, quirks: { streams: true } },
    client: { revision: NEW, ...registered },
    wanted: arrival(NEW),
  },
  {
    name: "oidc-provider, SDK 2",
    subject: "the older revision",
    world: { ...PROVIDER, ...SDK_2 },
    client: { revision: OLD, ...registered },
    // It has no sessions, so there is none to leave.
    wanted: { ...arrival(OLD), calls: [REFUSED[OLD], ...GREETING[OLD], ...CALLS] },
  },
  {
    name: "oidc-provider, SDK 2",
    subject: "either revision",
    world: { ...PROVIDER, ...SDK_2 },
    client: { revision: "auto", ...registered },
    wanted: arrival(NEW),
  },
  {
    name: "oidc-provider, SDK 2",
    subject: "a token is revoked",
    world: { ...PROVIDER, ...SDK_2, quirks: { revokes: true } },
    client: { revision: NEW, ...registered },
    wanted: { ...arrival(NEW), ...refreshed(NEW) },
  },
  {
    name: "oidc-provider with a path, SDK 2",
    subject: "registered",
    world: { ...PROVIDER, ...SDK_2, issuerPath: "/tenant" },
    client: { revision: NEW, ...registered },
    wanted: {
      ...arrival(NEW),
      lookups: [
        "MCP server /.well-known/oauth-protected-resource/mcp 200",
        "authorization server /.well-known/oauth-authorization-server/tenant 404",
        "authorization server /.well-known/openid-configuration/tenant 404",
        "authorization server /tenant/.well-known/openid-configuration 200",
      ],
    },
  },
  {
    name: "SDK 1, SDK 1",
    subject: "registered",
    world: { ...SDK_AS, ...SDK_1 },
    client: { revision: OLD, ...registered },
    wanted: { ...arrival(OLD), results: results("an unknown reader") },
  },
  {
    name: "SDK 1, SDK 2 at the root",
    subject: "registered",
    world: { ...SDK_AS, ...SDK_2, mcpPath: "/" },
    client: { revision: NEW, ...registered },
    wanted: {
      ...arrival(NEW),
      results: results("an unknown reader"),
      lookups: [
        "MCP server /.well-known/oauth-protected-resource 200",
        "authorization server /.well-known/oauth-authorization-server 200",
      ],
      // This authorization server has no refresh tokens.
      authorizations: ["books:read", "books:borrow books:read"],
    },
  },
];

/** The person is not asked again when a token is refused, only for more scopes. */
function refreshed(revision) {
  return {
    tokens: ["authorization_code by none 200", "refresh_token by none 200", "authorization_code by none 200"],
    calls: [
      ...[REFUSED[revision], ...GREETING[revision], "list_books 200", "borrow_book 401"],
      ...["borrow_book 403", "borrow_book 200", ...FAREWELL[revision]],
    ],
  };
}

const asked = { authorizations: ["books:read"] };
const redeemed = { ...asked, tokens: ["authorization_code by none 200"] };
/** The lies that end a journey: the rule that is broken, and what was done until then. */
const lies = [
  ["another resource", "resource-identity"],
  ["another issuer", "issuer-identity"],
  ["no PKCE methods", "pkce-advertised"],
  ["plain PKCE alone", "pkce-advertised"],
  ["no iss", "iss-parameter", asked],
  ["another iss", "iss-parameter", asked],
  ["another state", "state", asked],
  ["another token type", "token-response", redeemed],
];

const ending = [
  ...lies.map(([lie, rule, done]) => ({
    name: "oidc-provider, SDK 1",
    subject: `a lie: ${lie}`,
    world: { ...PROVIDER, ...SDK_1, lie },
    client: { revision: OLD, ...registered },
    wanted: { ...end(OLD, rule), ...done },
  })),
  {
    name: "oidc-provider, SDK 2",
    subject: "a lie: an answer to something else",
    world: { ...PROVIDER, ...SDK_2, lie: "an answer to something else" },
    client: { revision: NEW, ...registered },
    wanted: {
      ...end(NEW, "transport"),
      ...redeemed,
      authorizations: [scopes(NEW, "books:read")],
      calls: [REFUSED[NEW], "server/discover 200"],
    },
  },
  ...[
    [OLD, SDK_1, "SDK 1"],
    [NEW, SDK_2, "SDK 2"],
  ].map(([revision, server, name]) => ({
    name: `oidc-provider, ${name}`,
    subject: "never enough",
    world: { ...PROVIDER, ...server, quirks: { unattainable: "books:burn" } },
    client: { revision, ...registered },
    wanted: {
      ...end(revision, "step-up"),
      // The person is asked three times, and not once more.
      authorizations: [
        scopes(revision, "books:read"),
        scopes(revision, "books:burn", "books:read"),
        scopes(revision, "books:burn", "books:read"),
      ],
      tokens: Array(3).fill("authorization_code by none 200"),
      calls: [REFUSED[revision], ...GREETING[revision], ...Array(3).fill("list_books 403"), ...FAREWELL[revision]],
    },
  })),
];

export const journeys = [...arriving, ...ending];
