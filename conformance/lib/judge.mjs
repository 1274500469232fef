// The verdict on what the suite has found. The suite itself is content with a warning or a skipped check; we are not.

/**
 * Judges the checks of a scenario by what is expected of it: `[{ check, status, message?, reason }]`, where `check` is
 * the id of a check that does not succeed, and `message` how its error begins. Several checks of a scenario can have one
 * id: of these at least one has to be as expected, and the others may succeed. Gives the number of checks that `passed`,
 * and of the others the `expected` and the `failed`, as sentences.
 */
export function judge(checks, expectations) {
  let passed = 0;
  const expected = [];
  const failed = [];
  const unmet = new Set(expectations);
  for (const { id, status, errorMessage = "", description } of checks) {
    const expectation = expectations.find(
      ({ check, message = "", ...awaited }) =>
        check === id && awaited.status === status && errorMessage.startsWith(message),
    );
    const found = [status, errorMessage || description].filter(Boolean).join(": ");
    if (status === "SUCCESS") passed++;
    else if (expectation) expected.push(`${id}: ${found} (${expectation.reason})`);
    else failed.push(`${id}: ${found}`);
    unmet.delete(expectation);
  }
  for (const { check, status } of unmet) {
    const ended = checks.some(({ id }) => id === check) ? "is not what it was" : "was not made";
    failed.push(`${check} is expected to be ${status}, and ${ended}: see whether it is still to be in the list`);
  }
  if (checks.length === 0) failed.push("no check was made");
  return { passed, expected, failed };
}

/** Whether a check of this status, or an expectation of it, speaks against whom the suite judges: by the suite's own rule. */
export function isAgainst({ status }) {
  return status === "FAILURE" || status === "WARNING";
}

/** Expectations of checks that all fail in one way, and for one reason. */
export function fails(message, reason, checks) {
  return checks.map((check) => ({ check, status: "FAILURE", message, reason }));
}

/** Expectations of checks that are all skipped. */
export function isSkipped(message, reason, checks) {
  return checks.map((check) => ({ check, status: "SKIPPED", message, reason }));
}

/** Expectations of checks that judge nothing: they say what the suite has seen. */
export function informs(reason, checks) {
  return checks.map((check) => ({ check, status: "INFO", reason }));
}
