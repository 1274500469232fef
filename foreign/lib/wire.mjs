// What a client did, as the gates have seen it. Each view is a list of sentences in the order of the events.

const AS = "authorization server";
const MCP_SERVER = "MCP server";
const SECRETS = ["code", "code_verifier", "refresh_token", "client_secret"];

/** Where it looked for documents about the servers. */
export function lookups(seen) {
  return seen
    .filter(({ method, path }) => method === "GET" && path.includes("/.well-known/"))
    .map(({ server, path, status }) => `${server} ${path} ${status}`);
}

/** What it said of itself where it registered: where it runs, how it wants to say who it is; and the answer. */
export function registrations(seen) {
  return seen
    .filter(({ server, message }) => server === AS && message?.redirect_uris)
    .map(({ message, status }) => {
      const { application_type = "somewhere", token_endpoint_auth_method } = message;
      return `${application_type} by ${token_endpoint_auth_method} ${status}`;
    });
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

/** The tokens that it gave back, and the answers. */
export function returned(seen) {
  return seen
    .filter(({ server, form }) => server === AS && form?.token_type_hint)
    .map(({ form, status }) => `${form.token_type_hint} ${status}`);
}

function authentication({ credentials, form }) {
  if (credentials) return credentials;
  return form.client_secret ? "post" : "none";
}

/** What it sent to the MCP server: methods and tools with the answers, and the end of its session. */
export function calls(seen) {
  return seen
    .filter(({ server, path }) => server === MCP_SERVER && !path.includes("/.well-known/"))
    .map(({ method, message, status }) => `${message?.params?.name ?? message?.method ?? method} ${status}`);
}

/** The rules that no journey may break, each with what breaks it. */
export function breaches(seen, resource) {
  const requests = authorizationRequests(seen);
  const named = [...requests.map(({ query }) => query), ...tokenRequests(seen).map(({ form }) => form)];
  const atMcpServer = ({ server, path }) => server === MCP_SERVER && path === new URL(resource).pathname;
  return {
    "names the resource": named.filter((parameters) => parameters.resource !== resource),
    "uses PKCE with S256": requests.filter(({ query }) => query.code_challenge_method !== "S256"),
    "has a new challenge each time": repeated(requests.map(({ query }) => query.code_challenge)),
    "has a new state each time": repeated(requests.map(({ query }) => query.state)),
    "shows the token to the MCP server alone": seen.filter(
      (exchange) => (exchange.credentials === "bearer" && !atMcpServer(exchange)) || exchange.query?.access_token,
    ),
    "shows its secrets to the token endpoint alone": seen.filter(
      (exchange) => !isTokenRequest(exchange) && SECRETS.some((name) => exchange.form?.[name] || exchange.query?.[name]),
    ),
  };
}

function authorizationRequests(seen) {
  return seen.filter(({ server, query }) => server === AS && query?.response_type);
}

function tokenRequests(seen) {
  return seen.filter(isTokenRequest);
}

function isTokenRequest({ server, form }) {
  return server === AS && form?.grant_type;
}

function repeated(values) {
  return values.filter((value, index) => values.indexOf(value) !== index);
}

function sorted(scope) {
  return scope.split(" ").sort().join(" ");
}
