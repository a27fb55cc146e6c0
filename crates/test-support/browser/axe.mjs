// Opens a page in headless Chromium and prints what a person with that browser would meet, as JSON.
//
// usage: node axe.mjs '{"node": DIR, "chromium": FILE, "page": FILE, "screenshot": FILE,
//                       "width": PX, "height": PX, "colorScheme": "light"|"dark"}'

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const request = JSON.parse(process.argv[2]);
const require = createRequire(join(request.node, "package.json"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const browser = await chromium.launch({
  executablePath: request.chromium,
  // Chromium's own sandbox does not start for root, which is what containers run as.
  args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
});
try {
  const context = await browser.newContext({
    viewport: { width: request.width, height: request.height },
    colorScheme: request.colorScheme,
    reducedMotion: "reduce",
    offline: true,
  });
  const page = await context.newPage();
  const console_ = [];
  const requests = [];
  page.on("console", (message) => console_.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => console_.push(`error: ${error.message}`));
  page.on("request", (asked) => {
    if (!asked.isNavigationRequest()) requests.push(asked.url());
  });

  await page.goto(pathToFileURL(request.page).href, { waitUntil: "load" });
  const facts = await page.evaluate(() => ({
    title: document.title,
    language: document.documentElement.lang,
    text: document.body.innerText,
    scripts: document.scripts.length,
    content_security_policy:
      document.querySelector('meta[http-equiv="Content-Security-Policy" i]')?.content ?? null,
    scroll_width: document.documentElement.scrollWidth,
    client_width: document.documentElement.clientWidth,
  }));
  await page.screenshot({ path: request.screenshot, fullPage: true });

  // Evaluated by the debugger, so the page's own policy stays in force while axe looks at it.
  await page.evaluate(axe);
  const result = await page.evaluate(() => globalThis.axe.run(document));
  const violations = result.violations.map((violation) => ({
    id: violation.id,
    impact: violation.impact,
    help: violation.help,
    nodes: violation.nodes.map((node) => `${node.target.join(" ")}: ${node.html}`),
  }));
  process.stdout.write(
    JSON.stringify({ ...facts, console: console_, requests, violations, passed: result.passes.length }),
  );
} finally {
  await browser.close();
}
