// The verdict on what the suite has found. The suite itself is content with a warning or a skipped check; we are not.

/**
 * Judges the checks of a scenario by what is expected of it: `[{ check, status, message?, reason }]`, where `check` is
 * the id of a check that does not succeed, and `message` how its error begins. Gives the number of checks that `passed`,
 * and of the others the `expected` and the `failed`, as sentences.
 */
export function judge(checks, expectations) {
  let passed = 0;
  const expected = [];
  const failed = [];
  for (const { id, status, errorMessage = "" } of checks) {
    const expectation = expectations.find(({ check }) => check === id);
    const found = [status, errorMessage].filter(Boolean).join(": ");
    if (status === "SUCCESS" && !expectation) {
      passed++;
    } else if (status === "SUCCESS") {
      failed.push(`${id} passes, against expectation: take it out of the list`);
    } else if (expectation && expectation.status === status && errorMessage.startsWith(expectation.message ?? "")) {
      expected.push(`${id}: ${found} (${expectation.reason})`);
    } else {
      failed.push(`${id}: ${found}`);
    }
  }
  for (const { check } of expectations) {
    if (!checks.some(({ id }) => id === check)) failed.push(`${check} is expected not to pass, but was not made`);
  }
  if (checks.length === 0) failed.push("no check was made");
  return { passed, expected, failed };
}
