// Holds what a person at the desk does with workstations, step by step, beside a stand-in for a workstation's machine that
// speaks to the API as its program does. It never looks behind the page except as that machine.
// `run.mjs` runs them in their order.

import assert from "node:assert/strict";
import { request } from "playwright-core";
import { open, until } from "./browser.mjs";

const BOOT = "00112233445566778899aabbccddeeff";

/** A machine that is no workstation yet. */
class Machine {
  constructor(calls, number) {
    this.calls = calls;
    this.question = number.toString(16).padStart(64, "0");
    this.mac = `00:1b:21:fe:00:${number.toString(16).padStart(2, "0")}`;
    this.asked = 0;
  }

  async post(path, data, status) {
    const headers = this.token ? { authorization: `Bearer ${this.token}` } : {};
    const answer = await this.calls.post(path, { data, headers });
    assert.equal(answer.status(), status, `${path}: ${await answer.text()}`);
    return answer.json();
  }

  async knock(name) {
    const knock = { mac: this.mac, name, boot: BOOT, agent_version: "browser-test", question: this.question };
    return (await this.post("/api/postes/enrolment", knock, 202)).number;
  }

  async join() {
    const told = await this.post("/api/postes/enrolment/status", { question: this.question }, 200);
    assert.equal(told.state, "approved");
    this.token = told.token;
    this.id = told.workstation.id;
    await this.beat();
  }

  async beat() {
    const nonce = (++this.asked).toString(16).padStart(32, "0");
    const beat = { boot: BOOT, nonce, lease_seq: 0, report: null, screen: "locked", version: "browser-test" };
    const lease = await this.post(`/api/postes/${this.id}/heartbeat`, beat, 200);
    this.token = lease.rotate ?? this.token;
  }

  async type(code) {
    return this.post("/api/sessions/validate_code", { code, question: String(++this.asked) }, 200);
  }
}

/** Somebody else at the desk changes the time of a session. */
async function addElsewhere(page, session, body) {
  const status = await page.evaluate(async ([session, body]) => {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`/api/sessions/${session}/add_time`, { method: "POST", headers, body: JSON.stringify(body) });
    return answer.status;
  }, [session, body]);
  assert.equal(status, 200);
}

/** Two machines that may become workstations. */
export async function machines(origin) {
  const calls = await request.newContext({ baseURL: origin });
  return [1, 2].map((number) => new Machine(calls, number));
}

/** A machine shows its number, the open page shows it too, and the machine is let in under a name. */
export async function letIn(page, origin, machine) {
  await page.goto(`${origin}/workstations`);
  await page.getByRole("heading", { name: "No workstation yet" }).waitFor();
  await page.locator(".live:not(.lost)").waitFor();
  const number = await machine.knock("pc-1");
  const card = page.locator(".thing", { hasText: "A new computer shows" });
  await card.waitFor();
  assert.equal((await card.locator(".shown").innerText()).replace(/\D/g, ""), number, "the page shows what the screen shows");
  await card.getByLabel("Name of the workstation").fill("Seat 1");
  await card.getByLabel("Group").selectOption({ label: "Adults" });
  await card.getByRole("button", { name: "Approve" }).click();
  await page.getByText("Seat 1 is in.").waitFor();
  await page.locator(".live:not(.lost)").waitFor();
  await machine.join();
  await page.locator("#seat-1", { hasText: "Free" }).waitFor();
}

/** Two presses: a seat, a length. The slip is printed, 80 mm wide, and the code is not shown again. */
export async function giveCode(page, origin) {
  await page.goto(`${origin}/workstations`);
  await page.getByRole("link", { name: "Give a code: Seat 1" }).click();
  await page.getByRole("button", { name: "30 minutes" }).click();
  await page.getByRole("heading", { name: "The code" }).waitFor();
  const code = await page.locator(".code-large").innerText();
  assert.match(code.trim(), /^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
  const print = page.getByRole("button", { name: "Print" });
  assert.ok(await print.evaluate((button) => button === document.activeElement), "Enter prints");
  await page.evaluate(() => { window.print = () => { window.printed = true; }; });
  await print.click();
  assert.ok(await page.evaluate(() => window.printed));
  await page.emulateMedia({ media: "print" });
  const paper = await page.locator(".slip").evaluate((slip) => slip.getBoundingClientRect().width / (96 / 25.4));
  assert.ok(Math.abs(paper - 80) < 0.5, `the slip is ${paper} mm wide`);
  assert.ok(await page.locator(".bar").isHidden() && await page.locator(".handing").first().isHidden(), "the slip alone is printed");
  await page.emulateMedia({ media: null });
  return code.trim();
}

/** The time is seen to run, without a reload; what others do is seen at once, and undone from the page. */
export async function watchTheTime(page, origin, machine, code) {
  await page.goto(`${origin}/workstations`);
  await page.locator(".live:not(.lost)").waitFor();
  await page.evaluate(() => { window.mark = true; });
  const session = (await machine.type(code)).session;
  const digits = page.locator("#seat-1 .digits");
  await digits.waitFor();
  const first = await digits.innerText();
  await until("the time runs", async () => (await digits.innerText()) !== first);
  assert.match(first, /^(30:00|29:5\d)$/);
  await addElsewhere(page, session, { minutes: 60 });
  await until("added time is seen", async () => /^1:2\d:\d\d$/.test(await digits.innerText()), 3000);
  assert.ok(await page.evaluate(() => window.mark), "the page was not loaded again");

  await page.getByRole("button", { name: "+15 min: Seat 1" }).click();
  await page.getByText("15 minutes more at").waitFor();
  assert.match(await digits.innerText(), /^1:4\d:\d\d$/);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("15 minutes less at").waitFor();
  await page.getByRole("button", { name: "Pause: Seat 1" }).click();
  await page.locator("#seat-1", { hasText: "Paused" }).waitFor();
  const stopped = await digits.innerText();
  await new Promise((wake) => setTimeout(wake, 1500));
  assert.equal(await digits.innerText(), stopped, "paused time stands still");
  await page.getByRole("button", { name: "Go on: Seat 1" }).click();
  await until("it runs again", async () => (await digits.innerText()) !== stopped);
  return session;
}

/** Five minutes are said aloud once, politely; the figures that change every second are not. */
export async function hearTheThreshold(page, origin, session) {
  await page.goto(`${origin}/workstations`);
  await page.locator(".live:not(.lost)").waitFor();
  const left = await page.locator("#seat-1 .time").getAttribute("data-left");
  await addElsewhere(page, session, { ms: 303000 - Number(left) });
  const aloud = page.locator("#aloud");
  await until("the threshold is said", async () => (await aloud.textContent()) === "Seat 1: 5 minutes left");
  assert.equal(await aloud.getAttribute("role"), "status");
  await page.locator("#seat-1 .time.short").waitFor();
}

/** A message goes to all; the end asks first, whose session it is. */
export async function endIt(page, origin) {
  await page.goto(`${origin}/workstations`);
  await page.getByRole("link", { name: "Message to all" }).click();
  await page.getByRole("button", { name: /We close in 15 minutes/ }).click();
  await page.getByText("The message is on its way.").waitFor();
  await page.goto(`${origin}/workstations/1`);
  await page.getByText("not taken yet").waitFor();
  await page.goto(`${origin}/workstations`);
  await page.getByRole("link", { name: "End…: Seat 1" }).click();
  await page.getByRole("heading", { name: "End the session at Seat 1?" }).waitFor();
  await page.getByRole("button", { name: "End it" }).click();
  await page.getByText("the computer is being cleaned").waitFor();
}

/** A person is taken in, agrees, is found by card for a code, and is erased by name. */
export async function lookAfterPeople(page, origin) {
  await page.goto(`${origin}/users`);
  await page.getByRole("link", { name: "Add a person" }).click();
  await page.getByLabel("Family name").fill("Durand <b>");
  await page.getByLabel("Given name").fill("Zoé");
  await page.getByLabel("Card number").fill("C-77");
  await page.getByLabel(/has read and agreed/).check();
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.locator("#text_version-fault").waitFor();
  assert.equal(await page.getByLabel("Family name").inputValue(), "Durand <b>", "what was typed stays");
  await page.getByLabel("Version of that text").fill("2026-09");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByText("May begin a session now").waitFor();
  const path = new URL(page.url()).pathname;
  const photo = await page.screenshot({ clip: { x: 0, y: 0, width: 200, height: 200 } });
  await page.locator("#photo").setInputFiles({ name: "zoe.png", mimeType: "image/png", buffer: photo });
  await page.getByRole("button", { name: "Take this photo" }).click();
  const shown = page.getByRole("img", { name: /Photo of Zoé/ });
  await until("the photo is shown", () => shown.evaluate((image) => image.complete && image.naturalWidth > 0));
  await page.goto(`${origin}/workstations/1/code`);
  await page.getByLabel("For whom").fill("C-77");
  await page.getByRole("button", { name: /usual/ }).click();
  await page.locator(".slip", { hasText: "Zoé Durand <b>" }).waitFor();
  await page.getByRole("button", { name: "Take it back" }).click();
  await page.getByText("The code is taken back.").waitFor();
  return path;
}

/** Erasing asks for the name, and leaves nobody. */
export async function erase(page, origin, path) {
  await page.goto(origin + path);
  await page.getByRole("link", { name: "Erase…" }).click();
  await page.getByLabel(/Type the name/).fill("Zoé");
  await page.getByRole("button", { name: "Erase everything" }).click();
  await page.locator("#name-fault").waitFor();
  await page.getByLabel(/Type the name/).fill("Zoé Durand <b>");
  await page.getByRole("button", { name: "Erase everything" }).click();
  await page.getByText("Everything kept of this person is erased").waitFor();
  assert.equal((await page.request.get(origin + path)).status(), 404);
}

/** Hours that cannot be read are told beside their day; rules stand on the next slip; a sheet of codes is made. */
export async function setRules(page, origin) {
  await page.goto(`${origin}/workstations/settings`);
  await page.getByLabel("No session outlasts the opening hours").check();
  await page.getByLabel("Monday").fill("late");
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator("#hours_0-fault").waitFor();
  await page.getByLabel("No session outlasts the opening hours").uncheck();
  await page.getByLabel("In English").fill("No food.\nNo noise.");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved. It counts from now on.").waitFor();
  await page.goto(`${origin}/workstations/codes`);
  await page.getByLabel("How many").fill("3");
  await page.getByRole("button", { name: "Make the codes" }).click();
  await page.getByRole("heading", { name: "3 codes" }).waitFor();
  assert.equal(await page.locator(".slip", { hasText: "No noise." }).count(), 3);
}

/** The day is a picture, a table and a plan. Gives its path. */
export async function readTheReport(page, origin) {
  await page.goto(`${origin}/reports`);
  await page.locator(".days-list a").first().click();
  await page.getByRole("heading", { name: "Seats over the day" }).waitFor();
  await page.locator("#by-hour .plot").focus();
  await page.locator("#by-hour.alive canvas").waitFor();
  return new URL(page.url()).pathname;
}

/** Everything at the desk is done without scripts too. */
export async function withoutScripts(browser, origin, faults, state, machine) {
  const { context, page } = await open(browser, origin, faults, { javaScriptEnabled: false, storageState: state });
  await page.goto(`${origin}/workstations`);
  await machine.knock("pc-2");
  await page.goto(`${origin}/workstations`);
  await page.getByRole("button", { name: "Approve" }).click();
  await page.getByText("is in.").waitFor();
  await machine.join();
  await page.goto(`${origin}/workstations`);
  await page.getByRole("link", { name: "Give a code: pc-2" }).click();
  await page.getByRole("button", { name: "45 minutes" }).click();
  const code = (await page.locator(".code-large").innerText()).trim();
  await machine.type(code);
  await page.goto(`${origin}/workstations`);
  await page.getByRole("button", { name: "+15 min: pc-2" }).click();
  await page.getByText("15 minutes more at").waitFor();
  await context.close();
}
