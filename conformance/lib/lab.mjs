// The lab under test: on free ports, with a database of its own.
import path from "node:path";
import { Child, within } from "./children.mjs";

const top = path.resolve(import.meta.dirname, "..", "..");
const target = path.resolve(top, process.env.CARGO_TARGET_DIR ?? "target");

/** Where the suite leaves its results, a folder per leg and client. */
export const results = path.join(target, "conformance");

/** Where the program of this name is, as `tools/build` leaves it. */
export function program(name) {
  return path.join(target, "debug", name);
}

/**
 * Starts the lab. Gives its addresses (`page` and `authorizationServer` are origins, `mcpServer` is the resource) and the
 * program itself.
 */
export async function startLab() {
  let announce;
  const announced = new Promise((resolve) => (announce = resolve));
  // Whoever has settings for a lab of their own does not mean this one.
  const settings = Object.entries(process.env).filter(([name]) => !name.startsWith("LAB_"));
  const child = new Child(
    program("lab"),
    ["--page-port", "0", "--mcp-port", "0", "--as-port", "0", "--no-open"],
    {
      cwd: top,
      env: Object.fromEntries(settings),
      onLine: (line) => {
        const [, page] = line.match(/^ +page +(http:\S+)$/) ?? [];
        if (page) announce(page);
      },
    },
  );
  const died = child.ended.then((status) => {
    throw new Error(`the lab ended by itself (${status})`);
  });
  try {
    const page = await within(20, "the lab has not named its page", Promise.race([announced, died]));
    const answer = await fetch(`${page}/lab.json`, { signal: AbortSignal.timeout(10_000) });
    const addresses = await answer.json();
    return {
      child,
      page,
      mcpServer: addresses.mcp_server,
      authorizationServer: addresses.authorization_server,
    };
  } catch (error) {
    await child.stop();
    throw new Error(`The lab did not start: ${error.message}.\n${child.quote()}`);
  }
}
