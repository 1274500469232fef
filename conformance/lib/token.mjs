// An access token of the lab, the way a client gets one: registered, authorized by the person, redeemed.
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { authorize } from "./person.mjs";

const PATIENCE = () => AbortSignal.timeout(10_000);

/** Gets a token for the lab's MCP server with these scopes. */
export async function accessToken(lab, scope) {
  const callback = await listen();
  try {
    const clientId = await register(lab, callback.url);
    const verifier = randomBytes(32).toString("base64url");
    const state = randomBytes(16).toString("base64url");
    const request = new URL(`${lab.authorizationServer}/authorize`);
    request.search = new URLSearchParams({
      response_type: "code",
      client_id: clientId,
      redirect_uri: callback.url,
      resource: lab.mcpServer,
      code_challenge: createHash("sha256").update(verifier).digest("base64url"),
      code_challenge_method: "S256",
      scope,
      state,
    });
    await authorize(request.href, callback.url);
    const answer = await callback.answer;
    if (answer.get("state") !== state || answer.get("iss") !== lab.authorizationServer) {
      throw new Error(`this is no answer to the request: ${answer}`);
    }
    return await redeem(lab, {
      grant_type: "authorization_code",
      code: answer.get("code"),
      code_verifier: verifier,
      client_id: clientId,
      redirect_uri: callback.url,
      resource: lab.mcpServer,
    });
  } finally {
    callback.close();
  }
}

/** Waits for the browser on a port of its own. */
function listen() {
  let answered;
  const answer = new Promise((resolve) => (answered = resolve));
  const server = createServer((request, response) => {
    answered(new URL(request.url, "http://localhost").searchParams);
    response.end("done");
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const url = `http://127.0.0.1:${server.address().port}/callback`;
      resolve({ url, answer, close: () => server.close() });
    });
  });
}

async function register(lab, redirectUri) {
  const response = await fetch(`${lab.authorizationServer}/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      client_name: "Conformance proxy",
      redirect_uris: [redirectUri],
      token_endpoint_auth_method: "none",
      application_type: "native",
    }),
    signal: PATIENCE(),
  });
  return (await expect(201, response)).client_id;
}

async function redeem(lab, parameters) {
  const response = await fetch(`${lab.authorizationServer}/token`, {
    method: "POST",
    body: new URLSearchParams(parameters),
    signal: PATIENCE(),
  });
  return (await expect(200, response)).access_token;
}

async function expect(status, response) {
  const text = await response.text();
  if (response.status !== status) throw new Error(`${response.url} answered ${response.status}: ${text}`);
  return JSON.parse(text);
}
