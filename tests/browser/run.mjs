// Holds the browser test of the page: set-up, log-in, devices arriving live, a person's words, French, no scripts,
// pictures of every view. It never talks to anything but the address it is given and leaves no profile behind.
// The runner of the tests calls it: node run.mjs --url http://ADDRESS:PORT --code XXXX-XXXX --out FOLDER
// With --known instead of --code it logs in to an appliance this test has set up before.

import { parseArgs } from "node:util";
import { open, start } from "./browser.mjs";
import { lookAtAll, weigh } from "./look.mjs";
import * as steps from "./steps.mjs";

const { values } = parseArgs({
  options: {
    url: { type: "string" }, code: { type: "string" }, out: { type: "string", default: "pictures" },
    known: { type: "boolean", default: false },
  },
});
if (!values.url || !(values.code || values.known)) {
  console.error("usage: node run.mjs --url http://ADDRESS:PORT (--code XXXX-XXXX | --known) [--out FOLDER]");
  process.exit(64);
}
const origin = new URL(values.url).origin;
const faults = [];

async function step(name, act) {
  const before = Date.now();
  try {
    const result = await act();
    console.log(`ok    ${name} (${Date.now() - before} ms)`);
    return result;
  } catch (error) {
    console.log(`FAIL  ${name}: ${error.message.split("\n").slice(0, 6).join(" | ")}`);
    faults.push(`${name}: ${error.message}`);
    return undefined;
  }
}

const browser = await start();
try {
  const { context, page } = await open(browser, origin, faults);
  if (values.known) await page.goto(`${origin}/`).then(() => page.goto(`${origin}/login`));
  else await step("set up with the code from the console", () => steps.setUp(page, origin, values.code));
  if (!values.known) await step("log out and in again", () => steps.logIn(page, origin));
  else {
    await page.getByLabel("User name").fill(steps.PERSON.name);
    await page.getByLabel("Password", { exact: true }).fill(steps.PERSON.password);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.waitForURL(`${origin}/`);
  }
  const id = await step("devices arrive live", () => steps.seeDevicesArrive(page, origin));
  if (id) {
    await step("a label and trust show elsewhere", () => steps.sayWhatItIs(page, origin, id));
    await step("two people at one form", () => steps.meetSomebodyElse(page, origin, id));
    await step("search, filters, order", () => steps.findInTheList(page, origin));
  }
  const path = await step("check a device now", () => steps.checkNow(page, origin));
  await step("French and back", () => steps.speakFrench(page, origin));
  const state = await context.storageState();
  await step("reading without scripts", () => steps.readWithoutScripts(browser, origin, faults, state));
  const views = { overview: "/", devices: "/devices", empty: "/devices?q=zzzz", device: path ?? `/devices/${id}`, changes: "/changes", system: "/system" };
  if (id) views.forget = `/devices/${id}/forget`;
  const figures = await step("every view, width, scheme and language", () => lookAtAll(browser, origin, views, state, values.out, faults));
  await step("the door", () => lookAtAll(browser, origin, { login: "/login" }, undefined, `${values.out}/door`, faults));
  const weight = await step("weight", () => weigh(browser, origin, state, faults));
  if (id) await step("forgetting", () => steps.forget(page, origin, id));
  console.log(JSON.stringify({ views: figures?.length, moderate: [...new Set((figures ?? []).flatMap((one) => one.moderate))], ...weight }));
} finally {
  await browser.close();
}
for (const fault of new Set(faults)) console.log(`fault ${fault}`);
process.exit(faults.length ? 1 : 0);
