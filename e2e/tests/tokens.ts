import type { Page } from "@playwright/test";

/** The access tokens that the page sends from now on. */
export function tokensSent(page: Page): string[] {
  const tokens: string[] = [];
  page.on("request", (request) => {
    const { authorization } = request.headers();
    if (authorization) tokens.push(authorization.replace("Bearer ", ""));
  });
  return tokens;
}
