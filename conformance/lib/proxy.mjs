// A proxy that adds an access token: the suite cannot send one. Everything else passes as it comes, pieces of a stream
// one by one; a host or an origin that is not the proxy's own is none of its business.
import { createServer, request as send } from "node:http";
import { pipeline } from "node:stream";

/** Starts a proxy before `target`, an URL. Gives the URL to use instead, and `close`. */
export function startProxy(target, token) {
  const server = createServer((request, response) => {
    const onward = send(target, { method: request.method, headers: headers(request, target, token), setHost: false });
    onward.on("response", (answer) => {
      response.writeHead(answer.statusCode, answer.statusMessage, answer.rawHeaders);
      // The head is for whoever waits for a stream that says nothing yet.
      response.flushHeaders();
      pipeline(answer, response, () => {});
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    pipeline(request, onward, () => {});
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const close = () => {
        server.close();
        server.closeAllConnections();
      };
      const url = new URL(target);
      url.host = `localhost:${server.address().port}`;
      resolve({ url: url.href, close });
    });
  });
}

/** The headers as they came, name by name, but for the proxy's own name and the token. */
export function headers({ rawHeaders, socket }, target, token) {
  const own = [`localhost:${socket.localPort}`, `127.0.0.1:${socket.localPort}`];
  const { host } = new URL(target);
  const onward = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name, value] = [rawHeaders[i], rawHeaders[i + 1]];
    switch (name.toLowerCase()) {
      case "host":
        onward.push(name, own.includes(value) ? host : value);
        break;
      case "origin":
        // A page of the server's own host would be at the server's own origin.
        onward.push(name, own.some((mine) => value === `http://${mine}`) ? `http://${host}` : value);
        break;
      case "authorization":
        break;
      default:
        onward.push(name, value);
    }
  }
  return [...onward, "Authorization", `Bearer ${token}`];
}
