import { chromium } from "playwright-core";
const port = process.env.PORT || 3000;
const b = await chromium.launch({ executablePath: "/usr/bin/chromium" });
const scheme = process.env.SCHEME || "light";
const c = await b.newContext({ colorScheme: scheme, viewport: { width: 1280, height: 720 } });
const p = await c.newPage();
const logs = [];
p.on("console", (m) => logs.push(m.type() + ": " + m.text().slice(0, 300)));
p.on("pageerror", (e) => logs.push("pageerror " + e));
const home = () => p.url().startsWith(`http://localhost:${port}`);
const rest = async () => { for (let i = 0; i < 80; i++) { await p.waitForTimeout(120); if (!home()) return; if (!(await p.locator('[data-testid=next][data-waiting=true]').count())) { await p.waitForTimeout(250); if (!(await p.locator('[data-testid=next][data-waiting=true]').count())) return; } } };
const toEnd = async () => {
  await p.keyboard.press("e"); await rest();
  for (let i = 0; i < 8; i++) {
    if (home()) { await rest(); if (home()) break; }
    if (await p.locator('button:has-text("Allow")').count()) await p.click('button:has-text("Allow")');
    else if (await p.locator('button:has-text("Ada")').count()) await p.click('button:has-text("Ada")');
    await p.waitForTimeout(600);
  }
  await rest(); await p.waitForTimeout(500);
};
const shot = (n) => p.screenshot({ path: `/tmp/h/shots/s7-${n}-${scheme}.png` });
await p.goto(`http://localhost:${port}/#v=2026-07-28&reg=cimd`); await p.waitForSelector("[data-testid=next]");
await toEnd(); await shot("2026-end");
await p.locator('[data-testid="choose-2025-11-25"]').click(); await p.waitForTimeout(300); await toEnd(); await shot("2025-end");
await p.keyboard.press("m"); await p.waitForTimeout(700); await shot("compare"); await p.keyboard.press("Escape");
await p.keyboard.press("x"); await p.waitForTimeout(700); await shot("export"); await p.keyboard.press("Escape");
await p.keyboard.press("d"); await p.waitForTimeout(700); await shot("document"); 
await p.locator('[data-testid=check-document], button:has-text("Check it")').first().click().catch(()=>{}); await p.waitForTimeout(1500); await shot("document-checked"); await p.keyboard.press("Escape");
await p.locator('[data-testid="step-code-exchange"]').click(); await p.keyboard.press("v"); await p.waitForTimeout(700); await shot("presenter"); await p.keyboard.press("Escape");
await p.locator('[data-testid="step-pkce"]').click(); await p.waitForTimeout(300); await shot("pkce");
await p.keyboard.press("?"); await p.waitForTimeout(300); await shot("keys"); await p.keyboard.press("Escape");
for (const d of ["refresh", "reuse", "whoami"]) { 
  for (let i=0;i<3;i++){ if (await p.locator(`[data-testid=deed-${d}]`).count()) break; await p.keyboard.press("End"); await p.keyboard.press("ArrowRight"); await p.waitForTimeout(100);} 
  if (await p.locator(`[data-testid=deed-${d}]`).count()) { await p.locator(`[data-testid=deed-${d}]`).click(); await rest(); await p.waitForTimeout(400); await shot("deed-" + d); } else logs.push("no deed " + d);
}
console.log(logs); await c.close();
const n = await b.newContext({ colorScheme: scheme, viewport: { width: 375, height: 812 } });
const q = await n.newPage(); await q.goto(`http://localhost:${port}/`); await q.waitForSelector("[data-testid=next]"); await q.waitForTimeout(300); await q.screenshot({ path: `/tmp/h/shots/s7-375-start-${scheme}.png` });
await q.keyboard.press("c"); await q.waitForTimeout(2500); await q.screenshot({ path: `/tmp/h/shots/s7-375-mid-${scheme}.png`, fullPage: true });
await b.close();
