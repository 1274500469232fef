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
  registered,
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
const byItself = { registration: "dcr" };
const byDocument = { registration: "cimd", id: DOCUMENT.client_id };
const beforehand = { registration: "pre", id: KNOWN.client_id, secret: KNOWN.client_secret };
/** An authorization server that knows the client, and lets it say in this way alone who it is. */
const knowing = (method) => ({
  clients: [{ ...KNOWN, token_endpoint_auth_method: method }],
  clientAuthMethods: [method, "none"],
});
/** One that gets the client's document; not from the network, but from the world. */
const reading = { documents: { [DOCUMENT.client_id]: DOCUMENT } };
/** A client that has a document, and takes the first way that is open. */
const byAnyWay = { registration: "auto", id: DOCUMENT.client_id };
const unregistered = { registrations: [] };

const arriving = [
  {
    subject: "oidc-provider, SDK 1",
    name: "registered",
    world: { ...PROVIDER, ...SDK_1 },
    client: { revision: OLD, ...byItself },
    wanted: arrival(OLD),
  },
  {
    subject: "oidc-provider, SDK 1",
    name: "registered, with a secret",
    world: { ...PROVIDER, ...SDK_1, clientAuthMethods: ["client_secret_basic"] },
    client: { revision: OLD, ...byItself },
    wanted: { ...arrival(OLD), registrations: registered(OLD, "client_secret_basic"), tokens: twoTokens("basic") },
  },
  {
    subject: "oidc-provider, SDK 1",
    name: "known, secret in the header",
    world: { ...PROVIDER, ...SDK_1, ...knowing("client_secret_basic") },
    client: { revision: OLD, ...beforehand },
    wanted: { ...arrival(OLD), ...unregistered, tokens: twoTokens("basic") },
  },
  {
    subject: "oidc-provider, SDK 1",
    name: "known, secret in the body",
    world: { ...PROVIDER, ...SDK_1, ...knowing("client_secret_post") },
    client: { revision: OLD, ...beforehand },
    wanted: { ...arrival(OLD), ...unregistered, tokens: twoTokens("post") },
  },
  {
    subject: "oidc-provider, SDK 1",
    name: "metadata document",
    world: { ...PROVIDER, ...SDK_1, ...reading },
    client: { revision: OLD, ...byDocument },
    wanted: { ...arrival(OLD), ...unregistered },
  },
  {
    subject: "oidc-provider, SDK 1",
    name: "either revision",
    world: { ...PROVIDER, ...SDK_1 },
    client: { revision: "auto", ...byItself },
    wanted: {
      ...arrival(OLD),
      registrations: registered(NEW),
      authorizations: [scopes(NEW, "books:read"), scopes(OLD, "books:borrow", "books:read")],
      calls: [REFUSED[NEW], "server/discover 400", ...GREETING[OLD], ...CALLS, ...FAREWELL[OLD]],
    },
    expectations: [warned("era-detection", "that is how the client finds out that this server speaks the old revision")],
  },
  {
    subject: "oidc-provider, SDK 1",
    name: "a token is revoked",
    world: { ...PROVIDER, ...SDK_1, quirks: { revokes: true } },
    client: { revision: OLD, ...byItself },
    wanted: { ...arrival(OLD), ...refreshed(OLD) },
    expectations: [warned("token-validity", "this server has revoked the token")],
  },
  {
    subject: "oidc-provider, SDK 1",
    name: "tokens are given back",
    world: { ...PROVIDER, ...SDK_1 },
    client: { revision: OLD, ...byItself, flags: ["--revoke"] },
    wanted: { ...arrival(OLD), returned: ["refresh_token 200"] },
  },
  {
    subject: "oidc-provider, SDK 1",
    name: "the session is forgotten",
    world: { ...PROVIDER, ...SDK_1, quirks: { forgets: true } },
    client: { revision: OLD, ...byItself },
    wanted: {
      ...arrival(OLD),
      calls: [
        ...[REFUSED[OLD], ...GREETING[OLD], "list_books 200", "borrow_book 403", "borrow_book 404"],
        ...["initialize 200", "notifications/initialized 202", "borrow_book 200", ...FAREWELL[OLD]],
      ],
    },
    expectations: [warned("session-expired", "this server has lost the session")],
  },
  {
    subject: "oidc-provider, SDK 2",
    name: "registered",
    world: { ...PROVIDER, ...SDK_2 },
    client: { revision: NEW, ...byItself },
    wanted: arrival(NEW),
  },
  {
    subject: "oidc-provider, SDK 2",
    name: "metadata document",
    world: { ...PROVIDER, ...SDK_2, ...reading },
    client: { revision: NEW, ...byDocument },
    wanted: { ...arrival(NEW), ...unregistered },
  },
  {
    subject: "oidc-provider, SDK 2",
    name: "the first way is the document",
    world: { ...PROVIDER, ...SDK_2, ...reading },
    client: { revision: NEW, ...byAnyWay },
    wanted: { ...arrival(NEW), ...unregistered },
  },
  {
    subject: "oidc-provider, SDK 2",
    name: "answers are streams",
    world: { ...PROVIDER, ...SDK_2, quirks: { streams: true } },
    client: { revision: NEW, ...byItself },
    wanted: arrival(NEW),
  },
  {
    subject: "oidc-provider, SDK 2",
    name: "the older revision",
    world: { ...PROVIDER, ...SDK_2 },
    client: { revision: OLD, ...byItself },
    // It has no sessions, so there is none to leave.
    wanted: { ...arrival(OLD), calls: [REFUSED[OLD], ...GREETING[OLD], ...CALLS] },
  },
  {
    subject: "oidc-provider, SDK 2",
    name: "either revision",
    world: { ...PROVIDER, ...SDK_2 },
    client: { revision: "auto", ...byItself },
    wanted: arrival(NEW),
  },
  {
    subject: "oidc-provider, SDK 2",
    name: "a token is revoked",
    world: { ...PROVIDER, ...SDK_2, quirks: { revokes: true } },
    client: { revision: NEW, ...byItself },
    wanted: { ...arrival(NEW), ...refreshed(NEW) },
    expectations: [warned("token-validity", "this server has revoked the token")],
  },
  {
    subject: "oidc-provider with a path, SDK 2",
    name: "registered",
    world: { ...PROVIDER, ...SDK_2, issuerPath: "/tenant" },
    client: { revision: NEW, ...byItself },
    wanted: {
      ...arrival(NEW),
      lookups: [
        "MCP server /.well-known/oauth-protected-resource/mcp 200",
        "authorization server /.well-known/oauth-authorization-server/tenant 404",
        "authorization server /.well-known/openid-configuration/tenant 404",
        "authorization server /tenant/.well-known/openid-configuration 200",
      ],
    },
    expectations: [warned("server-metadata-location", "this server has its metadata at the last address that is tried")],
  },
  {
    subject: "SDK 1, SDK 1",
    name: "registered",
    world: { ...SDK_AS, ...SDK_1 },
    client: { revision: OLD, ...byItself },
    wanted: { ...arrival(OLD), results: results("an unknown reader") },
  },
  {
    subject: "SDK 1, SDK 1",
    name: "the first way is to register",
    world: { ...SDK_AS, ...SDK_1 },
    client: { revision: OLD, ...byAnyWay },
    wanted: { ...arrival(OLD), results: results("an unknown reader") },
  },
  {
    subject: "SDK 1, SDK 2 at the root",
    name: "registered",
    world: { ...SDK_AS, ...SDK_2, mcpPath: "/" },
    client: { revision: NEW, ...byItself },
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

/** A token is refused: the person is not asked again, but the client looks whether it still has to do with the same servers. */
function refreshed(revision) {
  const { lookups } = arrival(revision);
  return {
    lookups: [...lookups, ...lookups],
    tokens: ["authorization_code by none 200", "refresh_token by none 200", "authorization_code by none 200"],
    calls: [
      ...[REFUSED[revision], ...GREETING[revision], "list_books 200", "borrow_book 401"],
      ...["borrow_book 403", "borrow_book 200", ...FAREWELL[revision]],
    ],
  };
}

/** The client finds a server wanting, and goes on. */
function warned(rule, reason) {
  return { check: rule, status: "WARNED", reason };
}

/** The client finds a server wanting, and stops. */
function stopped(rule, reason) {
  return { check: rule, status: "STOPPED", reason };
}

// How far the client gets before it notices a lie.
const registers = { registrations: registered(OLD) };
const asks = { ...registers, authorizations: ["books:read"] };
const redeems = { ...asks, tokens: ["authorization_code by none 200"] };

/** The lies that end a journey: the rule that is broken, and what was done until then. */
const lies = [
  ["another resource", "resource-identity", {}],
  ["another issuer", "issuer-identity", {}],
  ["no PKCE methods", "pkce-advertised", {}],
  ["plain PKCE alone", "pkce-advertised", {}],
  ["no iss", "iss-parameter", asks],
  ["another iss", "iss-parameter", asks],
  ["another state", "state", asks],
  ["another token type", "token-response", redeems],
];

const ending = [
  ...lies.map(([lie, rule, done]) => ({
    subject: "oidc-provider, SDK 1",
    name: `a lie: ${lie}`,
    world: { ...PROVIDER, ...SDK_1, lie },
    client: { revision: OLD, ...byItself },
    wanted: { ...end(OLD, rule), ...done },
    expectations: [stopped(rule, "it is a lie")],
  })),
  {
    subject: "oidc-provider, SDK 2",
    name: "a lie: an answer to something else",
    world: { ...PROVIDER, ...SDK_2, lie: "an answer to something else" },
    client: { revision: NEW, ...byItself },
    wanted: {
      ...end(NEW, "transport"),
      ...redeems,
      registrations: registered(NEW),
      authorizations: [scopes(NEW, "books:read")],
      calls: [REFUSED[NEW], "server/discover 200"],
    },
    expectations: [stopped("transport", "it is a lie")],
  },
  neverEnough("oidc-provider, SDK 1", OLD, SDK_1),
  neverEnough("oidc-provider, SDK 2", NEW, SDK_2),
];

/** A server that wants more whatever it gets. The person is asked three times, and not once more. */
function neverEnough(subject, revision, server) {
  const more = scopes(revision, "books:burn", "books:read");
  return {
    subject,
    name: "never enough",
    world: { ...PROVIDER, ...server, quirks: { unattainable: "books:burn" } },
    client: { revision, ...byItself },
    wanted: {
      ...end(revision, "step-up"),
      registrations: registered(revision),
      authorizations: [scopes(revision, "books:read"), more, more],
      tokens: Array(3).fill("authorization_code by none 200"),
      calls: [REFUSED[revision], ...GREETING[revision], ...Array(3).fill("list_books 403")],
    },
    expectations: [stopped("step-up", "nobody gets that scope")],
  };
}

const everywhere = warned("challenge-without-error", "both SDKs name an error where there was no token either");

export const journeys = [...arriving, ...ending].map((journey) => ({
  ...journey,
  expectations: [everywhere, ...(journey.expectations ?? [])],
}));
