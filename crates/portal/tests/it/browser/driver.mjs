// One Chromium for all scenarios. Reads a line of JSON for each thing to do on standard input, answers with
// one line on standard output, and ends with its input. `tests/it/browser/mod.rs` is its other half.
//   driver.mjs FOLDER-OF-NODE-MODULES CHROMIUM
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";

const [modules, executablePath] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

// The rules of WCAG 2.2 AA and below, and axe's own best practices.
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
// For whatever a scenario waits for, and for a whole deed. A test that waits longer has failed.
const PATIENCE_MS = 10_000;
const DEED_MS = 30_000;

const browser = await chromium.launch({
  executablePath,
  // Root has no sandbox; the pages are ours.
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"],
});
const pages = new Map();
let last = 0;

/** A visitor: a phone of its own, with its own cookies. */
async function open({ javaScript, width, height, theme, contrast, motion, zoom }) {
  const options = {
    javaScriptEnabled: javaScript,
    viewport: { width, height },
    deviceScaleFactor: zoom,
    isMobile: true,
    hasTouch: true,
    colorScheme: theme,
    contrast,
    reducedMotion: motion,
    locale: "fr-FR",
    timezoneId: "Europe/Paris",
    permissions: ["clipboard-read", "clipboard-write"],
  };
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const visit = { context, page, options, taps: 0, problems: [], requests: [] };
  context.on("page", (other) => watch(visit, other));
  watch(visit, page);
  context.on("requestfinished", (request) => visit.requests.push(request));
  context.on("requestfailed", (request) => visit.requests.push(request));
  pages.set(++last, visit);
  return last;
}

/** Where a page's scripts are off, axe's would not run either: it looks at a copy, without the page's own. */
async function copied(visit) {
  const context = await browser.newContext({ ...visit.options, javaScriptEnabled: true });
  const page = await context.newPage();
  const url = visit.page.url();
  const html = (await visit.page.content()).replace(/<script\b[^>]*><\/script>/g, "");
  await page.route(url, (route) => route.fulfill({ body: html, contentType: "text/html; charset=utf-8" }));
  await page.goto(url, { waitUntil: "load" });
  return page;
}

/** Whatever a developer would see in the console counts as a problem. */
function watch(visit, page) {
  page.on("console", (message) => {
    if (!["error", "warning"].includes(message.type())) return;
    visit.problems.push(`${message.type()}: ${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => visit.problems.push(`exception: ${error.message}`));
}

const find = (page, { role, name, label, css, exact }) => {
  if (label !== undefined) return page.getByLabel(label, { exact: exact ?? false }).first();
  if (css !== undefined) return page.locator(css).first();
  return page.getByRole(role, { name, exact: exact ?? false }).first();
};

const later = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** Does something that may lead to another page, and waits for that page. */
async function follow(page, act) {
  const main = page.mainFrame();
  let leads;
  const begins = (request) => {
    if (!request.isNavigationRequest() || request.frame() !== main) return;
    leads = Promise.race([
      page.waitForEvent("framenavigated", (frame) => frame === main),
      page.waitForEvent("requestfailed", (failed) => failed === request),
    ]);
  };
  page.on("request", begins);
  await act();
  // What a control leads to begins at once, or not at all.
  await page.waitForTimeout(30);
  page.off("request", begins);
  await leads;
  await page.waitForLoadState("load");
}

const deeds = {
  open,
  close: async ({ visit }) => { await visit.context.close(); },
  goto: async ({ visit, url }) => {
    const response = await visit.page.goto(url, { waitUntil: "load" });
    return response?.status() ?? 0;
  },
  reload: async ({ visit }) => { await visit.page.reload({ waitUntil: "load" }); },
  // A tap is one control that somebody activates, by finger or by key.
  tap: async ({ visit, what }) => {
    visit.taps += 1;
    await follow(visit.page, () => find(visit.page, what).tap());
  },
  press: async ({ visit, key, counted }) => {
    visit.taps += counted ? 1 : 0;
    await follow(visit.page, () => visit.page.keyboard.press(key));
  },
  // Typing is not tapping.
  type: async ({ visit, what, text }) => { await find(visit.page, what).fill(text); },
  paste: async ({ visit, what, text }) => {
    await find(visit.page, what).focus();
    await visit.page.evaluate((all) => navigator.clipboard.writeText(all), text);
    await visit.page.keyboard.press("ControlOrMeta+V");
  },
  see: async ({ visit, text }) => {
    await visit.page.getByText(text).first().waitFor({ state: "visible" });
  },
  see_control: async ({ visit, what }) => {
    await find(visit.page, what).waitFor({ state: "visible" });
  },
  at: async ({ visit, url }) => { await visit.page.waitForURL(url); },
  text: async ({ visit, css }) => visit.page.locator(css).first().innerText(),
  value: async ({ visit, what }) => find(visit.page, what).inputValue(),
  url: async ({ visit }) => visit.page.url(),
  taps: async ({ visit }) => visit.taps,
  evaluate: async ({ visit, script }) => visit.page.evaluate(script),
  wait: async ({ visit, script }) => { await visit.page.waitForFunction(script, undefined, { polling: 100 }); },
  screenshot: async ({ visit, file, whole }) => {
    await visit.page.screenshot({ path: file, fullPage: whole, animations: "disabled" });
  },
  resize: async ({ visit, width, height }) => { await visit.page.setViewportSize({ width, height }); },
  media: async ({ visit, media }) => { await visit.page.emulateMedia(media); },
  // How many bytes the phone keeps for the site; what it has already stays.
  room: async ({ visit, bytes }) => {
    // The bound ends with its session.
    visit.room ??= await visit.context.newCDPSession(visit.page);
    const origin = new URL(visit.page.url()).origin;
    await visit.room.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: bytes });
  },
  offline: async ({ visit, is }) => { await visit.context.setOffline(is); },
  // Requests whose URL matches are cut: before they leave, or once the service has them.
  cut: async ({ visit, pattern, after }) => {
    await visit.context.route(new RegExp(pattern), async (route) => {
      if (after) await route.fetch().catch(() => undefined);
      await route.abort("connectionreset");
    });
  },
  mend: async ({ visit }) => { await visit.context.unrouteAll({ behavior: "ignoreErrors" }); },
  // The browser itself reports a cut or refused request as an error: a scenario that causes one says so.
  problems: async ({ visit, excused }) => {
    const allowed = excused.map((pattern) => new RegExp(pattern));
    const all = visit.problems.splice(0);
    return all.filter((problem) => !allowed.some((pattern) => pattern.test(problem)));
  },
  requests: async ({ visit }) => Promise.all(visit.requests.splice(0).map(async (request) => {
    // Of some requests of a service worker nothing is ever told.
    const within = (told, instead) =>
      Promise.race([told.catch(() => instead), later(2_000).then(() => instead)]);
    const sizes = await within(request.sizes(), { responseBodySize: 0, responseHeadersSize: 0 });
    return {
      url: request.url(),
      body_bytes: Math.max(0, sizes.responseBodySize),
      head_bytes: Math.max(0, sizes.responseHeadersSize),
    };
  })),
  worker_ready: async ({ visit }) => {
    await visit.page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  },
  // Whatever is broken, as a line each: rule, what it says, where.
  axe: async ({ visit }) => {
    const page = visit.options.javaScriptEnabled ? visit.page : await copied(visit);
    await page.evaluate(axe);
    const { violations } = await page.evaluate(
      (rules) => globalThis.axe.run(document, { runOnly: rules, resultTypes: ["violations"] }), RULES);
    if (page !== visit.page) await page.context().close();
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map((node) => `${id}: ${help}: ${node.target.join(" ")} ${node.html}`));
  },
  // Controls that a gloved finger misses: smaller than the least size, in CSS pixels. Links within
  // sentences are read, not aimed at.
  small: async ({ visit, least }) => visit.page.evaluate((min) => {
    const controls = document.querySelectorAll(
      "a[href], button, summary, select, textarea, input:not([type=hidden]), [role=button], [tabindex='0']");
    const aimed = (element) => {
      const label = element.matches("input[type=radio], input[type=checkbox]") && element.labels?.[0];
      return label || element;
    };
    return [...controls].flatMap((element) => {
      if (element.closest("p, li.phrase") && element.matches("a")) return [];
      const { width, height, right } = aimed(element).getBoundingClientRect();
      // What only the keyboard finds stands beside the page until then.
      const is_hidden = width <= 1 || height <= 1 || right <= 0 || !element.checkVisibility({ visibilityProperty: true });
      if (is_hidden || (width >= min && height >= min)) return [];
      return [`${Math.round(width)}x${Math.round(height)} ${element.outerHTML.slice(0, 120)}`];
    });
  }, least),
};

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  let answer;
  try {
    const visit = asked.page === undefined ? undefined : pages.get(asked.page);
    const late = later(DEED_MS).then(() => { throw new Error(`${DEED_MS} ms are over`); });
    answer = { ok: (await Promise.race([deeds[asked.deed]({ ...asked.with, visit }), late])) ?? null };
  } catch (error) {
    answer = { failed: error.message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
process.exit();
