// Holds what the page does by itself: it follows the event stream, swaps in rows and parts made by the server, keeps
// times fresh, and answers `/` and Escape. It never makes markup and never decides what is shown: the server does.

const GATHER_MS = 400; // Events come in bursts; one question answers them all.
const PART_MS = 2000; // Whole parts are asked for at most this often.
const TIMES_MS = 20000;
const MOST_ROWS = 64; // The server answers for so many rows at once.

const root = document.documentElement;
const changed = new Set();
let timer = 0;
let partsAsked = 0;
let partsTimer = 0;

root.classList.add("scripted");

const made = new Map(); // What each part looked like when the server made it.

// --- Rows and parts -------------------------------------------------------------------------------------------------

const tell = (name) => window.htmx?.trigger(document.body, name);

function askParts() {
  clearTimeout(partsTimer);
  const wait = Math.max(0, partsAsked + PART_MS - Date.now());
  partsTimer = setTimeout(() => { partsAsked = Date.now(); tell("news"); }, wait);
}

function note(id) {
  if (id) changed.add(id);
  if (!timer) timer = setTimeout(settle, GATHER_MS);
}

async function settle() {
  const ids = [...changed];
  changed.clear();
  ids.forEach((id) => tell(`seen-${id}`));
  askParts();
  const table = document.querySelector("[data-rows]");
  if (table && ids.length > MOST_ROWS) location.reload();
  else if (table && ids.length) await swapRows(table, ids).catch(() => {});
  timer = 0;
  if (changed.size) note();
}

async function swapRows(table, ids) {
  const url = new URL(table.dataset.rows, location);
  url.searchParams.set("ids", ids.join(","));
  const answer = await fetch(url, { headers: { "x-vigie-background": "1", "hx-request": "true" } });
  const door = answer.headers.get("hx-redirect");
  if (door) location.assign(door);
  if (!answer.ok || door) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const parts = fresh.getElementById("parts");
  document.getElementById("parts")?.replaceWith(parts);
  const body = table.tBodies[0];
  const ticked = new Set([...body.querySelectorAll("[name=id]:checked")].map((box) => box.value));
  for (const id of ids) {
    const old = document.getElementById(`d-${id}`);
    const row = fresh.getElementById(`d-${id}`);
    if (!row) old?.remove();
    else if (!old && "first" in table.dataset) put(row, () => body.prepend(row));
    else if (old && old.outerHTML !== row.outerHTML) put(row, () => replace(old, row));
    const box = row?.querySelector("[name=id]");
    if (box) box.checked = ticked.has(box.value);
  }
  if (body.rows.length) document.getElementById("first")?.remove();
}

function put(row, place) {
  row.classList.add("glow");
  row.addEventListener("animationend", () => row.classList.remove("glow"), { once: true });
  setTimeout(() => row.classList.remove("glow"), 6000);
  place();
  freshen(row);
}

// A link somebody stands on keeps the focus.
function replace(old, row) {
  const held = old.contains(document.activeElement);
  old.replaceWith(row);
  if (held) row.querySelector("a")?.focus();
}

// --- The event stream -----------------------------------------------------------------------------------------------

function follow() {
  const sign = document.getElementById("live");
  if (!sign || !window.EventSource) return;
  const stream = new EventSource("/api/events?topics=network,kiosk,system");
  const show = (on) => {
    sign.hidden = false;
    sign.classList.toggle("lost", !on);
    sign.textContent = on ? sign.dataset.on : sign.dataset.off;
  };
  stream.onopen = () => show(true);
  stream.onerror = () => show(false);
  const listen = (name, act) => stream.addEventListener(name, (event) => {
    let data = {};
    try { data = JSON.parse(event.data).data ?? {}; } catch { /* An event without particulars. */ }
    act(data, event);
  });
  for (const name of ["device", "device_gone"]) listen(name, (data) => note(data.id));
  for (const name of sign.dataset.changes.split(" ")) {
    listen(name, (data) => note(typeof data.device === "string" ? data.device : data.device?.id));
  }
  // At a desk people wait: what happens at the seats is seen at once.
  for (const name of (sign.dataset.kiosk ?? "").split(" ")) if (name) listen(name, askParts);
  listen("enrolment", () => tell("enrolment"));
  listen("wake", (data) => { if (data.device) tell(`seen-${data.device}`); });
  listen("scan_progress", () => tell("progress"));
  listen("scan", () => { tell("progress"); askParts(); });
  for (const name of ["reload", "gap"]) listen(name, reload);
  stream.addEventListener("end", (event) => {
    if (event.data.includes("session_over")) location.assign("/login");
  });
  addEventListener("pagehide", () => stream.close());
}

// More happened than is told one by one: the list is read again, in place.
function reload() {
  askParts();
  tell("progress");
  const list = document.getElementById("list");
  if (list) window.htmx?.ajax("GET", location.pathname + location.search, { target: "#list", select: "#list", swap: "outerHTML" });
}

// --- Times ----------------------------------------------------------------------------------------------------------

const steps = (root.dataset.ago ?? "").split("|");
const own = navigator.languages.find((one) => one.startsWith(root.lang)); // 21/11 or 11/21: as at home.
const exact = new Intl.DateTimeFormat(own ?? root.lang, { dateStyle: "long", timeStyle: "short" });

function freshen(part) {
  for (const time of part.querySelectorAll("time[datetime]")) {
    const then = new Date(time.dateTime);
    if ("exact" in time.dataset) time.textContent = exact.format(then);
    else time.title = exact.format(then);
    if ("ago" in time.dataset) say(time, (Date.now() - then) / 1000);
  }
}

function say(time, seconds) {
  // A browser whose clock is far off must not rewrite what the server knew.
  if (seconds < -5 || steps.length !== 4) return;
  const [step, count] = seconds < 60 ? [0, 0] : seconds < 3600 ? [1, seconds / 60] : seconds < 172800 ? [2, seconds / 3600] : [3, seconds / 86400];
  const text = steps[step].replace("{n}", Math.floor(count));
  if (time.textContent !== text) time.textContent = text;
}

// --- Keys and passwords ---------------------------------------------------------------------------------------------

addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, select, textarea");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const box = document.getElementById("q");
    if (box) { event.preventDefault(); box.focus(); box.select(); }
  }
  if (event.key === "Escape" && typing) typing.blur();
});

for (const box of document.querySelectorAll("[data-shows]")) {
  box.hidden = false;
  box.addEventListener("change", (event) => {
    document.getElementById(box.dataset.shows).type = event.target.checked ? "text" : "password";
  });
}

// What the page asks for by itself does not count as somebody at the desk. What is asked by the clock has no event.
addEventListener("htmx:configRequest", (event) => {
  const by = event.detail.triggeringEvent?.type;
  if (!by || by === "news" || by === "progress" || by === "enrolment" || by.startsWith("seen-")) event.detail.headers["x-vigie-background"] = "1";
});
// A refused form is a page too: its words are shown.
addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status >= 400 && event.detail.xhr.getResponseHeader("content-type")?.startsWith("text/html")) event.detail.shouldSwap = true;
});
// A part that is as it was is left alone: nobody's place in it is lost.
addEventListener("htmx:beforeSwap", (event) => {
  const { target, xhr } = event.detail;
  const select = event.detail.requestConfig?.elt?.getAttribute("hx-select");
  if (!select || !select.startsWith("#") || xhr.getResponseHeader("hx-redirect")) return;
  const fresh = new DOMParser().parseFromString(xhr.responseText, "text/html").querySelector(select);
  if (fresh && made.get(select) === fresh.outerHTML && target.isConnected) event.detail.shouldSwap = false;
  // Somebody reads a table in it, or fills in a form: it is fresh again when that is done.
  else if (event.detail.requestConfig.headers["x-vigie-background"] && isInUse(target)) event.detail.shouldSwap = false;
  else if (fresh) made.set(select, fresh.outerHTML);
});
function isInUse(part) {
  const field = "input:not([type=hidden]), select, textarea";
  const isTouched = (one) => (one.options ? one.selectedIndex !== Math.max(0, [...one.options].findIndex((option) => option.defaultSelected)) : one.value !== one.defaultValue);
  return part.querySelector("details[open]") || [...part.querySelectorAll(field)].some((one) => one === document.activeElement || isTouched(one));
}
addEventListener("htmx:afterSwap", (event) => freshen(event.detail.elt.parentElement ?? document));

// --- Rows that are longer than a phone is wide ----------------------------------------------------------------------

// Where one is must not be hidden behind the edge.
for (const here of document.querySelectorAll(".sections [aria-current], .tabs [aria-current], .parts [aria-current]")) {
  const row = here.parentElement;
  const over = here.getBoundingClientRect().right - row.getBoundingClientRect().right;
  if (over > 0) row.scrollLeft += over + here.offsetWidth / 2;
}

// --- Ticks ----------------------------------------------------------------------------------------------------------

addEventListener("change", (event) => {
  if (event.target.id === "all") for (const box of document.querySelectorAll("#rows [name=id]")) box.checked = event.target.checked;
});

// --- Charts ---------------------------------------------------------------------------------------------------------

// The pictures are there already; the library is fetched when somebody points at one, touches it or comes to it by key.
function enliven(event) {
  const figure = event.target.closest?.("[data-chart]:not(.alive)");
  if (!figure || event.target.closest("details")) return;
  import(figure.dataset.script).then((charts) => charts.enliven(figure, event.type === "focusin")).catch(() => {});
}
for (const name of ["pointerover", "touchstart", "focusin"]) addEventListener(name, enliven, { passive: true });

freshen(document);
setInterval(() => freshen(document), TIMES_MS);
follow();
