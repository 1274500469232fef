// What an exchange was, in the words of the protocols: told by what went over the wire, not by what the client says of it.

const SECRETS = ["code", "code_verifier", "refresh_token", "client_secret", "token", "password"];

/** What a request and the status of its answer come to. Of secrets it says that they were there. */
export function account({ method, url, headers }, body, status) {
  const { pathname, searchParams } = new URL(url, "http://gate");
  const type = headers["content-type"]?.split(";")[0];
  return {
    method,
    path: pathname,
    status,
    query: masked(searchParams),
    form: type === "application/x-www-form-urlencoded" ? masked(new URLSearchParams(body.toString())) : undefined,
    message: type === "application/json" ? JSON.parse(body) : undefined,
    credentials: headers.authorization?.split(" ")[0].toLowerCase(),
    version: headers["mcp-protocol-version"],
    session: headers["mcp-session-id"],
  };
}

function masked(parameters) {
  const entries = [...parameters].map(([name, value]) => [name, SECRETS.includes(name) ? "•••" : value]);
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}
