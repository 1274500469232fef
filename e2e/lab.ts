import path from "node:path";

// Ports of its own: a running `just demo` is neither disturbed nor mistaken for the lab under test. E2E_PORTS names others
// (page, MCP server, authorization server, rogue servers), for a second clone at the same time.
const [page, mcp, as, rogue] = (process.env.E2E_PORTS ?? "3100,8101,9100,4700").split(",").map(Number);

export const pageOrigin = `http://localhost:${page}`;
export const mcpServer = `http://localhost:${mcp}/mcp`;
export const authorizationServer = `http://localhost:${as}`;

/** The top of this clone: from there the lab finds the built page. */
export const top = path.resolve(__dirname, "..");

/** The lab's program, as `tools/build servers` leaves it, and its arguments. */
export const program = path.resolve(top, process.env.CARGO_TARGET_DIR ?? "target", "debug", "lab");
export const programArguments = ["--page-port", `${page}`, "--mcp-port", `${mcp}`, "--as-port", `${as}`, "--rogue-port", `${rogue}`, "--no-open"];
