import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { Child } from "../lib/children.mjs";
import { howItEnded, witnessed } from "../lib/witness.mjs";

/** Runs a script under a witness, by a shell as the suite does. Gives what the witness told, and what the shell heard. */
async function run(context, script, { seconds = 20, program = process.execPath, folder = "mcp-auth-lab-" } = {}) {
  const here = await mkdtemp(path.join(tmpdir(), folder));
  context.after(() => rm(here, { recursive: true }));
  const file = path.join(here, "end.json");
  const shell = new Child("/bin/sh", ["-c", `${witnessed(file, seconds, program, "-e", script)} http://localhost/mcp`]);
  const status = await shell.ended;
  return { end: await howItEnded(file), status, output: shell.output };
}

test("the witness tells the exit status, and ends with it", async (context) => {
  assert.deepEqual(await run(context, "process.exit(0)"), { end: 0, status: 0, output: "" });
  assert.deepEqual(await run(context, "process.exit(101)"), { end: 101, status: 101, output: "" });
});

test("the program has the arguments as they are, and what it says is heard", async (context) => {
  const script = "console.log(`it's  ${process.argv.at(-1)}`); console.error('$HOME')";
  const { output } = await run(context, script, { folder: "mcp  auth's $lab-" });
  assert.deepEqual(output.split("\n").sort(), ["", "$HOME", "it's  http://localhost/mcp"]);
});

test("the witness tells of a signal, which the suite takes for success", async (context) => {
  const { end, status } = await run(context, "process.kill(process.pid, 'SIGKILL')");
  assert.deepEqual([end, status], ["SIGKILL", 1]);
});

test("the witness ends a program that hangs, and tells of it", async (context) => {
  const { end, status } = await run(context, "setInterval(() => {}, 1000)", { seconds: 0.5 });
  assert.deepEqual([end, status], ["it has not ended within 0.5 s", 1]);
});

test("the witness tells of a program that is not there", async (context) => {
  const { end, status } = await run(context, "", { program: "/nonexistent/mcp-auth-lab" });
  assert.match(end, /ENOENT/);
  assert.equal(status, 1);
});

test("a witness that was never called has seen nothing", async () => {
  assert.equal(await howItEnded("/nonexistent/end.json"), "it was not started");
});
