// A program that runs another one for the suite, and is witness to how it ends. The suite does not see that a program was
// ended by a signal, and does not end one that hangs; where a client may fail it does not look at how it failed.
//   node witness.mjs FILE SECONDS PROGRAM ARGUMENT…
// FILE tells what `howItEnded` gives. Whoever hears from the program hears the same from the witness.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Child, within } from "./children.mjs";

const self = fileURLToPath(import.meta.url);
if (process.argv[1] === self) await testify(...process.argv.slice(2));

async function testify(file, seconds, program, ...args) {
  const child = new Child(program, args, { stdin: "inherit" });
  let end;
  try {
    end = await within(Number(seconds), "it has not ended", child.ended);
  } catch (error) {
    end = error.message;
  } finally {
    await child.stop();
  }
  await writeFile(file, JSON.stringify(end));
  process.stdout.write(child.output);
  // What is no exit status is a failure to the suite too.
  process.exitCode = typeof end === "number" ? end : 1;
}

/** The command, for a shell, that runs the program under a witness which gives it these seconds. */
export function witnessed(file, seconds, program, ...args) {
  return [process.execPath, self, file, `${seconds}`, program, ...args].map(quote).join(" ");
}

/** How the program ended: its exit status, the signal that ended it, or why it has no end of its own. */
export async function howItEnded(file) {
  return JSON.parse(await readFile(file, "utf8").catch(() => '"it was not started"'));
}

function quote(word) {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
