import { test as base, expect } from "@playwright/test";
import { AuthorizationServerPages } from "./pages/authorization_server";
import { BreakIt } from "./pages/break_it";
import { LabPage } from "./pages/lab_page";

/**
 * Chromium writes each answer of 400 and above to the console by itself. In this journey the first request is refused with
 * 401 and one call with 403: these lines are the lesson, not mistakes.
 */
const refusalsOfTheLesson = /^Failed to load resource: the server responded with a status of (401|403) /;

const loopback = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Playwright looks into a page by evaluating text. Chromium lets it do so past the page's policy; Firefox forbids it and
 * says so. What the page itself would do against its policy is noticed in Chromium.
 */
const playwrightInFirefox = /settings blocked a JavaScript eval /;

/** What a test may announce about the console. */
class Watch {
  readonly errors: string[] = [];
  private expected: RegExp[] = [refusalsOfTheLesson];

  /** An error of the console that belongs to the test: a page that is refused on purpose. */
  expect(pattern: RegExp): void {
    this.expected.push(pattern);
  }

  note(text: string): void {
    if (!this.expected.some((pattern) => pattern.test(text))) this.errors.push(text);
  }
}

type Fixtures = { lab: LabPage; as: AuthorizationServerPages; breakIt: BreakIt; watch: Watch };

/** Every test fails on an error in the console and on any request that leaves the machine. */
export const test = base.extend<Fixtures>({
  watch: [
    async ({ context, browserName }, use) => {
      const watch = new Watch();
      if (browserName === "firefox") watch.expect(playwrightInFirefox);
      const strangers: string[] = [];
      context.on("console", (message) => {
        if (message.type() === "error") watch.note(message.text());
      });
      context.on("weberror", (error) => watch.note(error.error().message));
      context.on("request", (request) => {
        const url = new URL(request.url());
        if (url.protocol !== "data:" && !loopback.has(url.hostname)) strangers.push(request.url());
      });
      await use(watch);
      expect(watch.errors, "errors in the console").toEqual([]);
      expect(strangers, "requests to anything but loopback").toEqual([]);
    },
    { auto: true },
  ],
  lab: async ({ page }, use) => use(new LabPage(page)),
  breakIt: async ({ page }, use) => use(new BreakIt(page)),
  as: async ({ page }, use) => use(new AuthorizationServerPages(page)),
});

export { expect };
