// Holds the browser test of the page: set-up, log-in, devices arriving live, a person's words, French, no scripts,
// pictures of every view. It never talks to anything but the address it is given and leaves no profile behind.
// The runner of the tests calls it: node run.mjs --url http://ADDRESS:PORT --code XXXX-XXXX --out FOLDER
// With --known instead of --code it logs in to an appliance this test has set up before. With --many it meets an appliance
// that knows nobody, and brings it a thousand devices. With --seats it does at the desk what there is to do with workstations.

import { parseArgs } from "node:util";
import { open, start } from "./browser.mjs";
import { lookAtAll, weigh, weighAll } from "./look.mjs";
import * as seats from "./seats.mjs";
import * as steps from "./steps.mjs";
import * as tasks from "./tasks.mjs";

const { values } = parseArgs({
  options: {
    url: { type: "string" }, code: { type: "string" }, out: { type: "string", default: "pictures" },
    known: { type: "boolean", default: false }, many: { type: "boolean", default: false }, seats: { type: "boolean", default: false },
  },
});
if (!values.url || !(values.code || values.known)) {
  console.error("usage: node run.mjs --url http://ADDRESS:PORT (--code XXXX-XXXX | --known) [--many | --seats] [--out FOLDER]");
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

/** From nothing to a thousand devices. */
async function meetMany(page, context) {
  const state = await context.storageState();
  await step("before anything is known", () => tasks.seeNothingYet(page, origin));
  // While the first look is under way the page grows by what it finds.
  await step("the first look is over", () => tasks.awaitFirstLook(page, origin));
  const empty = { nobody: "/devices?show=away", quiet: "/changes?show=trouble", alone: "/" };
  await step("views with nothing in them", () => lookAtAll(browser, origin, empty, state, values.out, faults));
  await step("a thousand devices", () => tasks.bringMany(page, origin, 1000));
  const crowd = { "1000-overview": "/", "1000-devices": "/devices", "1000-known": "/devices?show=known" };
  await step("views of a thousand", () => lookAtAll(browser, origin, crowd, state, values.out, faults));
  const before = Date.now();
  await page.request.get(`${origin}/devices`);
  console.log(JSON.stringify({ list_of_1000_ms: Date.now() - before }));
}

/** All that a person at the desk does with workstations. */
async function lookAfterSeats(page, context) {
  const state = await context.storageState();
  const [machine, other] = await seats.machines(origin);
  const none = { "seats-none": "/workstations", "users-none": "/users", "reports-none": "/reports" };
  await step("nothing there yet", () => lookAtAll(browser, origin, none, state, values.out, faults));
  await step("a machine is let in by its number", () => seats.letIn(page, origin, machine));
  await step("rules, hours, a sheet of codes", () => seats.setRules(page, origin));
  const code = await step("a code on a slip", () => seats.giveCode(page, origin));
  const session = code && await step("the time runs, is added, stands still", () => seats.watchTheTime(page, origin, machine, code));
  await step("the same without scripts", () => seats.withoutScripts(browser, origin, faults, state, other));
  const person = await step("people", () => seats.lookAfterPeople(page, origin));
  const day = await step("what the day came to", () => seats.readTheReport(page, origin));
  await other.beat();
  const knocking = new (other.constructor)(other.calls, 3);
  await knocking.knock("pc-3");
  const views = {
    seats: "/workstations", station: "/workstations/1", "give-code": "/workstations/1/code", "many-codes": "/workstations/codes",
    message: "/workstations/message?to=1", groups: "/workstations/groups", group: "/workstations/groups/2", rules: "/workstations/settings",
    users: "/users", user: person ?? "/users", "user-add": "/users/add", reports: "/reports", day: day ?? "/reports", "overview-seats": "/",
    journal: "/journal?theme=kiosk",
  };
  if (session) views["end-session"] = `/sessions/${session}/end`;
  const figures = await step("every view, width, scheme and language", () => lookAtAll(browser, origin, views, state, values.out, faults));
  if (session) await step("a threshold is said aloud", () => seats.hearTheThreshold(page, origin, session));
  await step("a message, and the end", () => seats.endIt(page, origin));
  if (person) await step("erasing by name", () => seats.erase(page, origin, person));
  const weight = await step("weight", () => weigh(browser, origin, state, faults, "/workstations"));
  console.log(JSON.stringify({ views: figures?.length, moderate: [...new Set((figures ?? []).flatMap((one) => one.moderate))], ...weight }));
}

/** All that a person does on a network of twenty. */
async function useAll(page, context) {
  const id = await step("devices arrive live", () => steps.seeDevicesArrive(page, origin));
  if (id) {
    await step("a label and trust show elsewhere", () => steps.sayWhatItIs(page, origin, id));
    await step("two people at one form", () => steps.meetSomebodyElse(page, origin, id));
    await step("search, filters, order", () => steps.findInTheList(page, origin));
  }
  const path = await step("check a device now", () => steps.checkNow(page, origin));
  await step("several at once", () => tasks.markMany(page, origin));
  await step("the overview is answered and undone", () => tasks.answerTheOverview(page, origin));
  const own = await step("one added by hand", () => tasks.addByHand(page, origin));
  if (own) await step("two entries, one device, two again", () => tasks.mergeAndSplit(page, origin, own));
  if (path) await step("waking is followed", () => tasks.wake(page, origin, path));
  await step("a list out and in", () => tasks.exportAndImport(page, origin));
  await step("a backup out and in", () => tasks.backUpAndRestore(page, origin));
  const screen = await step("a screen in a public room", () => tasks.showOnAScreen(browser, page, origin, faults));
  await step("settings are obeyed", () => tasks.changeSettings(page, origin));
  await step("the log", () => tasks.readTheLog(page, origin));
  await step("the day as picture, keys and table", () => tasks.readTheDay(page, origin));
  await step("French and back", () => steps.speakFrench(page, origin));
  const state = await context.storageState();
  await step("reading without scripts", () => steps.readWithoutScripts(browser, origin, faults, state));
  const device = path ?? `/devices/${id}`;
  const views = {
    overview: "/", month: "/?range=month", devices: "/devices", empty: "/devices?q=zzzz", device, merge: `${device}/merge`,
    add: "/devices/add", import: "/devices/import", changes: "/changes", system: "/system", settings: "/system/settings",
    logs: "/system/logs", restore: "/system/restore", people: "/people", person: "/people/1", account: "/my-account",
    journal: "/journal", trust: "/trust",
  };
  if (id) views.forget = `/devices/${id}/forget`;
  const figures = await step("every view, width, scheme and language", () => lookAtAll(browser, origin, views, state, values.out, faults));
  const doors = { login: "/login", enter: "/screen/enter" };
  await step("the door", () => lookAtAll(browser, origin, doors, undefined, `${values.out}/door`, faults));
  if (screen) {
    await step("the screen", () => lookAtAll(browser, origin, { screen: "/screen" }, screen.state, `${values.out}/screen`, faults));
    await step("a new token puts the screen out", screen.putOut);
  }
  const weight = await step("weight", () => weigh(browser, origin, state, faults));
  const files = await step("weight of every file", () => weighAll(page, origin, faults));
  if (id) await step("forgetting, and back", () => steps.forget(page, origin, id));
  console.log(JSON.stringify({ views: figures?.length, ...worst(figures ?? []), moderate: [...new Set((figures ?? []).flatMap((one) => one.moderate))], ...weight, ...files }));
}

/** The figures people compare pages by: the worst view of all, and which it is. */
function worst(figures) {
  const most = (name) => figures.reduce((worst, one) => (one[name] > (worst?.[name] ?? -1) ? one : worst), undefined);
  const tell = (name) => { const one = most(name); return one && [one[name], one.where]; };
  return Object.fromEntries(["server_ms", "first_paint_ms", "largest_paint_ms", "shift", "page_bytes"].map((name) => [name, tell(name)]));
}

const browser = await start();
try {
  const { context, page } = await open(browser, origin, faults);
  if (values.known) {
    await page.goto(`${origin}/login`);
    await page.getByLabel("User name").fill(steps.PERSON.name);
    await page.getByLabel("Password", { exact: true }).fill(steps.PERSON.password);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.waitForURL(`${origin}/`);
  } else {
    await step("set up with the code from the console", () => steps.setUp(page, origin, values.code));
    if (!values.many && !values.seats) await step("log out and in again", () => steps.logIn(page, origin));
  }
  const all = values.many ? meetMany : values.seats ? lookAfterSeats : useAll;
  await all(page, context);
} finally {
  await browser.close();
}
for (const fault of new Set(faults)) console.log(`fault ${fault}`);
process.exit(faults.length ? 1 : 0);
