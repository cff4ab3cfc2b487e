// Holds the browser of the tests: how it is started, and what it must never do while a page is open.
// It never reaches anything but the appliance: a request to another origin is refused and counted as a fault.
// `run.mjs` opens its windows through it.

import { chromium } from "playwright-core";

const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions",
];
export const STEP_MS = 15000;

// What the browser itself writes down and is no fault: answers such as 422, which some steps provoke, and a security
// header that it honours over TLS only.
const EXPECTED = ["Failed to load resource", "The Cross-Origin-Opener-Policy header has been ignored"];

/** Starts a browser with a fresh profile; `args` are added to the flags of every one. */
export function start({ args = [], ...options } = {}) {
  return chromium.launch({ executablePath: EXECUTABLE, headless: true, args: [...FLAGS, ...args], ...options });
}

/** Opens a window on `origin`; what goes wrong in it is added to `faults`. */
export async function open(browser, origin, faults, options = {}) {
  const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(STEP_MS);
  await context.route("**/*", (route) => {
    const url = route.request().url();
    if (url.startsWith(origin) || url.startsWith("data:")) return route.continue();
    faults.push(`request to another origin: ${url}`);
    return route.abort();
  });
  await context.addInitScript(() => {
    window.shifts = 0;
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`);
    });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
    window.largest = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.largest = entry.startTime;
    }).observe({ type: "largest-contentful-paint", buffered: true });
  });
  context.on("page", (page) => watch(page, faults));
  const page = await context.newPage();
  return { context, page };
}

function watch(page, faults) {
  page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !EXPECTED.some((text) => message.text().includes(text))) {
      faults.push(`console on ${page.url()}: ${message.text()}`);
    }
  });
  page.on("response", (response) => {
    if (response.status() >= 500) faults.push(`${response.status()} from ${response.url()}`);
  });
}

/** Waits until `probe` gives something true. */
export async function until(what, probe, limit = STEP_MS) {
  const end = Date.now() + limit;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > end) throw new Error(`in vain: ${what}`);
    await new Promise((wake) => setTimeout(wake, 100));
  }
}
