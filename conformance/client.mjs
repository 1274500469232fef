// The leg of the client. The suite plays the servers of each scenario, and runs our command line against them.
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { fails, informs, isAgainst, isSkipped } from "./lib/judge.mjs";
import { program } from "./lib/lab.mjs";
import { plan } from "./lib/plan.mjs";
import { readChecks, runSuite, scenarios } from "./lib/suite.mjs";
import { howItEnded, witnessed } from "./lib/witness.mjs";

const LEG = "client";
// The suite itself waits for 30 s; a client that takes so long hangs.
const PATIENCE = 20;
// How the client says that it did not go on.
const REFUSED = 1;

const noAnswers = "this client answers no questions of a server";
const noGrant = "the client has the grants of the core and client credentials, and not this one";
const noProof = "the client's tokens are bearer tokens: DPoP is not there yet";
const notAsked = "a client that does not offer this says nothing about it";
const onlyTools = "this client uses tools, and neither resources nor prompts";
const stateless = "there is no such request in this revision";

const authorization = [
  ...["auth/metadata-default", "auth/metadata-var1", "auth/metadata-var2", "auth/metadata-var3"],
  ...["auth/basic-cimd", "auth/pre-registration"],
  ...["auth/scope-from-www-authenticate", "auth/scope-from-scopes-supported", "auth/scope-omitted-when-undefined"],
  ...["auth/scope-step-up", "auth/scope-retry-limit"],
  ...["auth/token-endpoint-auth-basic", "auth/token-endpoint-auth-post", "auth/token-endpoint-auth-none"],
];

const attempts = {
  "auth/scope-retry-limit": informs("the suite counts them: there may be three", ["scope-retry-auth-attempt"]),
};

/** What is run, by mark of the suite. What is `expected` not to succeed stands by scenario. */
export const rounds = {
  "2025-11-25": {
    run: [...authorization, "initialize", "tools_call", "sse-retry"],
    expected: {
      ...attempts,
      initialize: informs("the suite says who it is", ["server-info"]),
    },
  },
  "2026-07-28": {
    run: [
      ...authorization,
      ...["auth/resource-mismatch", "auth/metadata-issuer-mismatch"],
      ...["auth/iss-supported", "auth/iss-not-advertised", "auth/iss-supported-missing"],
      ...["auth/iss-wrong-issuer", "auth/iss-unexpected", "auth/iss-normalized"],
      ...["auth/offline-access-scope", "auth/offline-access-not-supported", "auth/authorization-server-migration"],
      ...["tools_call", "request-metadata", "json-schema-ref-no-deref"],
      ...["http-standard-headers", "http-custom-headers", "http-invalid-tool-headers"],
    ],
    expected: {
      ...attempts,
      "auth/offline-access-scope": informs("the suite's client metadata document cannot be read by anyone", [
        "sep-2207-client-metadata-grant-types",
      ]),
      "request-metadata": isSkipped("", notAsked, [
        "sep-2575-client-declares-roots-capability",
        "sep-2575-client-declares-sampling-capability",
        "sep-2575-client-declares-elicitation-capability",
      ]),
      "http-standard-headers": [
        ...["initialize", "notifications/initialized"].flatMap((method) => hasNoHeaders(method, stateless)),
        ...["resources/list", "resources/read", "prompts/list", "prompts/get"].flatMap((method) =>
          hasNoHeaders(method, onlyTools),
        ),
      ],
    },
  },
  // Of no revision: the extensions. They are run in both.
  extension: {
    run: [
      ...["auth/client-credentials-jwt", "auth/client-credentials-basic"],
      ...["auth/dpop", "auth/dpop-nonce", "auth/enterprise-managed-authorization", "auth/wif-jwt-bearer"],
    ],
    expected: {
      "auth/dpop": withoutProof(),
      "auth/dpop-nonce": [
        ...withoutProof(),
        ...fails("Client never presented a valid proof", noProof, ["sep-1932-client-as-nonce"]),
        ...fails("Client never made an MCP request with a valid proof", noProof, ["sep-1932-client-rs-nonce"]),
      ],
      "auth/enterprise-managed-authorization": fails("", noGrant, [
        "complete-flow-token-exchange",
        "complete-flow-jwt-bearer",
      ]),
      "auth/wif-jwt-bearer": fails("", noGrant, ["wif-assertion-verified"]),
    },
  },
};

function hasNoHeaders(method, reason) {
  return isSkipped(`Client did not send a ${method} request`, reason, ["sep-2243-client-includes-standard-headers"]);
}

function withoutProof() {
  return [
    ...fails("Client did not present a valid DPoP proof", noProof, ["sep-1932-client-token-request-proof"]),
    ...fails("Client presented the token with a non-DPoP", noProof, ["sep-1932-client-dpop-auth-scheme"]),
    ...fails("DPoP proof was missing", noProof, ["sep-1932-client-fresh-proof"]),
  ];
}

/** What the client must not go through with. The suite lets it end as it likes there; we want it to say so. */
export const refused = [
  "auth/scope-retry-limit",
  "auth/resource-mismatch",
  "auth/metadata-issuer-mismatch",
  "auth/iss-supported-missing",
  "auth/iss-wrong-issuer",
  "auth/iss-unexpected",
  "auth/iss-normalized",
  "auth/enterprise-managed-authorization",
  "auth/wif-jwt-bearer",
];

/** What does not apply, and why: by name, or by how the names of a group begin. */
export const inapplicable = {
  "elicitation-*": noAnswers,
  "sep-2322-client-request-state": noAnswers,
  "json-schema-2020-12-preservation": "it needs a client that gives the schema of a tool to another tool",
  "sep-2640-*": "skills are an extension that this client does not have",
};

/** Runs what applies in each revision. Gives a finding for each scenario: see `Report.take`. */
export async function* run(_lab, folder) {
  for (const [mark, { run, expected }] of Object.entries(rounds)) {
    const { omitted, problems, ...planned } = plan(run, inapplicable, await scenarios(LEG, mark));
    yield { subject: `${LEG} ${mark}`, omitted, problems };
    for (const revision of mark === "extension" ? ["2025-11-25", "2026-07-28"] : [mark]) {
      const round = mark === revision ? [mark] : [mark, revision];
      for (const name of planned.run) {
        const results = path.join(folder, LEG, ...round, name);
        const ran = await runOne(name, revision, expected[name] ?? [], results);
        yield { subject: `${LEG} ${round.join(", ")}`, ...ran };
      }
    }
  }
}

async function runOne(name, revision, expectations, results) {
  await mkdir(results, { recursive: true });
  const end = path.join(results, "end.json");
  const { status, printed, problems } = await runSuite([
    ...[LEG, "--scenario", name, "-o", results],
    ...["--command", witnessed(end, PATIENCE, program("mcp-auth-lab"), "conformance")],
    // The suite has revisions for its extensions only by force.
    ...["--spec-version", revision, "--force"],
  ]);
  const checks = (await readChecks(results, name)).filter(isCheck);
  const complaints = misbehaviour(name, { status, expectations, end: await howItEnded(end) });
  return {
    scenarios: [{ name, checks, expectations }],
    problems: [...problems, ...complaints].map((problem) => `${name}: ${problem}`),
    printed,
  };
}

/** Among its checks the suite notes every request and response, and what becomes of a stream. */
export function isCheck({ id, status }) {
  const notes = [
    ...["incoming-request", "outgoing-response", "incoming-auth-request", "outgoing-auth-response"],
    ...["outgoing-sse-event", "outgoing-stream-close"],
  ];
  return status !== "INFO" || !notes.includes(id);
}

/** What is wrong with the end of the client, and with the suite's own verdict, as sentences. */
export function misbehaviour(name, { end, status, expectations }) {
  const wanted = { end: refused.includes(name) ? REFUSED : 0, status: expectations.some(isAgainst) ? 1 : 0 };
  return [
    ...(end === wanted.end ? [] : [`the client's end: ${end}, and not ${wanted.end}`]),
    ...(status === wanted.status ? [] : [`the suite's verdict: ${status}, and not ${wanted.status}`]),
  ];
}
