// What is to be found of a journey, in the names of `verdict.mjs`.

/** The revisions: with sessions, and without. */
export const OLD = "2025-11-25";
export const NEW = "2026-07-28";

/** How a client is sent away first, and how it then greets the MCP server and learns of its tools. */
export const REFUSED = { [OLD]: "initialize 401", [NEW]: "server/discover 401" };
export const GREETING = {
  [OLD]: ["initialize 200", "notifications/initialized 202", "tools/list 200"],
  [NEW]: ["server/discover 200", "tools/list 200"],
};
/** How it calls the tools, of which the second takes one scope more, and how it leaves. */
export const CALLS = ["list_books 200", "borrow_book 403", "borrow_book 200"];
export const FAREWELL = { [OLD]: ["DELETE 200"], [NEW]: [] };

/** The rules by which a client believes what it is told, and without which it would be led anywhere. */
const BELIEF = [
  ...["resource-identity", "issuer-identity", "endpoint-urls", "pkce-advertised"],
  ...["redirect-exact", "iss-parameter", "state", "token-response", "protocol-version"],
];

/** Scopes of an authorization request. The new revision adds the one for refresh tokens, where that is on offer. */
export function scopes(revision, ...names) {
  return [...names, ...(revision === NEW ? ["offline_access"] : [])].join(" ");
}

/** What the tools say to this reader. */
export function results(reader) {
  return [`${reader} can choose between Dune and Emma`, `Dune is lent to ${reader}`];
}

/** Two tokens, for which the client says in this way who it is. */
export function twoTokens(way) {
  return [`authorization_code by ${way} 200`, `authorization_code by ${way} 200`];
}

/** What a client says of itself where it registers. The old revision has no word for where it runs. */
export function registered(revision, way = "none") {
  return [`${revision === NEW ? "native" : "somewhere"} by ${way} 201`];
}

/** A journey that arrives by one step-up, as a public client that has registered. */
export function arrival(revision) {
  return {
    "exit status": 0,
    success: true,
    revision,
    granted: "books:borrow books:read",
    results: results("grace"),
    verified: BELIEF,
    lookups: [
      "MCP server /.well-known/oauth-protected-resource/mcp 200",
      "authorization server /.well-known/oauth-authorization-server 200",
    ],
    registrations: registered(revision),
    authorizations: [scopes(revision, "books:read"), scopes(revision, "books:borrow", "books:read")],
    tokens: twoTokens("none"),
    calls: [REFUSED[revision], ...GREETING[revision], ...CALLS, ...FAREWELL[revision]],
    returned: [],
  };
}

/** A journey that ends because a rule is broken, before anything was asked of anybody. */
export function end(revision, rule) {
  return {
    "exit status": 1,
    success: false,
    failure: rule,
    registrations: [],
    authorizations: [],
    tokens: [],
    calls: [REFUSED[revision]],
    returned: [],
  };
}
