import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { headers, startProxy } from "../lib/proxy.mjs";

const target = "http://localhost:8001/mcp";
const onward = (...rawHeaders) => headers({ rawHeaders, socket: { localPort: 5000 } }, target, "T");

test("its own name becomes the server's, and a stranger's stays", () => {
  assert.deepEqual(onward("Host", "localhost:5000").slice(0, 2), ["Host", "localhost:8001"]);
  assert.deepEqual(onward("host", "127.0.0.1:5000").slice(0, 2), ["host", "localhost:8001"]);
  assert.deepEqual(onward("Host", "evil.example.com").slice(0, 2), ["Host", "evil.example.com"]);
  assert.deepEqual(onward("Origin", "http://localhost:5000").slice(0, 2), ["Origin", "http://localhost:8001"]);
  assert.deepEqual(onward("Origin", "http://evil.example.com").slice(0, 2), ["Origin", "http://evil.example.com"]);
});

test("the token is its own, and everything else passes", () => {
  assert.deepEqual(onward("Authorization", "Bearer X", "X-A", "1", "X-A", "2"), [
    ...["X-A", "1", "X-A", "2"],
    ...["Authorization", "Bearer T"],
  ]);
});

/** A server, and a proxy before it; both are gone when the test is over. */
async function serve(context, answer) {
  const server = createServer(answer);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy = await startProxy(`http://127.0.0.1:${server.address().port}/mcp`, "T");
  context.after(() => {
    proxy.close();
    server.close();
  });
  return { server, proxy };
}

test("a stream comes through piece by piece", async (context) => {
  const { server, proxy } = await serve(context, (request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`data: ${request.method} ${request.headers.authorization}\n\n`);
    // The second piece comes when the first one has arrived.
    server.once("next", () => response.end("data: end\n\n"));
  });
  const response = await fetch(proxy.url, { method: "POST", body: "{}" });
  const reader = response.body.getReader();
  const text = async () => new TextDecoder().decode((await reader.read()).value);
  assert.equal(await text(), "data: POST Bearer T\n\n");
  server.emit("next");
  assert.equal(await text(), "data: end\n\n");
});

test("body, status and headers pass as they are", async (context) => {
  const { proxy } = await serve(context, async (request, response) => {
    const pieces = await request.toArray();
    response.writeHead(418, "A teapot", { "Mcp-Session-Id": "s", "X-Length": request.headers["content-length"] });
    response.end(Buffer.concat(pieces));
  });
  const body = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const response = await fetch(proxy.url, { method: "POST", body });
  assert.deepEqual([response.status, response.statusText], [418, "A teapot"]);
  assert.deepEqual([response.headers.get("mcp-session-id"), response.headers.get("x-length")], ["s", "256"]);
  assert.deepEqual(new Uint8Array(await response.arrayBuffer()), body);
});

test("the server notices that the client has hung up", async (context) => {
  const client = new AbortController();
  let gone;
  const over = new Promise((resolve) => (gone = resolve));
  const { proxy } = await serve(context, (request, response) => {
    response.on("close", gone);
    response.writeHead(200).flushHeaders();
  });
  await fetch(proxy.url, { signal: client.signal });
  client.abort();
  await over;
});

test("the client notices that the server is gone", async (context) => {
  const { proxy } = await serve(context, (request) => request.socket.destroy());
  await assert.rejects(fetch(proxy.url));
});
