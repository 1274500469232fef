import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { test } from "node:test";
import { accessToken } from "../lib/token.mjs";

/** An authorization server that asks nobody. `changes` are made to its answer to the authorization request. */
async function serve(context, changes = {}) {
  const seen = {};
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    const { origin, pathname, searchParams } = new URL(request.url, `http://${request.headers.host}`);
    switch (`${request.method} ${pathname}`) {
      case "POST /register":
        seen.registration = JSON.parse(body);
        return response.writeHead(201).end('{"client_id":"c"}');
      case "GET /authorize": {
        seen.request = Object.fromEntries(searchParams);
        const answer = { code: "a code", state: seen.request.state, iss: origin, ...changes };
        const location = `${seen.request.redirect_uri}?${new URLSearchParams(answer)}`;
        return response.writeHead(302, { location }).end();
      }
      case "POST /token":
        seen.redemption = Object.fromEntries(new URLSearchParams(body));
        return response.writeHead(changes.code ? 400 : 200).end('{"access_token":"T"}');
      default:
        return response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => server.close());
  const authorizationServer = `http://127.0.0.1:${server.address().port}`;
  return { seen, get: () => accessToken({ authorizationServer, mcpServer: "http://localhost:8001/mcp" }, "a b") };
}

test("a token is asked for the way a client does", async (context) => {
  const { seen, get } = await serve(context);
  assert.equal(await get(), "T");
  const { registration, request, redemption } = seen;
  const { code_challenge, state, ...asked } = request;
  assert.ok(state.length >= 16);
  assert.equal(createHash("sha256").update(redemption.code_verifier).digest("base64url"), code_challenge);
  assert.deepEqual(registration.redirect_uris, [asked.redirect_uri]);
  assert.deepEqual(asked, {
    response_type: "code",
    client_id: "c",
    redirect_uri: asked.redirect_uri,
    resource: "http://localhost:8001/mcp",
    code_challenge_method: "S256",
    scope: "a b",
  });
  assert.deepEqual([redemption.code, redemption.resource], ["a code", asked.resource]);
});

test("an answer to something else, or of somebody else, is not redeemed", async (context) => {
  for (const changes of [{ state: "another" }, { iss: "http://as.example" }]) {
    const { seen, get } = await serve(context, changes);
    await assert.rejects(get(), /no answer to the request/);
    assert.equal(seen.redemption, undefined);
  }
});

test("a refusal is told with what it says", async (context) => {
  const { get } = await serve(context, { code: "used" });
  await assert.rejects(get(), /\/token answered 400: \{/);
});
