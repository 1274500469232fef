import { pageOrigin } from "../lab";
import { firstLoad } from "./first_load";
import { expect, test } from "./fixtures";

/** The aim is 300,000; until that is reached, this keeps it from growing. */
const limit = 302_000;

test("the first load does not grow, compressed", async ({ lab, page }) => {
  const parts = await firstLoad(pageOrigin);
  for (const { path, encoding } of parts) {
    if (/\.(js|wasm|css)$|^\/lessons\//.test(path)) expect(encoding, path).toBe("br");
  }
  expect(parts.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(limit);
  // Nothing was overlooked: the browser fetches the same, and a stream that has no end.
  const fetched = new Set<string>();
  page.on("request", (request) => fetched.add(new URL(request.url()).pathname));
  await lab.open();
  const known = new Set([...parts.map(({ path }) => path), "/lab/observations"]);
  expect([...fetched].filter((path) => !known.has(path))).toEqual([]);
});

test("gzip is served to those who do not know brotli", async () => {
  const parts = await firstLoad(pageOrigin, "gzip");
  for (const { path, encoding } of parts) {
    if (/\.(js|wasm|css)$|^\/lessons\//.test(path)) expect(encoding, path).toBe("gzip");
  }
});

test("the page's policy lets nothing in that is not its own", async () => {
  const [document] = await firstLoad(pageOrigin);
  const policy = new Map(
    `${document!.headers["content-security-policy"]}`.split(";").map((directive) => {
      const [name, ...sources] = directive.trim().split(/\s+/);
      return [name, sources] as const;
    }),
  );
  expect(policy.get("default-src")).toEqual(["'none'"]);
  expect(policy.get("frame-ancestors")).toEqual(["'none'"]);
  expect(policy.get("base-uri")).toEqual(["'none'"]);
  for (const source of policy.get("script-src") ?? []) expect(source).toMatch(/^'(self|wasm-unsafe-eval|sha256-[^']+)'$/);
  for (const source of policy.get("style-src") ?? []) expect(source).toMatch(/^'(self|sha256-[^']+)'$/);
  for (const source of policy.get("connect-src") ?? []) expect(source).toMatch(/^('self'|http:\/\/(localhost|127\.0\.0\.1|\[::1\]):(\d+|\*))$/);
});
