import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { authorize } from "../lib/person.mjs";
import { readPage } from "../lib/page.mjs";

const signIn = `<h1>Sign in</h1><form method="post" action="/sign-in"><input type="hidden" name="csrf" value="a&amp;b">
  <button name="person" value="alice">Alice</button><button name="person" value="bob">Bob</button></form>`;
const consent = `<form method="post" action="/sign-out"><button>not you?</button></form>
  <form method="post" action="/consent"><input type="checkbox" name="scope" value="x" checked>
  <input type="checkbox" name="scope" value="y"><button name="decision" value="deny">Deny</button>
  <button name="decision" value="allow">Allow</button></form>`;

/** An authorization server by these answers, `"GET /path": [status, headers, body]`. `requests` is what it has seen. */
async function serve(context, answers) {
  const requests = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const line = `${request.method} ${request.url}`;
    requests.push([line, request.headers.cookie, body].filter(Boolean).join(" | "));
    const [status, headers = {}, page = ""] = answers[line] ?? [404, {}, "<h1>Nothing here</h1>"];
    response.writeHead(status, headers).end(page);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => server.close());
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { origin, requests, walk: () => authorize(`${origin}/authorize`, `${origin}/callback`) };
}

test("the person signs in, allows, and is led back", async (context) => {
  const { requests, walk } = await serve(context, {
    "GET /authorize": [303, { location: "/sign-in?request=1", "set-cookie": ["s=1; Path=/; HttpOnly", "t=2"] }],
    "GET /sign-in?request=1": [200, {}, signIn],
    "POST /sign-in": [303, { location: "/consent", "set-cookie": ["s=3", "t=; Max-Age=0"] }],
    "GET /consent": [200, {}, consent],
    "POST /consent": [302, { location: "/callback?code=c" }],
    "GET /callback?code=c": [200],
  });
  await walk();
  assert.deepEqual(requests, [
    "GET /authorize",
    "GET /sign-in?request=1 | s=1; t=2",
    "POST /sign-in | s=1; t=2 | csrf=a%26b&person=alice",
    "GET /consent | s=3",
    "POST /consent | s=3 | scope=x&decision=allow",
    "GET /callback?code=c | s=3",
  ]);
});

test("a refusal is told by its headline", async (context) => {
  const { walk } = await serve(context, { "GET /authorize": [400, {}, "<h1>Unknown\n client</h1>"] });
  await assert.rejects(walk(), /answered 400: Unknown client/);
});

test("a page without a known form is not guessed at", async (context) => {
  const form = '<h1>Survey</h1><form method="post" action="/survey"><button name="decision" value="allow"></form>';
  const { walk } = await serve(context, { "GET /authorize": [200, {}, form] });
  await assert.rejects(walk(), /nothing that the person could answer: Survey/);
});

test("a redirect that would send the form on is refused", async (context) => {
  const { walk } = await serve(context, {
    "GET /authorize": [200, {}, consent],
    "POST /consent": [307, { location: "/callback" }],
  });
  await assert.rejects(walk(), /redirects with 307/);
});

test("nobody is followed to a stranger, nor in circles", async (context) => {
  const away = await serve(context, { "GET /authorize": [303, { location: "http://127.0.0.2:1/callback" }] });
  await assert.rejects(away.walk(), /stranger: http:\/\/127\.0\.0\.2:1/);
  const circle = await serve(context, { "GET /authorize": [303, { location: "/authorize" }] });
  await assert.rejects(circle.walk(), /after 20 pages and redirects/);
});

test("a control that is not understood is not left out", () => {
  assert.throws(() => readPage('<form><input type="file"></form>', "http://a/"), /does not know: file/);
});
