import assert from "node:assert/strict";
import { test } from "node:test";
import { unknown } from "../server.mjs";

test("a scenario that nobody has looked at does not pass unseen", () => {
  assert.deepEqual(unknown(["ping", "tools-list", "tools-call-image", "tasks-lifecycle"]), []);
  assert.deepEqual(unknown(["ping", "tools-callback"]), ["tools-callback"]);
});
