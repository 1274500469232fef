import http from "node:http";

/** An answer as it crosses the wire. */
export type Part = { path: string; encoding: string; bytes: number; headers: http.IncomingHttpHeaders };

/** The texts of the chapter with which the page begins. */
const firstTexts = "/lessons/2025-11-25/discovery.json";

/** Everything that the first load of the page fetches: the document and whatever it names, where the lab's servers are, texts. */
export async function firstLoad(origin: string, accept = "br, gzip"): Promise<Part[]> {
  const document = await fetchPart(origin, "/", "identity");
  const named = [...document.text.matchAll(/(?:href|src)="?(\/[^"\s>]+)|'(\/[^']+\.(?:js|wasm))'/g)];
  const paths = new Set(["/", ...named.map(([, quoted, single]) => (quoted ?? single)!), "/lab.json", firstTexts]);
  return Promise.all([...paths].map((path) => fetchPart(origin, path, accept)));
}

/** Counts what was received: a browser's or Node's own fetch would have unpacked it. */
function fetchPart(origin: string, path: string, accept: string): Promise<Part & { text: string }> {
  return new Promise((resolve, reject) => {
    http
      .get(new URL(path, origin), { headers: { "accept-encoding": accept } }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const body = Buffer.concat(chunks);
          const encoding = response.headers["content-encoding"] ?? "as it is";
          if (response.statusCode !== 200) return reject(new Error(`${path}: ${response.statusCode}`));
          resolve({ path, encoding, bytes: body.length, headers: response.headers, text: body.toString() });
        });
        response.on("error", reject);
      })
      .on("error", reject);
  });
}
