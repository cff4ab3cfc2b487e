// Holds what the pages of the workstations do by themselves: time left ticks, thresholds are said aloud, slips are printed.
// It never reckons by a clock that can be set: the server says how much is left, and the browser counts from there.

const TICK_MS = 250;
const STEPS_MS = [300000, 120000, 60000, 30000, 10000];
const OVER_MS = 1500; // After the end the server is asked what became of the seat.

const known = new WeakMap(); // Each time on the page: what was left, when that was read, what was left at the last tick.

function read(one) {
  if (!known.has(one)) {
    const left = Number(one.dataset.left);
    known.set(one, { left, at: performance.now(), before: left });
  }
  return known.get(one);
}

function digits(ms) {
  const seconds = Math.ceil(ms / 1000);
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

function tick() {
  for (const one of document.querySelectorAll("[data-runs]")) {
    const time = read(one);
    const now = Math.max(0, time.left - (performance.now() - time.at));
    const text = digits(now);
    const shown = one.querySelector(".digits");
    if (shown.textContent !== text) {
      shown.textContent = text;
      const share = Math.round((1000 * now) / Number(one.dataset.granted));
      one.querySelector(".rest").setAttribute("stroke-dasharray", `${share} 1000`);
      one.classList.toggle("short", now <= STEPS_MS[0]);
    }
    if (time.before > 0) announce(one.dataset.name, time.before, now);
    time.before = now;
  }
}

// Said once at each threshold, politely: a number that changes every second is not read out.
function announce(name, before, now) {
  const aloud = document.getElementById("aloud");
  if (!aloud?.dataset.left) return;
  const crossed = STEPS_MS.findLastIndex((step) => before > step && now <= step);
  if (now === 0) {
    aloud.textContent = aloud.dataset.over.replace("{name}", name);
    setTimeout(() => window.htmx?.trigger(document.body, "news"), OVER_MS);
  } else if (crossed >= 0) {
    aloud.textContent = aloud.dataset.left.replace("{name}", name).replace("{n}", aloud.dataset.steps.split("|")[crossed]);
  }
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => print());
  if (button.autofocus) button.focus();
}

// A machine that slept counted nothing: what is left is asked anew when somebody looks again.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) window.htmx?.trigger(document.body, "news");
});

tick();
setInterval(tick, TICK_MS);
