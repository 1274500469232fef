import assert from "node:assert/strict";
import { test } from "node:test";
import { authorizations, breaches, calls, lookups, registrations, returned, tokens } from "../lib/wire.mjs";

const resource = "http://127.0.0.1:1/mcp";
const AS = "authorization server";
const MCP = "MCP server";
const asked = { server: AS, method: "GET", path: "/auth", status: 303 };
const query = {
  response_type: "code",
  resource,
  scope: "b a",
  code_challenge: "1",
  code_challenge_method: "S256",
  state: "1",
};
const redeemed = { server: AS, method: "POST", path: "/token", status: 200 };
const form = { grant_type: "authorization_code", resource };
const called = { server: MCP, method: "POST", path: "/mcp", status: 200, credentials: "bearer" };

test("documents are looked up at the well-known addresses", () => {
  const seen = [
    { server: MCP, method: "GET", path: "/.well-known/x", status: 404 },
    { server: AS, method: "GET", path: "/t/.well-known/y", status: 200 },
    { server: AS, method: "GET", path: "/jwks", status: 200 },
  ];
  assert.deepEqual(lookups(seen), ["MCP server /.well-known/x 404", "authorization server /t/.well-known/y 200"]);
});

test("a registration is told by what the client says of itself", () => {
  const message = { redirect_uris: [], token_endpoint_auth_method: "none" };
  const seen = [
    { server: AS, method: "POST", path: "/reg", status: 201, message: { ...message, application_type: "native" } },
    { server: AS, method: "POST", path: "/reg", status: 400, message },
    { ...called, message: { method: "tools/list" } },
  ];
  assert.deepEqual(registrations(seen), ["native by none 201", "somewhere by none 400"]);
});

test("a token that is given back is told by its kind", () => {
  const seen = [
    { ...redeemed, form: { token: "•••", token_type_hint: "refresh_token" } },
    { ...redeemed, form },
  ];
  assert.deepEqual(returned(seen), ["refresh_token 200"]);
});

test("an authorization request is told from the person's pages", () => {
  const seen = [
    { ...asked, query },
    { ...asked, path: "/interaction/1" },
    { ...asked, query: { ...query, scope: undefined } },
  ];
  assert.deepEqual(authorizations(seen), ["a b", ""]);
});

test("who asks for a token is said in the header, in the body, or not at all", () => {
  const seen = [
    { ...redeemed, form, credentials: "basic" },
    { ...redeemed, form: { ...form, client_secret: "•••" }, status: 401 },
    { ...redeemed, form: { ...form, grant_type: "refresh_token" } },
    { ...redeemed, path: "/interaction/1", form: { login: "grace" } },
  ];
  assert.deepEqual(tokens(seen), [
    "authorization_code by basic 200",
    "authorization_code by post 401",
    "refresh_token by none 200",
  ]);
});

test("a call is named by its tool, its method, or the verb", () => {
  const message = (method, params) => ({ ...called, message: { method, params } });
  const seen = [message("tools/list"), message("tools/call", { name: "t" }), { ...called, method: "DELETE" }];
  assert.deepEqual(calls(seen), ["tools/list 200", "t 200", "DELETE 200"]);
});

test("of an honest journey no rule is broken", () => {
  const again = { ...query, code_challenge: "2", state: "2" };
  const found = breaches([{ ...asked, query }, { ...asked, query: again }, { ...redeemed, form }, called], resource);
  assert.deepEqual(Object.values(found).flat(), []);
});

test("each rule is broken by what breaks it", () => {
  const broken = (...seen) =>
    Object.entries(breaches(seen, resource)).flatMap(([rule, found]) => (found.length ? [rule] : []));
  assert.deepEqual(broken({ ...asked, query: { ...query, resource: undefined } }), ["names the resource"]);
  assert.deepEqual(broken({ ...redeemed, form: { ...form, resource: `${resource}/` } }), ["names the resource"]);
  assert.deepEqual(broken({ ...asked, query: { ...query, code_challenge_method: "plain" } }), ["uses PKCE with S256"]);
  const other = { ...query, state: "2" };
  assert.deepEqual(broken({ ...asked, query }, { ...asked, query: other }), ["has a new challenge each time"]);
  assert.deepEqual(broken({ ...asked, query }, { ...asked, query: { ...query, code_challenge: "2" } }), [
    "has a new state each time",
  ]);
  for (const leak of [
    { ...called, server: AS },
    { ...called, path: "/" },
    { ...called, query: { access_token: "T" } },
  ]) {
    assert.deepEqual(broken(leak), ["shows the token to the MCP server alone"]);
  }
});
