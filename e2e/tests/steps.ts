/** The steps of the journey, as the page names them. */
export const steps = [
  "challenge",
  "resource-metadata",
  "server-metadata",
  "client-document",
  "pkce",
  "authorization-request",
  "consent",
  "callback",
  "code-exchange",
  "token-opened",
  "handshake",
  "tools",
  "call",
  "insufficient-scope",
  "step-up-scopes",
  "step-up-request",
  "step-up-consent",
  "step-up-token",
  "retry",
];

export type Step = { role: "button" | "checkbox" | "link" };
