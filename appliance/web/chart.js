// Holds how a chart made by the server comes to life: a scale, a pointer, keys that read it value by value. It never
// changes what the chart shows: the numbers are those of its table. `page.js` loads it where there is a chart.

const HEIGHT = 180;
const DAY_S = 86400;
const language = document.documentElement.lang;
const own = navigator.languages.find((one) => one.startsWith(language)) ?? language;
const clock = new Intl.DateTimeFormat(own, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(own, { day: "numeric", month: "short" });
const exact = new Intl.DateTimeFormat(own, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const number = new Intl.NumberFormat(own, { maximumFractionDigits: 1 });
const alive = new Map();
let library;

/** Brings one chart to life; `by_key` tells that somebody came to it by key. */
export async function enliven(figure, by_key) {
  for (const [old, chart] of alive) if (!old.isConnected) { chart.destroy(); alive.delete(old); }
  await (library ??= load(figure.dataset));
  if (!figure.isConnected || alive.has(figure)) return;
  alive.set(figure, draw(figure));
  if (by_key) figure.querySelector(".life").focus();
}

function load({ library, sheet }) {
  const add = (kind, parts) => new Promise((done, failed) => {
    const element = Object.assign(document.createElement(kind), parts, { onload: done, onerror: failed });
    document.head.append(element);
  });
  return Promise.all([add("script", { src: library }), add("link", { rel: "stylesheet", href: sheet })]);
}

// `12*30,,13` is 12 thirty times, none, 13.
function unpack(text) {
  return text.split(",").flatMap((part) => {
    const [value, times = 1] = part.split("*");
    return Array(Number(times)).fill(value === "" ? null : Number(value));
  });
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function draw(figure) {
  const { chart: shape, step, age, unit, names, values, keys, none } = figure.dataset;
  const curves = values.split(";").map(unpack);
  const newest = Math.round(Date.now() / 1000) - Number(age);
  const times = curves[0].map((_, place) => newest - (curves[0].length - 1 - place) * Number(step));
  // A count holds until its step is over, or until now.
  times.push(newest + Math.min(Number(step), Number(age)));
  for (const curve of curves) curve.push(curve.at(-1));
  const plot = figure.querySelector(".plot");
  const words = names.split("|");
  const say = (value) => (value == null ? none : `${number.format(value)}${unit && "\u00a0"}${unit}`);
  const told = document.createElement("output");
  told.className = "told-value";
  const tell = (place) => {
    told.textContent = place == null ? "" : `${exact.format(times[place] * 1000)} · ${curves.map((curve, at) => `${say(curve[place])}${curves.length > 1 ? ` ${words[at]}` : ""}`).join(", ")}`;
  };
  const options = settings(shape, curves, tell, plot.clientWidth, say);
  const life = document.createElement("div");
  life.className = "life";
  life.tabIndex = 0;
  life.setAttribute("role", "group");
  life.setAttribute("aria-label", `${plot.getAttribute("aria-label")}. ${keys}`);
  let chart = new uPlot(options, [times, ...curves], life);
  plot.after(life);
  figure.querySelector(".scale")?.after(told);
  figure.classList.add("alive");
  const last = times.length - 2;
  life.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: -1, ArrowRight: 1, PageUp: -12, PageDown: 12, Home: -last, End: last };
    if (event.key === "Escape") { chart.setCursor({ left: -10, top: -10 }); tell(null); return; }
    if (!(event.key in moves)) return;
    event.preventDefault();
    const at = Math.min(last, Math.max(0, (chart.cursor.idx ?? last) + moves[event.key]));
    chart.setCursor({ left: chart.valToPos(times[at], "x"), top: 10 });
    tell(at);
  });
  const fit = new ResizeObserver(() => chart.setSize({ width: life.clientWidth, height: HEIGHT }));
  fit.observe(life);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const repaint = () => { chart.destroy(); chart = new uPlot(settings(shape, curves, tell, life.clientWidth, say), [times, ...curves], life); };
  scheme.addEventListener("change", repaint);
  return { destroy: () => { fit.disconnect(); scheme.removeEventListener("change", repaint); chart.destroy(); } };
}

function settings(shape, curves, tell, width, say) {
  const [ink, quiet, line, raised] = ["accent", "quiet", "line", "raised"].map(colour);
  const font = `12px ${colour("sans")}`;
  const axis = { stroke: quiet, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  const steps = uPlot.paths.stepped({ align: 1 });
  const area = shape === "area";
  const first = { stroke: ink, width: 2, fill: area ? `${ink}2e` : undefined, paths: area ? steps : undefined, points: { show: !area, size: 5, fill: ink }, spanGaps: false };
  const others = curves.slice(1).map(() => ({ stroke: quiet, width: 1, dash: [4, 4], paths: steps, points: { show: false } }));
  const label = (_, splits) => splits.map((at, place) => {
    const midnight = new Date(at * 1000).getHours() === 0;
    return splits.length > 1 && (splits[1] - splits[0] >= DAY_S || (midnight && place > 0)) ? day.format(at * 1000) : clock.format(at * 1000);
  });
  return {
    width: Math.max(width, 200), height: HEIGHT, legend: { show: false }, padding: [8, 8, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 8, fill: raised, stroke: ink, width: 2 } },
    hooks: { setCursor: [(chart) => tell(chart.cursor.idx == null ? null : Math.min(chart.cursor.idx, curves[0].length - 2))] },
    scales: { x: { time: true }, y: { range: (_, least, most) => [0, Math.max(most ?? 1, 1e-3) * 1.1] } },
    axes: [{ ...axis, values: label, space: 64, size: 28, gap: 6 }, { ...axis, size: 48, values: (_, splits) => splits.map((value) => (area && value % 1 ? "" : say(value))) }],
    series: [{}, first, ...others],
  };
}
