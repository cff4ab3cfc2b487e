// Holds how the page is looked at: pictures for people, and what a machine can judge of accessibility, width and weight.
// It never changes anything on the appliance.
// `run.mjs` looks at every view through it.

import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import path from "node:path";
import { open } from "./browser.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WIDTHS = [360, 768, 1280];
const LOCALES = { en: "en-GB", fr: "fr-FR" };
// Every view in both languages and both schemes; the two that cross them for the views people see most.
const LOOKS = [["en", "light", true], ["fr", "dark", true], ["en", "dark", false], ["fr", "light", false]];
const MOST_SEEN = ["overview", "devices", "device", "login", "seats"];
const FIRST_VIEW_BYTES = 60 * 1024;
const ASSETS_BYTES = 200 * 1024;
const MOST_SHIFT = 0.05;
const PHONE_TARGET_PX = 24;

/** Looks at every view in every width, scheme and language. Gives figures; what must not be is added to `faults`. */
export async function lookAtAll(browser, origin, views, state, out, faults) {
  await mkdir(out, { recursive: true });
  const figures = [];
  for (const [language, scheme, every] of LOOKS) {
    for (const width of WIDTHS) {
      const { context, page } = await open(browser, origin, faults, {
        locale: LOCALES[language], colorScheme: scheme, viewport: { width, height: width < 500 ? 740 : 900 },
        storageState: state, reducedMotion: "reduce",
      });
      // Somebody who has logged in gets the language of their account, unless they have switched.
      await context.addCookies([{ name: "vigie_language", value: language, url: origin }]);
      for (const [name, view] of Object.entries(views).filter(([name]) => every || MOST_SEEN.includes(name))) {
        const where = `${name}-${width}-${scheme}-${language}`;
        // The account's own language would win over the browser's.
        const address = new URL(origin + view);
        address.searchParams.set("lang", language);
        await page.goto(address.href);
        await page.waitForLoadState("load");
        await settle(page);
        const spoken = await page.evaluate(() => document.documentElement.lang);
        if (spoken !== language) faults.push(`${where} speaks ${spoken}`);
        const paint = await measure(page);
        await page.screenshot({ path: path.join(out, `${where}.png`), fullPage: true });
        figures.push({ where, ...paint, ...(await judge(page, where, width, faults)) });
      }
      await context.close();
    }
  }
  await writeFile(path.join(out, "figures.json"), JSON.stringify(figures, null, 1));
  return figures;
}

/** Waits until what moves has moved. */
async function settle(page) {
  await page.waitForTimeout(150);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

/** How long the view took: to the first byte, to the first and the largest paint, in milliseconds from the request on. */
async function measure(page) {
  return page.evaluate(() => {
    const [navigation] = performance.getEntriesByType("navigation");
    const paint = performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0;
    return {
      server_ms: Math.round(navigation.responseStart - navigation.requestStart), first_paint_ms: Math.round(paint),
      largest_paint_ms: Math.round(Math.max(window.largest, paint)), page_bytes: navigation.transferSize,
    };
  });
}

async function judge(page, where, width, faults) {
  await page.evaluate(AXE);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const serious = found.violations.filter((one) => ["serious", "critical"].includes(one.impact));
  for (const one of serious) {
    faults.push(`axe on ${where}: ${one.id}: ${one.nodes.slice(0, 3).map((node) => `${node.target} (${node.any[0]?.message ?? one.help})`).join("; ")}`);
  }
  const shape = await page.evaluate((least) => ({
    wide: document.scrollingElement.scrollWidth - document.documentElement.clientWidth,
    shift: window.shifts,
    small: [...document.querySelectorAll("a, button, select, input:not([type=hidden])")]
      .map((one) => [one, one.getBoundingClientRect()])
      // A box inside its label is as large as the label.
      .map(([one, box]) => [one, one.closest("label")?.getBoundingClientRect() ?? box])
      .filter(([one, box]) => box.width > 1 && box.height > 1 && box.height < least && getComputedStyle(one).display !== "inline")
      .map(([one]) => one.outerHTML.slice(0, 80)),
  }), PHONE_TARGET_PX);
  if (shape.wide > 0) faults.push(`${where} is ${shape.wide} px wider than the window`);
  if (shape.shift > MOST_SHIFT) faults.push(`${where} shifts by ${shape.shift.toFixed(3)}`);
  if (width < 500 && shape.small.length) faults.push(`${where} has targets too small for a finger: ${shape.small.slice(0, 3)}`);
  return { moderate: found.violations.filter((one) => !serious.includes(one)).map((one) => one.id), shift: shape.shift };
}

/** Weighs what a first view and its files cost on the wire, with a browser that has kept nothing. */
export async function weigh(browser, origin, state, faults, view = "/") {
  const { context, page } = await open(browser, origin, faults, { storageState: state });
  const protocol = await context.newCDPSession(page);
  await protocol.send("Network.enable");
  const names = new Map();
  let first = 0;
  let assets = 0;
  protocol.on("Network.responseReceived", (event) => names.set(event.requestId, event.response.url));
  protocol.on("Network.loadingFinished", (event) => {
    const url = names.get(event.requestId) ?? "";
    first += event.encodedDataLength;
    if (url.includes("/assets/")) assets += event.encodedDataLength;
  });
  const before = Date.now();
  const answer = await page.goto(origin + view);
  await page.waitForLoadState("load");
  const timing = answer.request().timing();
  await settle(page);
  await page.waitForTimeout(500);
  await context.close();
  if (first > FIRST_VIEW_BYTES) faults.push(`the first view weighs ${first} bytes, more than ${FIRST_VIEW_BYTES}`);
  if (assets > ASSETS_BYTES) faults.push(`the files weigh ${assets} bytes, more than ${ASSETS_BYTES}`);
  return { first_view_bytes: first, asset_bytes: assets, server_ms: timing.responseStart - timing.requestStart, load_ms: Date.now() - before - 500 };
}

/** Weighs every file the program carries, as it is sent: those two pages name, and those their charts fetch. */
export async function weighAll(page, origin, faults) {
  const pages = [await page.request.get(`${origin}/`), await page.request.get(`${origin}/workstations`)];
  const text = (await Promise.all(pages.map((answer) => answer.text()))).join("");
  const files = new Set([...text.matchAll(/\/assets\/[^"#]+/g)].map(([address]) => address.replaceAll("&amp;", "&")));
  let all = 0;
  // One after the other: a session may have eight connections, and the page holds some.
  for (const file of files) {
    const answer = await page.request.get(origin + file, { headers: { "accept-encoding": "gzip" } });
    all += Number(answer.headers()["content-length"]);
  }
  if (files.size < 9 || !(all > 0 && all <= ASSETS_BYTES)) faults.push(`${files.size} files weigh ${all} bytes, at most ${ASSETS_BYTES}`);
  return { files: files.size, all_bytes: all };
}
