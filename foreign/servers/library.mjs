// What the MCP servers have to offer: a small library, the same on each SDK. To look around takes one scope, to borrow
// a book takes a second one.

export const SCOPES = ["books:read", "books:borrow"];

export const tools = [
  {
    name: "list_books",
    description: "What the library has.",
    scopes: ["books:read"],
    answer: (reader) => `${reader} can choose between Dune and Emma`,
  },
  {
    name: "borrow_book",
    description: "Lends the first book.",
    scopes: SCOPES,
    answer: (reader) => `Dune is lent to ${reader}`,
  },
];

/** The scopes that a JSON-RPC message takes. */
export function scopesFor(message) {
  const tool = message?.method === "tools/call" && tools.find(({ name }) => name === message.params?.name);
  return tool ? tool.scopes : ["books:read"];
}

/** Who reads, as far as the token tells: some authorization servers name the client alone. */
export function reader(authInfo) {
  return authInfo.extra?.subject ?? "an unknown reader";
}
