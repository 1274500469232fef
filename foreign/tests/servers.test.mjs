import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { SignJWT, exportJWK, generateKeyPair } from "jose";
import { listen } from "../lib/gate.mjs";
import { startWorld } from "../lib/world.mjs";
import { mcpServer as sdk1 } from "../servers/mcp-sdk-1.mjs";
import { mcpServer as sdk2 } from "../servers/mcp-sdk-2.mjs";
import { introspectionVerifier, jwtVerifier } from "../servers/tokens.mjs";

async function serve(context, handler) {
  const server = createServer(handler);
  context.after(() => server.close());
  return `http://127.0.0.1:${await listen(server)}`;
}

const refusal = (reason) => new Error(`refused: ${reason}`);

test("a JWT is believed only of the right maker, for the right resource, as an access token, in time", async (context) => {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const keys = { keys: [{ ...(await exportJWK(publicKey)), alg: "RS256" }] };
  const issuer = await serve(context, (request, response) => response.end(JSON.stringify(keys)));
  const verify = jwtVerifier({ issuer, jwks_uri: `${issuer}/jwks` }, "http://rs/mcp", refusal);
  const right = {
    iss: issuer,
    aud: "http://rs/mcp",
    exp: Date.now() / 1000 + 60,
    sub: "grace",
    client_id: "c",
    scope: "a b",
  };
  const token = (claims, typ = "at+jwt") =>
    new SignJWT({ ...right, ...claims }).setProtectedHeader({ alg: "RS256", typ }).sign(privateKey);

  const { scopes, clientId, extra } = await verify(await token({}));
  assert.deepEqual([scopes, clientId, extra.subject], [["a", "b"], "c", "grace"]);
  for (const wrong of [{ iss: "http://other" }, { aud: "http://rs" }, { exp: 1 }]) {
    await assert.rejects(verify(await token(wrong)), /^Error: refused/, JSON.stringify(wrong));
  }
  await assert.rejects(verify(await token({}, "JWT")), /^Error: refused/);
  await assert.rejects(verify("nonsense"), /^Error: refused/);
});

test("an opaque token is believed only if it is active, and for the right resource", async (context) => {
  let said = { active: true, client_id: "c", scope: "a", exp: 1, aud: "http://rs/mcp" };
  const introspection_endpoint = await serve(context, (request, response) => response.end(JSON.stringify(said)));
  const verify = introspectionVerifier({ introspection_endpoint }, "http://rs/mcp", refusal);
  assert.deepEqual((await verify("t")).scopes, ["a"]);
  said = { ...said, aud: "http://rs" };
  await assert.rejects(verify("t"), /refused: for another resource/);
  said = { active: false };
  await assert.rejects(verify("t"), /refused: not active/);
});

/** An MCP server for which a token is its scopes, joined by `+`. Gives a function that calls a tool, or sends another message. */
async function library(context, mcpServer, quirks) {
  const verifier = () => async (token) => ({
    token,
    clientId: "c",
    scopes: token.split("+"),
    expiresAt: Date.now() / 1000 + 60,
  });
  let handler;
  const origin = await serve(context, (request, response) => handler(request, response));
  const resource = `${origin}/mcp`;
  handler = mcpServer({ resource, oauthMetadata: { issuer: "http://localhost" }, verifier, quirks });
  const send = async (message, token, session = {}) => {
    const response = await fetch(resource, {
      method: "POST",
      headers: {
        accept: "application/json, text/event-stream",
        "content-type": "application/json",
        ...(token && { authorization: `Bearer ${token}` }),
        ...session,
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, ...message }),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  return {
    send,
    call: (name, token, session) => send({ method: "tools/call", params: { name, arguments: {} } }, token, session),
  };
}

const initialize = {
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } },
};

for (const [name, mcpServer] of Object.entries({ sdk1, sdk2 })) {
  test(`${name} asks for a token, and for the scopes of a tool`, async (context) => {
    const { send, call } = await library(context, mcpServer, {});
    const challenge = async ({ status, headers }) => [status, headers.get("www-authenticate").match(/ scope="(.*?)"/)[1]];
    assert.deepEqual(await challenge(await send(initialize)), [401, "books:read"]);
    assert.deepEqual(await challenge(await call("list_books", "other")), [403, "books:read"]);
    assert.deepEqual(await challenge(await call("borrow_book", "books:read")), [403, "books:read books:borrow"]);
  });

  test(`${name} can be hard to please`, async (context) => {
    const unattainable = await library(context, mcpServer, { unattainable: "books:burn" });
    assert.equal((await unattainable.send(initialize, "books:read")).status, 200);
    assert.equal((await unattainable.call("list_books", "books:read+books:borrow")).status, 403);

    const { call } = await library(context, mcpServer, { revokes: true });
    const statuses = [];
    for (const token of ["books:read", "books:read", "books:read+more", "books:read+more"]) {
      statuses.push((await call("list_books", token)).status === 401);
    }
    assert.deepEqual(statuses, [false, true, false, false]);
  });
}

test("a session is known until it is forgotten, once", async (context) => {
  const { send, call } = await library(context, sdk1, { forgets: true });
  const open = async () => {
    const { headers } = await send(initialize, "books:read");
    return { "mcp-session-id": headers.get("mcp-session-id") };
  };
  const first = await open();
  assert.match((await call("list_books", "books:read", first)).text, /an unknown reader can choose/);
  assert.equal((await call("list_books", "books:read", first)).status, 404);
  const second = await open();
  assert.equal((await call("list_books", "books:read", second)).status, 200);
  assert.equal((await call("list_books", "books:read", second)).status, 200);
});

test("a world that cannot be says why", async () => {
  await assert.rejects(
    startWorld({ authorizationServer: "nobody" }),
    /The world did not start: it ended by itself[\s\S]+as-nobody/,
  );
});
