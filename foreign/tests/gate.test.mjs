import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { listen, openGate } from "../lib/gate.mjs";
import { lies } from "../lib/lies.mjs";

/** A server that answers so, behind a gate. `told` is what the gate told. */
async function open(context, answer, lie) {
  const told = [];
  const server = createServer(answer);
  const gate = await openGate((exchange) => told.push(exchange));
  gate.leadTo(await listen(server));
  gate.lie(lie);
  context.after(() => {
    gate.close();
    server.close();
  });
  return { server, told, origin: gate.origin };
}

const form = (parameters) => ({ method: "POST", body: new URLSearchParams(parameters) });

test("what passes is told, but no secret", async (context) => {
  const { told, origin } = await open(context, (request, response) => response.writeHead(201).end());
  const secrets = { code: "S", code_verifier: "S", refresh_token: "S", client_secret: "S", token: "S", password: "S" };
  await fetch(`${origin}/token?state=s`, {
    ...form({ grant_type: "g", ...secrets }),
    headers: { authorization: "Bearer S" },
  });
  const [{ method, path, status, query, form: sent, credentials }] = told;
  assert.deepEqual([method, path, status, query, credentials], ["POST", "/token", 201, { state: "s" }, "bearer"]);
  assert.equal(sent.grant_type, "g");
  assert.doesNotMatch(JSON.stringify(told), /"S"/);
});

test("a stream comes through piece by piece", async (context) => {
  const { server, origin } = await open(context, (request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
    // The second piece comes when the first one has arrived.
    server.once("next", () => response.end("data: 2\n\n"));
  });
  const reader = (await fetch(origin)).body.getReader();
  const text = async () => new TextDecoder().decode((await reader.read()).value);
  assert.equal(await text(), "data: 1\n\n");
  server.emit("next");
  assert.equal(await text(), "data: 2\n\n");
});

const document = JSON.stringify({
  issuer: "http://as",
  resource: "http://rs",
  code_challenge_methods_supported: ["S256"],
});

test("a lie about a document changes that alone", async (context) => {
  const told = async (lie, server = "authorizationServer") => {
    const { origin } = await open(context, (request, response) => response.end(document), lies[server][lie]);
    assert.equal(await (await fetch(`${origin}/other`)).text(), document);
    return (await fetch(`${origin}/.well-known/x`)).json();
  };
  assert.equal((await told("no PKCE methods")).code_challenge_methods_supported, undefined);
  assert.deepEqual((await told("plain PKCE alone")).code_challenge_methods_supported, ["plain"]);
  assert.equal((await told("another issuer")).issuer, "http://as/other");
  assert.equal((await told("another resource", "mcpServer")).resource, "http://rs/other");
});

test("a lie about an answer changes that alone", async (context) => {
  const answer = JSON.stringify({ token_type: "Bearer", id: 1 });
  const told = async (lie, path) => {
    const { origin } = await open(context, (request, response) => response.end(answer), lie);
    assert.equal(await (await fetch(`${origin}/other`)).text(), answer);
    return (await fetch(origin + path)).json();
  };
  assert.equal((await told(lies.authorizationServer["another token type"], "/token")).token_type, "DPoP");
  assert.equal((await told(lies.mcpServer["an answer to something else"], "/mcp")).id, 2);
});

test("a lie about the way back changes that alone", async (context) => {
  const told = async (lie, location = "http://client/callback?code=c&state=s&iss=http%3A%2F%2Fas") => {
    const { origin } = await open(
      context,
      (request, response) => response.writeHead(303, { location }).end(),
      lies.authorizationServer[lie],
    );
    return (await fetch(origin, { redirect: "manual" })).headers.get("location");
  };
  assert.equal(await told("no iss"), "http://client/callback?code=c&state=s");
  assert.equal(await told("another iss"), "http://client/callback?code=c&state=s&iss=http%3A%2F%2Fas%2F");
  assert.equal(await told("another state"), "http://client/callback?code=c&state=of-somebody-else&iss=http%3A%2F%2Fas");
  assert.equal(await told("no iss", "/sign-in?iss=1"), "/sign-in?iss=1");
});
