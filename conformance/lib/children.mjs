// Programs that this one starts. None outlives it, and only these are ever ended.
import { spawn } from "node:child_process";

const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill()));
for (const [signal, number] of Object.entries({ SIGHUP: 1, SIGINT: 2, SIGTERM: 15 })) {
  process.on(signal, () => process.exit(128 + number));
}

/** A program, and what it has printed so far. */
export class Child {
  output = "";
  /** Settles when the program has ended: with its exit code, or the signal that ended it. */
  ended;
  #process;

  /** Starts the program. `onLine` is told each line of its standard output; there is nothing for it to read. */
  constructor(command, args, { onLine = () => {}, stdin = "ignore", ...options } = {}) {
    this.#process = spawn(command, args, { ...options, stdio: [stdin, "pipe", "pipe"] });
    running.add(this.#process);
    let begun = "";
    this.#process.stdout.setEncoding("utf8").on("data", (text) => {
      this.output += text;
      const lines = (begun + text).split("\n");
      begun = lines.pop();
      lines.forEach((line) => onLine(line));
    });
    this.#process.stderr.setEncoding("utf8").on("data", (text) => {
      this.output += text;
    });
    this.ended = new Promise((resolve, reject) => {
      this.#process.once("error", reject);
      this.#process.once("close", (code, signal) => resolve(code ?? signal));
    }).finally(() => running.delete(this.#process));
    // A failure to start is told to those who wait for the end; where nobody does, it is nobody's news.
    this.ended.catch(() => {});
  }

  /** What it has printed, set off so that nobody takes it for our own words. Minified programs have very long lines. */
  quote() {
    const lines = this.output.trimEnd().split("\n");
    return lines.map((line) => `  | ${line.length > 1000 ? `${line.slice(0, 1000)}…` : line}`).join("\n");
  }

  /** Ends the program: kindly, and after some seconds by force. */
  async stop() {
    if (!running.has(this.#process)) return;
    this.#process.kill("SIGTERM");
    const force = setTimeout(() => this.#process.kill("SIGKILL"), 5_000);
    await this.ended.catch(() => {});
    clearTimeout(force);
  }
}

/** What the promise gives, or an error that begins with `complaint` when the seconds are over. */
export async function within(seconds, complaint, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${complaint} within ${seconds} s`)), seconds * 1_000);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
