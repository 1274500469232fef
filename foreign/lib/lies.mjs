// What a gate changes on the way, so that a client which believes everything would notice nothing.

const isMetadata = (path) => path.includes("/.well-known/");

/** Lies by what they amount to: which `server` tells it, `at` which paths, and the `edit` of the answer there. */
export const lies = {
  "no PKCE methods": metadata((document) => delete document.code_challenge_methods_supported),
  "plain PKCE alone": metadata((document) => (document.code_challenge_methods_supported = ["plain"])),
  "another issuer": metadata((document) => (document.issuer += "/other")),
  "another resource": {
    server: "MCP server",
    at: isMetadata,
    edit: json((document) => (document.resource += "/other")),
  },
  "no iss": callback((parameters) => parameters.delete("iss")),
  "another iss": callback((parameters) => parameters.set("iss", `${parameters.get("iss")}/`)),
  "another state": callback((parameters) => parameters.set("state", "of-somebody-else")),
};

function metadata(edit) {
  return { server: "authorization server", at: isMetadata, edit: json(edit) };
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
    server: "authorization server",
    at: () => true,
    edit: ({ headers }) => {
      if (!headers.location?.includes("code=")) return;
      const url = new URL(headers.location);
      edit(url.searchParams);
      headers.location = url.href;
    },
  };
}
