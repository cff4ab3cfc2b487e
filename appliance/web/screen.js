// Holds what a screen in a public room does by itself: it comes in with the token behind the `#`, asks for fresh figures,
// shows the time of the place, and says when it has lost the appliance. It never makes a figure: the server does.

const EVERY_MS = 5000;
const LOST_AFTER_MS = 20000; // Three answers missed: a restart of the service takes less.
const PATIENCE_MS = 8000; // For one answer; a cable pulled out gives none at all.

const { lang } = document.documentElement;
const own = navigator.languages.find((one) => one.startsWith(lang)) ?? lang; // 13:35 or 1:35 PM: as at home.
const clock = new Intl.DateTimeFormat(own, { hour: "2-digit", minute: "2-digit" });
const date = new Intl.DateTimeFormat(own, { weekday: "long", day: "numeric", month: "long" });

function freshen() {
  const time = document.querySelector("time.clock");
  if (!time) return;
  const now = new Date(time.dateTime);
  const day = document.createElement("span");
  day.textContent = date.format(now);
  time.replaceChildren(clock.format(now), day);
}

let heard = Date.now();

async function ask() {
  try {
    // As a page, or whoever may not see it is told in JSON instead of being sent to the door.
    const headers = { accept: "text/html", "x-vigie-background": "1" };
    const answer = await fetch("/screen", { headers, signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.redirected) return location.assign(answer.url); // The token was taken away.
    if (!answer.ok) throw new Error(answer.status);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    // A newer version of the appliance has a newer script: the whole page then.
    const own = (page) => page.querySelector("script[src*='screen.js']")?.getAttribute("src");
    if (own(fresh) !== own(document)) return location.reload();
    document.getElementById("screen").replaceWith(fresh.getElementById("screen"));
    heard = Date.now();
    freshen();
  } catch { /* Asked again soon. */ }
  const lost = Date.now() - heard > LOST_AFTER_MS;
  document.querySelector(".lost").hidden = !lost;
  document.documentElement.classList.toggle("old", lost);
  setTimeout(ask, EVERY_MS);
}

const door = document.getElementById("enter");
if (door && location.hash.length > 1) {
  door.elements.token.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", location.pathname); // Not kept among the addresses visited.
  door.requestSubmit();
} else if (!door) {
  freshen();
  setTimeout(ask, EVERY_MS);
}
