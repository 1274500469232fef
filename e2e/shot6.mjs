import { chromium } from "playwright-core";
const port = process.env.PORT || 3000;
const hash = process.env.HASH || "";
const schemes = (process.env.SCHEMES || "light").split(",");
const sizes = { d: [1280, 720], w: [1920, 1080], n: [375, 812] };
const b = await chromium.launch({ executablePath: "/usr/bin/chromium" });
for (const scheme of schemes) {
  const c = await b.newContext({ colorScheme: scheme, viewport: { width: 1280, height: 720 } });
  const p = await c.newPage();
  const logs = [];
  p.on("console", (m) => logs.push(m.type() + ": " + m.text().slice(0, 200)));
  p.on("pageerror", (e) => logs.push("pageerror " + e));
  const shot = async (name, which = "d") => {
    for (const k of which) {
      await p.setViewportSize({ width: sizes[k][0], height: sizes[k][1] });
      await p.waitForTimeout(250);
      await p.screenshot({ path: `/tmp/h/shots/s6-${name}-${scheme}-${k}.png` });
    }
    await p.setViewportSize({ width: 1280, height: 720 });
  };
  const home = () => p.url().startsWith(`http://localhost:${port}`);
  const rest = async () => {
    for (let i = 0; i < 60; i++) {
      await p.waitForTimeout(120);
      if (!home()) return;
      const busy = await p.locator('[data-testid=next][data-waiting=true]').count();
      if (!busy) { await p.waitForTimeout(250); if (!(await p.locator('[data-testid=next][data-waiting=true]').count())) return; }
    }
  };
  await p.goto(`http://localhost:${port}/${hash}`);
  await p.waitForSelector("[data-testid=next]");
  await shot("start", process.env.ALL ? "dwn" : "d");
  await p.keyboard.press("c"); await rest();
  await shot("consent-before");
  await p.keyboard.press("e"); await rest();
  for (let i = 0; i < 6; i++) {
    if (home()) { await rest(); if (home()) break; }
    if (await p.locator('button:has-text("Allow")').count()) { await p.click('button:has-text("Allow")'); }
    else if (await p.locator('button:has-text("Ada")').count()) { await p.click('button:has-text("Ada")'); }
    await p.waitForTimeout(600);
  }
  await rest(); await p.waitForTimeout(600);
  await shot("end", process.env.ALL ? "dwn" : "d");
  if (process.env.STEPS) for (const s of process.env.STEPS.split(",")) {
    const [step, tab] = s.split("/");
    await p.locator(`[data-testid="step-${step}"]`).click();
    if (tab) await p.locator(`[data-testid="tab-${tab}"]`).click();
    await shot(`${step}-${tab || ""}`, process.env.STEPSIZE || "d");
  }
  const m = await p.evaluate(() => { const l = document.querySelector('.rows'); return { ladder: [l.scrollHeight, l.clientHeight, l.children.length], steps: [document.querySelector('.steps').scrollHeight, document.querySelector('.steps').clientHeight] }; });
  console.log(scheme, JSON.stringify(m), logs);
  await c.close();
}
await b.close();
