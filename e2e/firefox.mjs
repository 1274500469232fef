#!/usr/bin/env node
// The Firefox of this machine (FIREFOX) as Playwright wants it: it speaks WebDriver BiDi, and Playwright sets up a browser
// with commands that Debian's long-term Firefox does not know yet. None of them matters to these tests, so where Firefox
// calls one of them unknown, this relay says that all is well.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { WebSocket, WebSocketServer } from "ws";

/** What a command that the tests can do without would have answered; undefined where they need it. */
function instead(method) {
  if (method === "network.addDataCollector") return { collector: "none" }; // keeps the bodies of answers, read by no test
  if (method === "browser.setDownloadBehavior") return {}; // a download is saved where it is by default
  if (method.startsWith("emulation.")) return {}; // language, screen, theme: what is tested by themes is tested in Chromium
  return undefined;
}

const firefox = spawn(process.env.FIREFOX, process.argv.slice(2), { stdio: ["inherit", "inherit", "pipe"] });
firefox.on("error", (error) => fail(`${process.env.FIREFOX} does not start: ${error.message}`));
firefox.on("exit", (code) => process.exit(code ?? 1));

for await (const line of createInterface(firefox.stderr)) {
  const address = /^WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1];
  process.stderr.write(address ? `WebDriver BiDi listening on ${await relay(address)}\n` : `${line}\n`);
}

/** Listens in front of Firefox's address, and resolves to the address to use instead. */
function relay(address) {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  server.on("connection", (client, { url }) => {
    const browser = new WebSocket(address + url);
    const open = new Promise((resolve) => browser.on("open", resolve));
    const asked = new Map();
    client.on("message", async (data) => {
      const { id, method } = JSON.parse(data);
      asked.set(id, instead(method));
      await open;
      browser.send(data.toString());
    });
    browser.on("message", (data) => {
      const { id, error } = JSON.parse(data);
      const result = error === "unknown command" && asked.get(id);
      client.send(result ? JSON.stringify({ type: "success", id, result }) : data.toString());
    });
    browser.on("close", () => client.close());
    browser.on("error", (error) => fail(`Firefox does not answer: ${error.message}`));
    client.on("close", () => browser.close());
  });
  return new Promise((resolve) => server.on("listening", () => resolve(`ws://127.0.0.1:${server.address().port}`)));
}

function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  firefox.kill();
  process.exit(1);
}
