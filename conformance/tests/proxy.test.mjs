import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
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

let server;
let proxy;
before(async () => {
  server = createServer((request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`data: ${request.method} ${request.headers.authorization}\n\n`);
    // The second piece comes when the first one has arrived.
    request.socket.once("next", () => response.end("data: end\n\n"));
    server.emit("waiting", request.socket);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  proxy = await startProxy(`http://127.0.0.1:${server.address().port}/mcp`, "T");
});
after(() => {
  proxy.close();
  server.close();
});

test("a stream comes through piece by piece", async () => {
  const waiting = new Promise((resolve) => server.once("waiting", resolve));
  const response = await fetch(proxy.url, { method: "POST", body: "{}" });
  const reader = response.body.getReader();
  const text = async () => new TextDecoder().decode((await reader.read()).value);
  assert.equal(await text(), "data: POST Bearer T\n\n");
  (await waiting).emit("next");
  assert.equal(await text(), "data: end\n\n");
});
