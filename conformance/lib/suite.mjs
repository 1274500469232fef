// The official suite as a program: what it has, running it, and reading what it found.
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Child, within } from "./children.mjs";

const program = fileURLToPath(import.meta.resolve("@modelcontextprotocol/conformance/dist/index.js"));
const never = new Promise(() => {});

function startSuite(args, options) {
  return new Child(process.execPath, [program, ...args], { ...options, env: { ...process.env, NO_COLOR: "1" } });
}

/**
 * Runs the suite with these arguments to its end. Gives the `status` it ended with, what it `printed`, and as `problems`
 * what went wrong beside its checks. A failure of `meanwhile` ends it early.
 */
export async function runSuite(args, { meanwhile = never, ...options } = {}) {
  const suite = startSuite(args, options);
  const problems = [];
  let status;
  try {
    status = await within(60, "the suite has not ended", Promise.race([suite.ended, meanwhile]));
    // 1 says that a check has failed, and the checks say that too.
    if (status !== 0 && status !== 1) problems.push(`the suite ended with ${status}`);
  } catch (error) {
    problems.push(error.message);
  } finally {
    await suite.stop();
  }
  return { status, printed: suite.quote(), problems };
}

/**
 * The names of all scenarios of a leg: `authorization`, `client`, `server`. With a `mark` only those of this revision, or
 * with `extension` those of none.
 */
export async function scenarios(leg, mark) {
  const child = startSuite(["list", `--${leg}`]);
  try {
    await within(20, "the suite has not listed its scenarios", child.ended);
  } finally {
    await child.stop();
  }
  const listed = [...child.output.matchAll(/^ +- (\S+)(?: +\[(.*)\])?$/gm)];
  if (listed.length === 0) throw new Error(`The suite lists no scenarios:\n${child.quote()}`);
  return listed.filter(([, , marks = ""]) => !mark || marks.split(",").includes(mark)).map(([, name]) => name);
}

/** The checks that the suite has written about a scenario; none where it has written nothing. */
export async function readChecks(folder, name) {
  // The folder of a result is named after the scenario and the time, and is there before the result.
  const isOfScenario = (file) => path.dirname(file).replace(/-\d{4}-\d\d-\d\dT[-\dZ]+$/, "") === name;
  const files = (await readdir(folder, { recursive: true })).filter((file) => path.basename(file) === "checks.json");
  const [file, second] = files.filter(isOfScenario);
  if (second) throw new Error(`${folder} has two results of ${name}`);
  return file ? JSON.parse(await readFile(path.join(folder, file), "utf8")) : [];
}

/** A port that nobody listens on. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
