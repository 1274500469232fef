// The leg of the MCP server. The suite is a client that knows nothing of authorization; a proxy adds the token.
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { within } from "./lib/children.mjs";
import { startProxy } from "./lib/proxy.mjs";
import { readChecks, scenarios, startSuite } from "./lib/suite.mjs";
import { accessToken } from "./lib/token.mjs";

const LEG = "server";
const SCOPES = "mcp:connect weather:read notes:write";

const noFixture = "it needs a tool of the suite's own, and this server has tools of its own";
const notOffered = "this server offers tools, and neither prompts nor resources, completion, logging or subscriptions";

/** What is run, by revision. What is `expected` not to succeed stands by scenario. */
const revisions = {
  "2025-11-25": {
    scenarios: [
      "server-initialize",
      "server-session-lifecycle",
      "server-sse-multiple-streams",
      "ping",
      "tools-list",
      "dns-rebinding-protection",
    ],
  },
  "2026-07-28": {
    scenarios: ["server-stateless", "tools-list", "caching", "http-header-validation", "dns-rebinding-protection"],
    expected: {
      "server-stateless": [
        ...[
          "sep-2575-server-rejects-undeclared-capability",
          "sep-2575-missing-capability-http-400",
          "sep-2575-http-server-no-independent-requests-on-stream",
          "sep-2575-server-no-log-without-loglevel",
        ].map((check) => ({ check, status: "FAILURE", message: "Not testable", reason: noFixture })),
        ...[
          "sep-2575-server-sends-subscription-ack",
          "sep-2575-server-tags-subscription-id",
          "sep-2575-server-honors-notification-filter",
          "sep-2575-server-sends-prompts-list-changed-on-subscription",
          "sep-2575-server-sends-tools-list-changed-on-subscription",
        ].map((check) => ({ check, status: "SKIPPED", reason: notOffered })),
      ],
      caching: [
        ["sep-2549-prompts-list-caching-hints", "FAILURE", "prompts/list returned JSON-RPC error -32601"],
        ["sep-2549-resources-list-caching-hints", "FAILURE", "resources/list returned JSON-RPC error -32601"],
        ["sep-2549-resources-templates-list-caching-hints", "FAILURE", "resources/templates/list returned JSON-RPC"],
        ["sep-2549-resources-read-caching-hints", "SKIPPED", "resources/read was not exercised"],
      ].map(([check, status, message]) => ({ check, status, message, reason: notOffered })),
    },
  },
};

/** What does not apply, by how a scenario's name begins. A scenario that stands nowhere fails the run: it is a new one. */
const inapplicable = {
  "tools-call-": noFixture,
  "json-schema-2020-12": noFixture,
  "server-sse-polling": noFixture,
  "elicitation-": noFixture,
  "input-required-result-": noFixture,
  "http-custom-header-server-validation": noFixture,
  "logging-set-level": notOffered,
  "completion-complete": notOffered,
  "resources-": notOffered,
  "sep-2164-resource-not-found": notOffered,
  "prompts-": notOffered,
  "tasks-": "an extension that this server does not offer",
  "sep-2640-skills-": "an extension that this server does not offer",
};

/** The scenarios of the suite that nobody has looked at yet. */
export function unknown(names) {
  const run = Object.values(revisions).flatMap((revision) => revision.scenarios);
  const beginnings = Object.keys(inapplicable);
  return names.filter((name) => !run.includes(name) && !beginnings.some((beginning) => name.startsWith(beginning)));
}

/** Runs what applies in each revision. Gives a report for each: see `run.mjs`. */
export async function* run(lab, folder) {
  const strangers = unknown(await scenarios(LEG));
  if (strangers.length > 0) throw new Error(`the suite has scenarios that server.mjs does not know: ${strangers}`);
  const token = await accessToken(lab, SCOPES);
  const proxy = await startProxy(lab.mcpServer, token);
  try {
    for (const [revision, { scenarios: names, expected = {} }] of Object.entries(revisions)) {
      const found = [];
      let printed = "";
      const problems = [];
      for (const name of names) {
        const results = path.join(folder, LEG, revision, name);
        await mkdir(results, { recursive: true });
        const one = await runOne(proxy.url, revision, name, results);
        printed += one.printed;
        problems.push(...one.problems);
        found.push({ name, checks: await readChecks(results, `${LEG}-${name}`), expectations: expected[name] ?? [] });
      }
      yield { subject: revision, scenarios: found, problems, printed };
    }
  } finally {
    proxy.close();
  }
}

async function runOne(url, revision, name, results) {
  const suite = startSuite([LEG, "--url", url, "--scenario", name, "--spec-version", revision, "-o", results], {});
  const problems = [];
  try {
    const status = await within(60, `${name} has not ended`, suite.ended);
    // 1 says that a check has failed, and the checks say that too.
    if (status !== 0 && status !== 1) problems.push(`${name} ended with ${status}`);
  } catch (error) {
    problems.push(error.message);
  } finally {
    await suite.stop();
  }
  return { printed: suite.quote(), problems };
}
