// Holds what a person does with many devices, with lists, and with the appliance itself, step by step, each checking what
// the person would see. It never looks behind the page except to see that a setting is obeyed.
// `run.mjs` runs them in their order.

import assert from "node:assert/strict";
import { open, until } from "./browser.mjs";

const MAC = (number) => `00:1b:21:${[16, 8, 0].map((bits) => ((number >> bits) & 255).toString(16).padStart(2, "0")).join(":")}`;

/** The overview draws the day, in a picture, by keys, and as a table; and undoes what was done from it. */
export async function readTheDay(page, origin) {
  await until("something was counted", async () => {
    await page.goto(origin);
    return page.locator("#online svg").count();
  }, 90000);
  const chart = page.locator("#online");
  await chart.locator(".plot").focus();
  await page.locator("#online.alive canvas").waitFor();
  const life = chart.getByRole("group", { name: /Left and right arrow keys/ });
  assert.ok(await life.evaluate((life) => life === document.activeElement), "who came by key goes on by key");
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowLeft");
  await until("the value is told", async () => /\d/.test(await chart.locator(".told-value").innerText()));
  await chart.getByText("As a table").click();
  assert.ok(await chart.locator("tbody tr").count() > 0, "the table has rows");
  await page.getByRole("link", { name: "7 days" }).click();
  await page.waitForURL(/range=week/);
  await page.locator("#online:not(.alive) svg").waitFor();
  await page.locator("#online .plot").hover();
  await page.locator("#online.alive canvas").waitFor();
}

/** Several are ticked in the list and marked at once, which can be undone. */
export async function markMany(page, origin) {
  await page.goto(`${origin}/devices?show=unknown`);
  const boxes = page.locator('#rows input[name="id"]');
  const before = await boxes.count();
  assert.ok(before > 3, "there are strangers");
  assert.ok(await page.locator(".many").isHidden(), "no bar while nothing is ticked");
  for (const place of [0, 1, 2]) await boxes.nth(place).check();
  await page.getByRole("button", { name: "Belong here" }).click();
  await page.getByText("3 devices marked.").waitFor();
  assert.equal(await boxes.count(), before - 3);
  assert.match(page.url(), /show=unknown/);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("3 devices are marked as before.").waitFor();
  assert.equal(await boxes.count(), before);
  for (const place of [0, 1, 2]) await boxes.nth(place).check();
  await page.getByRole("button", { name: "Belong here" }).click();
  await page.getByText("3 devices marked.").waitFor();
}

/** A new device is said to be unwanted from the overview, which offers to undo it. */
export async function answerTheOverview(page, origin) {
  await page.goto(`${origin}/devices?show=new`);
  await page.getByLabel("Tick all on this page").check();
  const boxes = page.locator('#rows input[name="id"]');
  await boxes.first().uncheck();
  if (await boxes.count() > 1) {
    await page.getByRole("button", { name: "Belong here" }).click();
    await page.getByText(/devices? marked\./).waitFor();
  }
  await page.goto(origin);
  await page.getByRole("button", { name: "Not wanted" }).first().click();
  await page.getByText("is marked as not wanted").waitFor();
  await page.getByText("which you do not want here").waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("is not known yet").waitFor();
  assert.equal(await page.getByText("which you do not want here").count(), 0);
}

/** Added by hand: what does not do is told beside its field, what does is waited for. */
export async function addByHand(page, origin) {
  await page.goto(`${origin}/devices`);
  await page.getByRole("link", { name: "Add a device" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Book scanner");
  await page.getByLabel("Hardware address (MAC)").fill("not-one");
  await page.getByRole("button", { name: "Add a device" }).click();
  await page.locator("#mac-fault").waitFor();
  assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "Book scanner", "what was typed stays");
  await page.getByLabel("Hardware address (MAC)").fill("00:1b:21:ff:00:01");
  await page.getByRole("button", { name: "Add a device" }).click();
  await page.getByRole("heading", { level: 1, name: "Book scanner" }).waitFor();
  return new URL(page.url()).pathname;
}

/** Two entries become one and two again. */
export async function mergeAndSplit(page, origin, path) {
  await page.goto(`${origin}/devices/add`);
  await page.getByLabel("Name", { exact: true }).fill("Book scanner, Wi-Fi");
  await page.getByLabel("Hardware address (MAC)").fill("00:1b:21:ff:00:02");
  await page.getByRole("button", { name: "Add a device" }).click();
  await page.getByRole("heading", { level: 1, name: "Book scanner, Wi-Fi" }).waitFor();
  await page.goto(origin + path);
  await page.getByRole("link", { name: "Same as another…" }).click();
  await page.getByLabel("Search").fill("Wi-Fi");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Same as this one : Book scanner, Wi-Fi" }).click();
  await page.getByText("The two entries are one now.").waitFor();
  await page.getByText("00:1b:21:ff:00:02").first().waitFor();
  await page.getByRole("button", { name: "Undo the merge" }).click();
  await page.getByText("They are two devices again.").waitFor();
  await page.getByRole("link", { name: "Look at the other one" }).click();
  await page.getByRole("heading", { level: 1, name: "Book scanner, Wi-Fi" }).waitFor();
}

/** A wake-up call is followed until it is known how it ended, without a reload. */
export async function wake(page, origin, path) {
  await page.goto(origin + path);
  await page.evaluate(() => { window.mark = true; });
  await page.getByRole("button", { name: "Wake it up" }).click();
  await page.locator("#wake").waitFor();
  await page.evaluate(() => { window.mark = true; });
  await page.getByText(/It is up|It was there already|no sign of life/).waitFor({ timeout: 75000 });
  assert.ok(await page.evaluate(() => window.mark), "the page was not loaded again");
}

/** The list goes out, and what it holds comes back in; a bad line says why and spoils nothing. */
export async function exportAndImport(page, origin) {
  await page.goto(`${origin}/devices`);
  const waiting = page.waitForEvent("download");
  await page.getByRole("link", { name: "Save as CSV" }).click();
  const text = await (await waiting).createReadStream().then(async (stream) => {
    let text = "";
    for await (const part of stream) text += part;
    return text;
  });
  assert.match(text, /^\uFEFF?"id"|mac/, "the first line names the columns");
  assert.ok(text.includes("Book scanner"), "a person's name is in it");
  await page.goto(`${origin}/devices/import`);
  const list = "mac,label,tags\r\n00:1b:21:ff:00:01,Book scanner 2,scanner\r\nnonsense,x,\r\n00:1b:21:ff:00:09,From a list,\r\n";
  await page.getByLabel("The list, as CSV").setInputFiles({ name: "list.csv", mimeType: "text/csv", buffer: Buffer.from(list) });
  await page.getByRole("button", { name: "See what would change" }).click();
  await page.getByText("Nothing is changed yet.").waitFor();
  const refused = page.locator("tbody tr", { hasText: "refused" });
  assert.match(await refused.innerText(), /^3\b[\s\S]*MAC address/, "line 3 says why");
  await page.getByRole("button", { name: "Take in 2 devices" }).click();
  await page.getByText("The list is taken in.").waitFor();
  await page.goto(`${origin}/devices?q=From+a+list`);
  assert.equal(await page.locator("#rows tr").count(), 1);
}

/** Settings are refused beside their field, kept as typed, and obeyed once they do. */
export async function changeSettings(page, origin) {
  await page.goto(`${origin}/system`);
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByLabel("A look around every").fill("90");
  await page.getByLabel("Further networks to look at").fill("10.0.0.0/8");
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator("#interval_minutes-fault").waitFor();
  await page.locator("#segments-fault").waitFor();
  assert.equal(await page.getByLabel("A look around every").inputValue(), "90");
  await page.getByLabel("A look around every").fill("9");
  await page.getByLabel("Further networks to look at").fill("");
  await page.getByLabel("On a cable (usually 2)").fill("1.5");
  await page.getByLabel("Windows names (NetBIOS)").uncheck();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved. It counts from now on.").waitFor();
  const now = await page.evaluate(async () => (await fetch("/api/network/v2/config")).json());
  assert.deepEqual([now.interval_minutes, now.presence.wired_seconds, now.sources.nbns], [9, 90, false]);
  await page.getByLabel("Windows names (NetBIOS)").check();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved. It counts from now on.").waitFor();
  await page.getByRole("button", { name: "Only listen" }).click();
  await page.getByText("Vigie only listens").waitFor();
  await page.goto(origin);
  await page.getByRole("button", { name: "Switch it on" }).click();
  await until("the watch goes on", async () => {
    const watch = await page.evaluate(async () => (await fetch("/api/network/v2/monitoring/stats")).json());
    return watch.running;
  });
}

/** The log is read by level and follows. */
export async function readTheLog(page, origin) {
  await page.goto(`${origin}/system/logs`);
  await page.getByText("the first administrator has been made").waitFor();
  await page.getByRole("link", { name: "Failures" }).click();
  await page.waitForURL(/level=error/);
  assert.equal(await page.getByText("the first administrator has been made").count(), 0);
}

/** A thousand devices come in by a list; the list of them stays quick and still. */
export async function bringMany(page, origin, count) {
  await page.goto(`${origin}/devices/import`);
  const lines = Array.from({ length: count }, (_, number) => `${MAC(number + 1)},Seat ${number + 1},${number % 3 ? "" : "seat"}`);
  const list = ["mac,label,tags", ...lines, "00:00:00:00:00:00,nobody,", ",nothing,"].join("\n");
  await page.getByLabel("The list, as CSV").setInputFiles({ name: "many.csv", mimeType: "text/csv", buffer: Buffer.from(list) });
  await page.getByRole("button", { name: "See what would change" }).click();
  await page.getByRole("button", { name: /^Take in 1,000 devices/ }).click();
  await page.getByText("The list is taken in.").waitFor({ timeout: 60000 });
  await page.goto(`${origin}/devices`);
  assert.equal(await page.locator("#rows tr").count(), 100, "a page holds a hundred");
  await page.getByRole("link", { name: "Next page" }).click();
  await page.waitForURL(/page=2/);
  await page.keyboard.press("/");
  await page.keyboard.type("Seat 1000");
  await until("one row is left", () => page.locator("#rows tr").count().then((rows) => rows === 1));
}

/** What the page shows before anything is known. */
export async function seeNothingYet(page, origin) {
  await page.goto(`${origin}/changes?show=trouble`);
  await page.getByText("Nothing of this sort so far").waitFor();
  await page.goto(`${origin}/devices?q=zzzz`);
  await page.getByText(/No device/).first().waitFor();
}

/** A backup goes out; what was said otherwise since comes back, after a look at what would change. */
export async function backUpAndRestore(page, origin) {
  await page.goto(`${origin}/system`);
  const waiting = page.waitForEvent("download");
  await page.getByRole("link", { name: "Save a backup" }).click();
  const download = await waiting;
  assert.match(download.suggestedFilename(), /^vigie-\d{4}-\d\d-\d\d\.json$/);
  let text = "";
  for await (const part of await download.createReadStream()) text += part;
  const backup = JSON.parse(text);
  const device = backup.items.find((item) => item.label);
  const change = (label) => page.evaluate(async ([id, label]) => (await fetch(`/api/network/v2/devices/${id}`, {
    method: "PATCH", headers: { "content-type": "application/json" }, body: JSON.stringify({ label }),
  })).status, [device.id, label]);
  assert.equal(await change("A slip"), 200);
  await page.getByRole("link", { name: "Restore a backup" }).click();
  const send = async (content) => {
    await page.getByLabel("Backup", { exact: true }).setInputFiles({ name: "b.json", mimeType: "application/json", buffer: Buffer.from(content) });
    await page.getByRole("button", { name: "See what would change" }).click();
  };
  await send(JSON.stringify({ version: 2 }));
  await page.getByText("This backup is of form 2").waitFor();
  await send(text);
  await page.getByRole("button", { name: "Restore 1 change" }).click();
  await page.getByText("The backup is restored.").waitFor();
  const label = await page.evaluate(async (id) => (await (await fetch(`/api/network/v2/devices/${id}`)).json()).label, device.id);
  assert.equal(label, device.label);
}

/** A screen comes in by the link an administrator is shown, stays, follows, and is put out by a new token. */
export async function showOnAScreen(browser, page, origin, faults) {
  await page.goto(`${origin}/people`);
  await page.getByLabel("Name for the log-in").fill("hall");
  await page.getByLabel("May", { exact: true }).selectOption("screen");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  const link = await page.locator("code", { hasText: "/screen/enter#" }).innerText();
  const { context, page: screen } = await open(browser, origin, faults, { viewport: { width: 1920, height: 1080 } });
  await screen.goto(`${origin}/screen`);
  await screen.getByLabel("Token of the screen").fill("vigie-lasting.9.nothing");
  await screen.getByRole("button", { name: "Show the screen" }).click();
  await screen.locator("#token-fault").waitFor();
  await screen.goto("about:blank");
  await screen.goto(link);
  await screen.waitForURL(`${origin}/screen`);
  assert.match(await screen.locator("time.clock").innerText(), /^\d\d:\d\d\n\w+/);
  assert.ok(Number(await screen.locator(".figures dd").first().innerText()) > 3, "somebody is here");
  const small = await screen.evaluate(() => Math.min(...[...document.querySelectorAll("main *, .lost")]
    .filter((one) => one.childElementCount === 0 && one.innerText?.trim() && !one.classList.contains("hush"))
    .map((one) => parseFloat(getComputedStyle(one).fontSize))));
  assert.ok(small >= 1080 / 40, `${small} px are too small from three metres`);
  await context.setOffline(true);
  await screen.locator(".lost").waitFor({ timeout: 60000 });
  await context.setOffline(false);
  await screen.locator(".lost").waitFor({ state: "hidden" });
  const state = await context.storageState();
  return { state, putOut: async () => {
    await page.goto(`${origin}/people`);
    await page.getByRole("link", { name: "hall" }).click();
    await page.getByRole("button", { name: "Give a new token" }).click();
    await page.locator("code", { hasText: "/screen/enter#" }).waitFor();
    await screen.waitForURL(`${origin}/screen/enter`, { timeout: 30000 });
    await context.close();
  } };
}

/** Waits until the appliance has looked around once. */
export async function awaitFirstLook(page, origin) {
  const over = async () => {
    const ready = await (await page.request.get(`${origin}/readyz`)).json();
    return ready.checks.some((check) => check.name === "first_sweep" && check.ok);
  };
  const until = Date.now() + 60_000;
  while (!(await over())) {
    if (Date.now() > until) throw new Error("no first look within a minute");
    await page.waitForTimeout(250);
  }
}
