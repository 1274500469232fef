// What becomes of the scenarios that the suite has.

/**
 * Plans a round: `run` are the names of what is run, `inapplicable` says of others why they are not, by name or by how
 * the names of a group begin. Gives of the `names` that the suite has what is `run`, what is `omitted` and why, and as
 * `problems` what nobody has looked at yet, and what is to be run but is not there.
 */
export function plan(run, inapplicable, names) {
  const omitted = {};
  const problems = run.filter((name) => !names.includes(name)).map((name) => `the suite has no scenario ${name}`);
  for (const name of names.filter((name) => !run.includes(name))) {
    const [group] = Object.keys(inapplicable).filter((pattern) => matches(pattern, name));
    if (group) (omitted[inapplicable[group]] ??= new Set()).add(group);
    else problems.push(`nobody has looked at the scenario ${name} yet`);
  }
  return {
    run: run.filter((name) => names.includes(name)),
    omitted: Object.entries(omitted).map(([reason, groups]) => `${[...groups].join(", ")}: ${reason}`),
    problems,
  };
}

function matches(pattern, name) {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
