// Holds the browser test of TLS: the warning a newcomer sees, the authority installed, plain HTTP leading to TLS, a log-in
// by a cookie that only TLS carries, live events, the fingerprint. It never switches the browser's own checks off.
// The runner of the tests calls it after `run.mjs`, which makes the account:
// node secure.mjs --address IP --name NAME.local --port PORT --tls-port PORT --fingerprint AB:CD:… --home FOLDER

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import https from "node:https";
import path from "node:path";
import { parseArgs } from "node:util";
import { open, start, until } from "./browser.mjs";
import { PERSON } from "./steps.mjs";

const { values } = parseArgs({
  options: {
    address: { type: "string" }, name: { type: "string" }, port: { type: "string" }, "tls-port": { type: "string" },
    fingerprint: { type: "string" }, home: { type: "string" },
  },
});
const plain = `http://${values.address}:${values.port}`;
const byAddress = `https://${values.address}:${values["tls-port"]}`;
const byName = `https://${values.name}:${values["tls-port"]}`;
const faults = [];
const store = `sql:${path.join(values.home, ".pki/nssdb")}`;
// The name is one of mDNS, which nobody answers for in here.
const rules = [`--host-resolver-rules=MAP ${values.name} ${values.address}`];
// A profile of its own, and the certificates of that home: those of the machine are left alone.
const launch = () => start({ args: rules, env: { ...process.env, HOME: values.home } });

async function step(name, act) {
  const before = Date.now();
  try {
    await act();
    console.log(`ok    ${name} (${Date.now() - before} ms)`);
  } catch (error) {
    console.log(`FAIL  ${name}: ${error.message.split("\n").slice(0, 6).join(" | ")}`);
    faults.push(`${name}: ${error.message}`);
  }
}

/** Fetches without any check, as a person does who clicks through the warning. */
function fetchUnchecked(url) {
  return new Promise((done, fail) => {
    https.get(url, { rejectUnauthorized: false }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part)).on("end", () => done(Buffer.concat(parts)));
    }).on("error", fail);
  });
}

async function warned() {
  mkdirSync(path.join(values.home, ".pki/nssdb"), { recursive: true });
  execFileSync("certutil", ["-N", "-d", store, "--empty-password"]);
  const browser = await launch();
  const { page } = await open(browser, byAddress, []);
  await assert.rejects(page.goto(byAddress), /ERR_CERT_AUTHORITY_INVALID/);
  await browser.close();
  const file = path.join(values.home, "vigie-ca.crt");
  writeFileSync(file, await fetchUnchecked(`${byAddress}/api/tls/ca.crt`));
  execFileSync("certutil", ["-A", "-d", store, "-n", "vigie", "-t", "C,,", "-i", file]);
}

async function logIn(page) {
  await page.goto(`${plain}/devices?q=x`);
  assert.equal(new URL(page.url()).origin, byAddress, "plain HTTP leads to TLS");
  assert.match(page.url(), /\/login\?next=/);
  const answer = await page.reload();
  const security = await answer.securityDetails();
  assert.match(security.issuer, /^Vigie CA /);
  assert.equal(answer.headers()["cross-origin-opener-policy"], "same-origin");
  assert.equal(answer.headers()["strict-transport-security"], undefined);
  assert.equal(await page.getByText("not encrypted").count(), 0);
  await page.getByRole("link", { name: /Is this really your appliance/ }).click();
  await page.getByText(values.fingerprint).first().waitFor();
  await page.goto(`${byAddress}/login`);
  await page.getByLabel("User name").fill(PERSON.name);
  await page.getByLabel("Password", { exact: true }).fill(PERSON.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.waitForURL(`${byAddress}/`);
  const cookie = (await page.context().cookies()).find((one) => one.name === "__Host-vigie");
  assert.ok(cookie?.secure && cookie.httpOnly && cookie.sameSite === "Strict", JSON.stringify(cookie));
}

async function liveOverTls(page) {
  await page.goto(`${byAddress}/devices`);
  await page.locator(".live:not(.lost)").waitFor();
  const status = await page.evaluate(async () => {
    const answer = await fetch("/api/network/v2/devices", {
      method: "POST", headers: { "content-type": "application/json" },
      body: JSON.stringify({ mac: "02:00:00:aa:bb:dd", label: "Over TLS" }),
    });
    return answer.status;
  });
  assert.equal(status, 201);
  await until("the row comes by itself", () => page.getByText("Over TLS").count());
  await page.goto(`${byAddress}/system`);
  await page.getByText(values.fingerprint).first().waitFor();
}

const passing = async () => {
  const browser = await launch();
  const { context, page } = await open(browser, byAddress, faults);
  // The way there begins on plain HTTP, which is another origin.
  await context.route(`${plain}/**`, (route) => route.continue());
  await step("plain HTTP leads to TLS, and a log-in there", () => logIn(page));
  await step("events and changes over TLS", () => liveOverTls(page));
  await context.close();
  const named = await open(browser, byName, faults);
  await step("the name of the local network is covered, too", async () => {
    await named.page.goto(`${byName}/login`);
    await named.page.getByRole("button", { name: "Log in" }).waitFor();
  });
  await browser.close();
};

await step("a browser that does not know the appliance warns", warned);
if (!faults.length) await passing();
for (const fault of new Set(faults)) console.log(`fault ${fault}`);
process.exit(faults.length ? 1 : 0);
