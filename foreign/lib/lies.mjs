// What a gate changes on the way, so that a client which believes everything would notice nothing.

/** Lies of each server, by what they amount to: `at` which paths, and the `edit` of an answer there. */
export const lies = {
  authorizationServer: {
    "no PKCE methods": metadata((document) => delete document.code_challenge_methods_supported),
    "plain PKCE alone": metadata((document) => (document.code_challenge_methods_supported = ["plain"])),
    "another issuer": metadata((document) => (document.issuer += "/other")),
    "no iss": callback((parameters) => parameters.delete("iss")),
    "another iss": callback((parameters) => parameters.set("iss", `${parameters.get("iss")}/`)),
    "another state": callback((parameters) => parameters.set("state", "of-somebody-else")),
    "another token type": { at: isPath("/token"), edit: json((answer) => (answer.token_type = "DPoP")) },
  },
  mcpServer: {
    "another resource": metadata((document) => (document.resource += "/other")),
    "an answer to something else": { at: isPath("/mcp"), edit: json((message) => (message.id += 1)) },
  },
};

function isPath(expected) {
  return (path) => path === expected;
}

function metadata(edit) {
  return { at: (path) => path.includes("/.well-known/"), edit: json(edit) };
}

function json(edit) {
  return (answer) => {
    if (answer.status !== 200) return;
    const document = JSON.parse(answer.body);
    edit(document);
    answer.body = JSON.stringify(document);
  };
}

/** Changes where the browser is sent back to the client, which is known by the code. */
function callback(edit) {
  return {
    at: () => true,
    edit: ({ headers }) => {
      if (!headers.location?.includes("code=")) return;
      const url = new URL(headers.location);
      edit(url.searchParams);
      headers.location = url.href;
    },
  };
}
