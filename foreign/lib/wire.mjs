// What a client did, as the gates have seen it. Each view is a list of sentences in the order of the events.

/** Where it looked for documents about the servers. */
export function lookups(seen) {
  return seen
    .filter(({ method, path }) => method === "GET" && path.includes("/.well-known/"))
    .map(({ server, path, status }) => `${server} ${path} ${status}`);
}

/** Its authorization requests, by the scopes. */
export function authorizations(seen) {
  return authorizationRequests(seen).map(({ query }) => sorted(query.scope ?? ""));
}

/** Its token requests: the grant, how it said who it is, and the answer. */
export function tokens(seen) {
  return tokenRequests(seen).map(
    (request) => `${request.form.grant_type} by ${authentication(request)} ${request.status}`,
  );
}

function authentication({ credentials, form }) {
  if (credentials) return credentials;
  return form.client_secret ? "post" : "none";
}

/** What it sent to the MCP server: methods and tools with the answers, and the end of its session. */
export function calls(seen) {
  return seen
    .filter(({ server, path }) => server === "MCP server" && !path.includes("/.well-known/"))
    .map(({ method, message, status }) => `${message?.params?.name ?? message?.method ?? method} ${status}`);
}

/** The rules that no journey may break, each with what breaks it. */
export function breaches(seen, resource) {
  const requests = authorizationRequests(seen);
  const named = [...requests.map(({ query }) => query), ...tokenRequests(seen).map(({ form }) => form)];
  const atMcpServer = ({ server, path }) => server === "MCP server" && path === new URL(resource).pathname;
  return {
    "names the resource": named.filter((parameters) => parameters.resource !== resource),
    "uses PKCE with S256": requests.filter(({ query }) => query.code_challenge_method !== "S256"),
    "has a new challenge each time": repeated(requests.map(({ query }) => query.code_challenge)),
    "has a new state each time": repeated(requests.map(({ query }) => query.state)),
    "shows the token to the MCP server alone": seen.filter(
      (exchange) => (exchange.credentials === "bearer" && !atMcpServer(exchange)) || exchange.query?.access_token,
    ),
  };
}

function authorizationRequests(seen) {
  return seen.filter(({ server, query }) => server === "authorization server" && query?.response_type);
}

function tokenRequests(seen) {
  return seen.filter(({ server, form }) => server === "authorization server" && form?.grant_type);
}

function repeated(values) {
  return values.filter((value, index) => values.indexOf(value) !== index);
}

function sorted(scope) {
  return scope.split(" ").sort().join(" ");
}
