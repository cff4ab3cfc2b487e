// Holds what a person does with the page, step by step, each checking what the person would see.
// It never looks behind the page: it uses labels, headings and keys, and the API only to make something happen elsewhere.
// `run.mjs` runs them in their order.

import assert from "node:assert/strict";
import { open, until } from "./browser.mjs";

export const PERSON = { name: "ada", password: "three blind mice ran" };
const LABEL = "Back door <b>\u202Ex";

/** The door asks for the code first, says what is wrong next to its field, and lets in. */
export async function setUp(page, origin, code) {
  await page.goto(origin);
  assert.equal(new URL(page.url()).pathname, "/setup");
  await page.getByLabel("Set-up code").fill("0000-0000");
  await page.getByLabel("User name").fill(PERSON.name);
  await page.getByLabel("Password", { exact: true }).fill(PERSON.password);
  await page.getByRole("button", { name: "Create the account" }).click();
  const field = page.getByLabel("Set-up code");
  assert.equal(await field.getAttribute("aria-invalid"), "true");
  assert.equal(await page.getByLabel("Password", { exact: true }).inputValue(), "", "a password never comes back");

  await field.fill(code);
  const password = page.getByLabel("Password", { exact: true });
  await password.fill("short");
  await page.getByLabel("Show the password").check();
  assert.equal(await password.getAttribute("type"), "text");
  await until("the throttle of a wrong code is over", async () => {
    await page.getByLabel("Set-up code").fill(code);
    await page.getByLabel("Password", { exact: true }).fill("short");
    await page.getByRole("button", { name: "Create the account" }).click();
    return page.locator("#password-fault").isVisible();
  }, 60000);
  assert.match(await page.locator("#password-fault").innerText(), /12/);
  await page.getByLabel("Password", { exact: true }).fill(PERSON.password);
  await page.getByRole("button", { name: "Create the account" }).click();
  await page.waitForURL(`${origin}/`);
  await page.getByRole("navigation", { name: "Sections" }).waitFor();
}

/** Whoever logged out gets in again with the password, and not with a wrong one. */
export async function logIn(page, origin) {
  await page.getByRole("button", { name: /Log out/ }).click();
  await page.waitForURL(/\/login/);
  await page.goto(`${origin}/devices`);
  assert.match(page.url(), /\/login\?next=\/devices/);
  await page.getByLabel("User name").fill(PERSON.name);
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.locator("#password-fault").waitFor();
  await until("the throttle of a wrong password is over", async () => {
    await page.getByLabel("Password", { exact: true }).fill(PERSON.password);
    await page.getByRole("button", { name: "Log in" }).click();
    return new URL(page.url()).pathname === "/devices";
  }, 60000);
}

/** The first look around fills the list by itself: no reload, each row glowing once. */
export async function seeDevicesArrive(page, origin) {
  await page.goto(`${origin}/devices`);
  await page.locator(".live:not(.lost)").waitFor();
  await page.evaluate(() => { window.mark = true; });
  await page.getByRole("button", { name: "Look now" }).click();
  await until("a device in the list", () => page.locator("#rows tr").count());
  const known = await page.locator("#rows tr").count();
  const id = await add(page, { mac: "02:00:00:aa:bb:cc", label: "Added elsewhere" });
  const row = page.locator(`#d-${id}`);
  await row.waitFor();
  assert.ok(await row.evaluate((row) => row.classList.contains("glow")), "a new row glows");
  assert.ok(await page.evaluate(() => window.mark), "the page was not loaded again");
  await until("the progress panel is at rest", () => page.locator("#scan progress").count().then((count) => count === 0), 120000);
  assert.ok(await page.locator("#rows tr").count() > known);
  return id;
}

async function add(page, device) {
  const answer = await page.evaluate(async (device) => {
    const answer = await fetch("/api/network/v2/devices", {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(device),
    });
    return { status: answer.status, body: await answer.json() };
  }, device);
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body.id;
}

/** What a person says on the device's page shows in a list that stays open, and a hostile name stays a name. */
export async function sayWhatItIs(page, origin, id) {
  await page.goto(`${origin}/devices`);
  await page.locator(".live:not(.lost)").waitFor();
  const other = await page.context().newPage();
  await other.goto(`${origin}/devices/${id}`);
  await other.getByLabel("Name", { exact: true }).fill(LABEL);
  await other.getByLabel("Yes, it belongs here").check();
  await other.getByLabel(/when it goes away/).check();
  await other.getByRole("button", { name: "Save" }).click();
  await other.getByText("Saved.").waitFor();
  const heading = await other.getByRole("heading", { level: 1 }).innerText();
  assert.equal(heading, LABEL.replace("\u202E", ""));
  await until("the open list follows", async () => (await page.locator(`#d-${id}`).innerText()).includes("Back door <b>"));
  await other.goto(origin);
  await other.getByText(/went away/).first().waitFor();
  await other.close();
}

/** Somebody who starts from an old form is told so and loses nothing. */
export async function meetSomebodyElse(page, origin, id) {
  await page.goto(`${origin}/devices/${id}`);
  const other = await page.context().newPage();
  await other.goto(`${origin}/devices/${id}`);
  await other.getByLabel("Belongs to").fill("the library");
  await other.getByRole("button", { name: "Save" }).click();
  await other.getByText("Saved.").waitFor();
  await other.close();
  await page.getByLabel("Belongs to").fill("the school");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("alert").waitFor();
  assert.equal(await page.getByLabel("Belongs to").inputValue(), "the school");
}

/** Search by key, filters and order are in the address. */
export async function findInTheList(page, origin) {
  await page.goto(`${origin}/devices`);
  const all = await page.locator("#rows tr").count();
  await page.keyboard.press("/");
  await page.keyboard.type("back door");
  await until("one row is left", () => page.locator("#rows tr").count().then((count) => count === 1));
  assert.match(page.url(), /q=back/);
  await page.keyboard.press("Escape");
  await page.goto(`${origin}/devices?q=nothing-is-called-so`);
  await page.getByText("No device fits this search.").waitFor();
  await page.getByRole("link", { name: "Show all devices" }).click();
  assert.equal(await page.locator("#rows tr").count(), all);
  await page.getByRole("link", { name: /^Seen/ }).click();
  assert.equal(await page.locator("th[aria-sort]").getAttribute("aria-sort"), "ascending");
  assert.match(page.url(), /sort=seen/);
}

/** Asks a device that is there. */
export async function checkNow(page, origin) {
  await page.goto(`${origin}/devices?show=online`);
  const rows = page.locator("#rows tr");
  const path = await rows.evaluateAll((rows) => rows.filter((row) => !/This appliance/.test(row.innerText))[0]?.querySelector("a").getAttribute("href"));
  assert.ok(path, "some device is online");
  await page.goto(origin + path);
  await page.getByRole("button", { name: "Check now" }).click();
  await page.getByText(/It answers\.|It does not answer\.|No verdict yet/).waitFor();
  return path;
}

/** The other language, and back. */
export async function speakFrench(page, origin) {
  await page.goto(`${origin}/devices`);
  await page.getByRole("button", { name: "Français" }).click();
  await page.getByRole("heading", { level: 1, name: "Appareils" }).waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "fr");
  await page.getByRole("button", { name: "English" }).click();
  await page.getByRole("heading", { level: 1, name: "Devices" }).waitFor();
}

/** Everything can be read and ordered without scripts. */
export async function readWithoutScripts(browser, origin, faults, state) {
  const { context, page } = await open(browser, origin, faults, { javaScriptEnabled: false, storageState: state });
  await page.goto(`${origin}/devices`);
  assert.ok(await page.locator("#rows tr").count() > 0);
  await page.getByRole("link", { name: /^Name/ }).click();
  assert.match(page.url(), /sort=name/);
  await page.getByRole("button", { name: "Apply" }).click();
  await page.locator("#rows a").first().click();
  await page.getByRole("heading", { name: "What it is" }).waitFor();
  await page.goto(origin);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await context.close();
}

/** Forgetting names what is lost, then does it, and can be undone. */
export async function forget(page, origin, id) {
  await page.goto(`${origin}/devices/${id}`);
  const name = await page.getByRole("heading", { level: 1 }).innerText();
  await page.getByRole("link", { name: "Forget…" }).click();
  await page.getByText("the name you gave it").waitFor();
  await page.getByRole("button", { name: "Forget it" }).click();
  await page.getByText("The device is forgotten.").waitFor();
  assert.equal(await page.locator(`#d-${id}`).count(), 0);
  assert.equal((await page.request.get(`${origin}/devices/${id}`)).status(), 404);
  await page.getByRole("button", { name: "Bring it back" }).click();
  await page.getByText("It is back, with all that was known of it.").waitFor();
  assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), name);
}
