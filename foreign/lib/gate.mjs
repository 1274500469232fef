// What stands before a server: it passes everything on, tells what has passed, and may change an answer on its way.
import { createServer, request as send } from "node:http";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream";
import { account } from "./account.mjs";

/**
 * Opens a gate on a port of its own. `tell` is told of each exchange when its answer begins, as `account` puts it. Gives
 * the `origin` to use; `leadTo`, which takes the port of the server behind; `lie`, which takes one of `lies.mjs`, to be
 * told from then on; and `close`.
 */
export async function openGate(tell) {
  let behind;
  let lie;
  const gate = createServer(async (request, response) => {
    const asked = await buffer(request);
    const { method, url: path, headers } = request;
    // A connection for each request: one that is kept may be ended just when it is used again.
    const onward = send({ host: "127.0.0.1", port: behind, method, path, headers, agent: false });
    onward.on("error", () => response.destroy());
    onward.on("response", async (answer) => {
      tell(account(request, asked, answer.statusCode));
      if (lie?.at(path)) return respond(response, await edited(answer, lie));
      response.writeHead(answer.statusCode, answer.rawHeaders);
      // The head is for whoever waits for a stream that says nothing yet.
      response.flushHeaders();
      pipeline(answer, response, () => {});
    });
    response.on("close", () => onward.destroy());
    onward.end(asked);
  });
  const port = await listen(gate);
  return {
    origin: `http://127.0.0.1:${port}`,
    leadTo: (server) => (behind = server),
    lie: (told) => (lie = told),
    close: () => gate.close(),
  };
}

async function edited(answer, { edit }) {
  const changed = { status: answer.statusCode, headers: { ...answer.headers }, body: (await buffer(answer)).toString() };
  edit(changed);
  return changed;
}

function respond(response, { status, headers, body }) {
  // Node works these out by itself, of what is sent now.
  delete headers["content-length"];
  delete headers["transfer-encoding"];
  response.writeHead(status, headers).end(body);
}

/** Lets the server listen on a port that is free. Gives the port. */
export function listen(server) {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server.address().port));
  });
}
