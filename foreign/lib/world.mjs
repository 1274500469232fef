// A world, started: where it is, and what has passed at its gates.
import path from "node:path";
import { Child, within } from "../../conformance/lib/children.mjs";

const program = path.join(import.meta.dirname, "..", "world.mjs");

/**
 * Starts the world of this arrangement. Gives the `child`; `issuer` and `resource`; and `seen`, which grows: each exchange
 * as `account` puts it, with the `server`.
 */
export async function startWorld(arrangement) {
  const seen = [];
  let announce;
  const announced = new Promise((resolve) => (announce = resolve));
  const child = new Child(process.execPath, [program, JSON.stringify(arrangement)], {
    onLine: (line) => {
      // The servers have things to say too.
      if (!line.startsWith("{")) return;
      const told = JSON.parse(line);
      if (!told.issuer) return seen.push(told);
      // What has passed until here is the world's own.
      seen.length = 0;
      announce(told);
    },
  });
  const died = child.ended.then((status) => {
    throw new Error(`it ended by itself (${status})`);
  });
  try {
    const where = await within(20, "it has not said where it is", Promise.race([announced, died]));
    return { child, ...where, seen };
  } catch (error) {
    await child.stop();
    throw new Error(`The world did not start: ${error.message}.\n${child.quote()}`);
  }
}
