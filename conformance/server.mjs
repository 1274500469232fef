// The leg of the MCP server. The suite is a client that knows nothing of authorization; a proxy adds the token.
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { fails, informs, isSkipped } from "./lib/judge.mjs";
import { plan } from "./lib/plan.mjs";
import { startProxy } from "./lib/proxy.mjs";
import { readChecks, runSuite, scenarios } from "./lib/suite.mjs";
import { accessToken } from "./lib/token.mjs";

const LEG = "server";
// The suite calls whichever tool it finds first.
const SCOPES = "mcp:connect weather:read notes:write";

const noFixture = "it needs a tool of the suite's own, and this server has tools of its own";
const noExtension = "it belongs to an extension that this server does not offer";
const notOffered = "this server offers tools, and neither prompts nor resources, completion, logging or subscriptions";

/** What is run, by revision. What is `expected` not to succeed stands by scenario. */
export const rounds = {
  "2025-11-25": {
    run: [
      "server-initialize",
      "server-session-lifecycle",
      "server-sse-multiple-streams",
      "ping",
      "tools-list",
      "dns-rebinding-protection",
    ],
  },
  "2026-07-28": {
    run: [
      "server-stateless",
      "server-sse-multiple-streams",
      "tools-list",
      "caching",
      "http-header-validation",
      "input-required-result-unsupported-methods",
      "dns-rebinding-protection",
    ],
    expected: {
      "server-stateless": [
        ...fails("Not testable: server does not list the diagnostic tool", noFixture, [
          "sep-2575-server-rejects-undeclared-capability",
          "sep-2575-missing-capability-http-400",
          "sep-2575-http-server-no-independent-requests-on-stream",
          "sep-2575-server-no-log-without-loglevel",
        ]),
        ...isSkipped("", notOffered, [
          "sep-2575-server-sends-subscription-ack",
          "sep-2575-server-tags-subscription-id",
          "sep-2575-server-honors-notification-filter",
          "sep-2575-server-sends-prompts-list-changed-on-subscription",
          "sep-2575-server-sends-tools-list-changed-on-subscription",
        ]),
      ],
      "server-sse-multiple-streams": informs("a list is answered at once, so it needs no stream", [
        "server-sse-streams-functional",
      ]),
      caching: [
        ...fails("prompts/list returned JSON-RPC error -32601", notOffered, ["sep-2549-prompts-list-caching-hints"]),
        ...fails("resources/list returned JSON-RPC error -32601", notOffered, ["sep-2549-resources-list-caching-hints"]),
        ...fails("resources/templates/list returned JSON-RPC error -32601", notOffered, [
          "sep-2549-resources-templates-list-caching-hints",
        ]),
        ...isSkipped("resources/read was not exercised", notOffered, ["sep-2549-resources-read-caching-hints"]),
      ],
    },
  },
  // Of no revision: the extensions.
  extension: { run: [] },
};

/** What does not apply in any revision that has it, and why: by name, or by how the names of a group begin. */
export const inapplicable = {
  "tools-call-*": noFixture,
  "json-schema-2020-12": noFixture,
  "server-sse-polling": noFixture,
  "elicitation-*": noFixture,
  "input-required-result-*": noFixture,
  "http-custom-header-server-validation": noFixture,
  "logging-set-level": notOffered,
  "completion-complete": notOffered,
  "resources-*": notOffered,
  "sep-2164-resource-not-found": notOffered,
  "prompts-*": notOffered,
  "tasks-*": noExtension,
  "sep-2640-skills-*": noExtension,
};

/** Runs what applies in each revision. Gives a finding for each scenario: see `Report.take`. */
export async function* run(lab, folder) {
  const proxy = await startProxy(lab.mcpServer, await accessToken(lab, SCOPES));
  try {
    for (const [revision, { run, expected = {} }] of Object.entries(rounds)) {
      const { omitted, problems, ...planned } = plan(run, inapplicable, await scenarios(LEG, revision));
      const subject = `${LEG} ${revision}`;
      yield { subject, omitted, problems };
      for (const name of planned.run) {
        const results = path.join(folder, LEG, revision, name);
        await mkdir(results, { recursive: true });
        const ran = await runSuite([
          ...[LEG, "--url", proxy.url, "--scenario", name],
          ...["--spec-version", revision, "-o", results],
        ]);
        const checks = await readChecks(results, `${LEG}-${name}`);
        yield {
          subject,
          scenarios: [{ name, checks, expectations: expected[name] ?? [] }],
          problems: ran.problems.map((problem) => `${name}: ${problem}`),
          printed: ran.printed,
        };
      }
    }
  } finally {
    proxy.close();
  }
}
