// The attacks of the catalogue that make sense anywhere, on servers that others wrote. What these accept although they must
// not, or fail at, is listed with its reason, so that a change is noticed; it speaks against nobody here.
import { NEW, OLD } from "./lib/findings.mjs";

const byItself = { registration: "dcr" };

const AT_MCP_SERVER = {
  "two-tokens": "Node keeps the first of two Authorization headers",
  "malformed-authorization": "the SDK looks at the first two words of the header",
};
const OLD_SDK = { ...AT_MCP_SERVER, "foreign-origin": "the SDK compares origins only if it is told which are good" };
const DEMO = "this is the demo provider of the SDK, which says that it is not for production";

export const attacks = [
  {
    subject: "oidc-provider, SDK 1",
    world: { authorizationServer: "oidc-provider", mcpServer: "sdk-1" },
    client: { revision: OLD, ...byItself },
    accepted: OLD_SDK,
  },
  {
    subject: "oidc-provider, SDK 2",
    world: { authorizationServer: "oidc-provider", mcpServer: "sdk-2" },
    client: { revision: NEW, ...byItself },
    accepted: AT_MCP_SERVER,
  },
  {
    subject: "SDK 1, SDK 1",
    world: { authorizationServer: "sdk-1", issuerPath: "/", mcpServer: "sdk-1" },
    client: { revision: OLD, ...byItself },
    accepted: {
      ...OLD_SDK,
      "code-twice": `it answers 500 where the code is gone; ${DEMO}`,
      "resource-unknown": DEMO,
      "resource-missing": DEMO,
      "resource-slash": DEMO,
      "resource-slash-token": DEMO,
      "code-of-another-place": DEMO,
      "code-other-resource": DEMO,
    },
  },
];

/** What came of the attacks, as checks for the judge. What had no place there was not made. */
export function findings(results) {
  const made = results.filter(({ verdict }) => verdict !== "out_of_place");
  return made.map(({ id, passed, verdict, remark }) =>
    passed ? { id, status: "SUCCESS" } : { id, status: "FAILURE", errorMessage: `${verdict}: ${remark}` },
  );
}

/** The expectations of what is accepted, or failed at. */
export function accepting(reasons) {
  return Object.entries(reasons).map(([check, reason]) => ({ check, status: "FAILURE", reason }));
}
