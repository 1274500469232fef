// The leg of the authorization server. The suite is a client: it reads the metadata, prints an authorization URL, and
// waits at its callback for the person, whom we play.
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { fails } from "./lib/judge.mjs";
import { authorize } from "./lib/person.mjs";
import { freePort, readChecks, runSuite, scenarios } from "./lib/suite.mjs";

const LEG = "authorization";
const PREFIX = "authorization-server-";

/** The clients that the suite runs as, each through all scenarios. What is `expected` not to succeed stands by scenario. */
async function clients(lab) {
  const cimd = `${lab.page}/client.json`;
  const resource = lab.mcpServer;
  return [
    { name: "CIMD", clientId: cimd, resource },
    { name: "pre-registered", clientId: "lab-preregistered", resource },
    { name: "registered", clientId: await register(lab), resource },
    {
      name: "confidential",
      clientId: "lab-confidential",
      clientSecret: "lab-confidential-secret",
      resource,
      expected: grantFails("Invalid status code: 401", "the suite sends no secret where the server also offers 'none'"),
    },
    {
      name: "CIMD, no resource",
      clientId: cimd,
      expected: grantFails(
        "Authorization error: invalid_target",
        "MCP clients must name the resource, the suite need not",
      ),
    },
  ];
}

/** Registers a public client, as one would that has no document. */
async function register(lab) {
  const metadata = {
    client_name: "Conformance suite",
    redirect_uris: ["http://127.0.0.1/callback"],
    token_endpoint_auth_method: "none",
    application_type: "native",
  };
  const response = await fetch(`${lab.authorizationServer}/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(metadata),
    signal: AbortSignal.timeout(10_000),
  });
  const answer = await response.json();
  if (response.status !== 201) throw new Error(`registration was answered ${response.status}: ${JSON.stringify(answer)}`);
  return answer.client_id;
}

function grantFails(message, reason) {
  const check = "authorization-code-grant";
  return { [check]: fails(message, reason, [check]) };
}

/** Runs all scenarios as each client. Gives a finding for each: see `Report.take`. */
export async function* run(lab, folder) {
  const names = await scenarios(LEG);
  for (const client of await clients(lab)) {
    const results = path.join(folder, LEG, client.name.replace(/\W+/g, "-"));
    await mkdir(results, { recursive: true });
    const { printed, problems } = await runAs(client, lab, results);
    const found = names.map(async (name) => ({
      name,
      checks: await readChecks(results, PREFIX + name),
      expectations: client.expected?.[name] ?? [],
    }));
    yield { subject: client.name, scenarios: await Promise.all(found), problems, printed };
  }
}

/** One run of the suite, and the person beside it: see `runSuite`. */
async function runAs({ clientId, clientSecret, resource }, lab, results) {
  const port = await freePort();
  const settings = path.join(results, "settings.json");
  await writeFile(settings, JSON.stringify({ url: lab.authorizationServer, clientId, clientSecret, resource }));

  let lost;
  const person = new Promise((_, reject) => (lost = reject));
  return runSuite([LEG, "--file", settings, "-p", `${port}`, "-o", results], {
    meanwhile: person,
    onLine: (line) => {
      if (line.startsWith(`${lab.authorizationServer}/`) && URL.canParse(line)) {
        authorize(line, `http://127.0.0.1:${port}/callback`).catch(lost);
      }
    },
  });
}
