// The person before the browser: signs in, allows, and is led back to the client. Nothing here runs JavaScript, so the
// authorization server's pages have to do without it too.
import { readPage } from "./page.mjs";

const MOST_STEPS = 20;

/** What the person does on a page, known by where its form leads. */
const habits = {
  "/sign-in": (form) => form.buttons[0],
  "/consent": (form) => form.buttons.find(([name, value]) => name === "decision" && value === "allow"),
};

/**
 * Opens the authorization URL in a new browser and answers what is asked there, until the browser has been sent to
 * `callback` and was answered there. Goes nowhere but to these two origins.
 */
export async function authorize(authorizationUrl, callback) {
  const start = new URL(authorizationUrl);
  const browser = new Browser([start.origin, new URL(callback).origin]);
  let answer = await browser.get(start);
  for (let step = 0; step < MOST_STEPS; step++) {
    if (isAt(answer.url, callback)) return;
    answer = answer.next ? await browser.get(answer.next) : await browser.post(...decide(answer));
  }
  throw new Error(`after ${MOST_STEPS} pages and redirects still at ${answer.url}`);
}

function isAt(url, callback) {
  return url.origin + url.pathname === callback;
}

/** The form to send, and the button to press in it. */
function decide({ url, status, body }) {
  const page = readPage(body, url);
  if (status !== 200) throw new Error(`${url} answered ${status}: ${page.headline}`);
  for (const form of page.forms) {
    const button = form.method === "post" && habits[form.action.pathname]?.(form);
    if (button) return [form, button];
  }
  throw new Error(`${url} shows nothing that the person could answer: ${page.headline}`);
}

/** As much of a browser as this takes: it keeps cookies, and says of a form where it was filled in. */
class Browser {
  #origins;
  // By host alone: the ports of a host share their cookies.
  #jars = new Map();

  constructor(origins) {
    this.#origins = origins;
  }

  get(url) {
    return this.#request(url, {});
  }

  post(form, button) {
    return this.#request(form.action, {
      method: "POST",
      body: new URLSearchParams([...form.fields, button]),
      // What browsers say of a form on a page with `Referrer-Policy: no-referrer`.
      headers: { origin: "null", "sec-fetch-site": "same-origin" },
    });
  }

  /** Status and body, and the `next` address where the answer is a redirect. */
  async #request(url, { headers, ...options }) {
    if (!this.#origins.includes(url.origin)) throw new Error(`the person was led to a stranger: ${url}`);
    const jar = this.#jars.get(url.hostname) ?? new Map();
    this.#jars.set(url.hostname, jar);
    const response = await fetch(url, {
      ...options,
      redirect: "manual",
      headers: { accept: "text/html", ...cookies(jar), ...headers },
      signal: AbortSignal.timeout(10_000),
    }).catch((error) => {
      throw new Error(`${url} did not answer: ${error.cause?.message ?? error.message}`);
    });
    response.headers.getSetCookie().forEach((line) => keep(jar, line));
    return { url, status: response.status, next: destination(url, response), body: await response.text() };
  }
}

function cookies(jar) {
  return jar.size > 0 ? { cookie: [...jar.values()].join("; ") } : {};
}

function keep(jar, setCookie) {
  const [pair, ...attributes] = setCookie.split(";").map((part) => part.trim());
  const [name] = pair.split("=");
  if (attributes.some((attribute) => /^max-age=(0|-.*)$/i.test(attribute))) jar.delete(name);
  else jar.set(name, pair);
}

/** Where a redirect leads. Others than these two would send what was posted on to the next address. */
function destination(url, { status, headers }) {
  if (status < 300 || status > 399) return undefined;
  if (status !== 302 && status !== 303) throw new Error(`${url} redirects with ${status}`);
  return new URL(headers.get("location"), url);
}
