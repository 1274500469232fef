import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test, type CDPSession, type Page } from "@playwright/test";
import { program, programArguments } from "../lab";
import { AuthorizationServerPages } from "../tests/pages/authorization_server";
import { LabPage } from "../tests/pages/lab_page";
import { figure, kilobytes } from "./figures";

/** MEASURE_RUNS is for trying out a change here. */
const runs = Number(process.env.MEASURE_RUNS ?? 200);
/** From here on everything that grows only once has grown. */
const warm = runs / 10;

/** What the page and the lab hold after the garbage was collected: bytes, or a number. */
type Held = { heap: number; wasm: number; nodes: number; listeners: number; stored: number; lab: number };

test(`${runs} whole runs in one tab`, async ({ page }) => {
  const lab = new LabPage(page);
  const as = new AuthorizationServerPages(page);
  await lab.open();
  const run = async (first: boolean) => {
    await lab.run.click();
    if (first) await as.signInAs("Ada");
    await as.allowAccess();
    await as.allowMore();
    await expect(lab.success).toBeVisible();
  };
  await compare(page, async (round) => {
    if (round > 1) await lab.startOver.click();
    await run(round === 1);
  });
});

test(`${runs} runs up to the consent, without leaving the page`, async ({ page }) => {
  const lab = new LabPage(page);
  await lab.open();
  await compare(page, async () => {
    await lab.startOver.click();
    await lab.runToConsent();
  });
});

const measured: Record<keyof Held, string> = {
  heap: "JavaScript heap",
  wasm: "memory of the WebAssembly",
  stored: "session storage",
  nodes: "DOM nodes",
  listeners: "event listeners",
  lab: "the lab's process",
};

/** Repeats something, and compares what is held after the last time with what was held when everything was warm. */
async function compare(page: Page, again: (round: number) => Promise<void>): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  let before: Held | undefined;
  for (let round = 1; round <= runs; round += 1) {
    await again(round);
    if (round === warm) before = await held(devtools);
  }
  const after = await held(devtools);
  for (const [name, what] of Object.entries(measured) as [keyof Held, string][]) {
    const counted = name === "nodes" || name === "listeners";
    const [from, to] = [before![name], after[name]].map((value) => (counted ? value : kilobytes(value))) as [number, number];
    const unit = counted ? "" : "KB";
    figure({ what: `${what}: ${to} ${unit} at the end; since run ${warm}`, value: Math.round((to - from) * 10) / 10, unit });
  }
}

async function held(devtools: CDPSession): Promise<Held> {
  // Twice: what the first collection finalizes, the second one frees.
  await devtools.send("HeapProfiler.collectGarbage");
  await devtools.send("HeapProfiler.collectGarbage");
  const { usedSize } = await devtools.send("Runtime.getHeapUsage");
  const { nodes, jsEventListeners } = await devtools.send("Memory.getDOMCounters");
  const stored = await evaluate(devtools, "Object.entries(sessionStorage).join().length");
  return { heap: usedSize, wasm: await wasmMemory(devtools), nodes, listeners: jsEventListeners, stored, lab: await labProcess() };
}

async function evaluate(devtools: CDPSession, expression: string): Promise<number> {
  const { result } = await devtools.send("Runtime.evaluate", { expression, returnByValue: true });
  return result.value as number;
}

/** The page keeps its memory to itself, so the heap is asked for every object of that kind. */
async function wasmMemory(devtools: CDPSession): Promise<number> {
  const { result: prototype } = await devtools.send("Runtime.evaluate", { expression: "WebAssembly.Memory.prototype" });
  const { objects } = await devtools.send("Runtime.queryObjects", { prototypeObjectId: prototype.objectId! });
  const { result } = await devtools.send("Runtime.callFunctionOn", {
    objectId: objects.objectId!,
    functionDeclaration: "function () { return this.reduce((sum, { buffer }) => sum + buffer.byteLength, 0); }",
    returnByValue: true,
  });
  return result.value as number;
}

/** The resident memory of the lab under test. */
async function labProcess(): Promise<number> {
  const { stdout } = await promisify(execFile)("ps", ["-eo", "rss=,args="]);
  const line = stdout.split("\n").find((line) => line.includes(program) && line.includes(programArguments.join(" ")));
  return Number(line?.trim().split(/\s+/)[0]) * 1024;
}
