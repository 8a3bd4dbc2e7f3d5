// The charts of the last quarter of an hour.
import uPlot from "./uplot/uPlot.esm.js";
import { $, duration, rough } from "./dom.js";

const KEPT = 900;
const HEIGHT = 160;
const AXIS = 62;

// Place of each figure in a point as the server sends it.
const MILLIS = 1, IN_USE = 2, PER_SECOND = 4, MEDIAN = 5, MOST = 6;

const charts = [
  { id: "chart-rate", fields: [PER_SECOND], text: rough },
  { id: "chart-time", fields: [MEDIAN, MOST], text: duration, log: true },
  { id: "chart-channels", fields: [IN_USE], text: rough },
];

let points = [];

/** Number of the last point that is known. */
export const last = () => (points.length ? points[points.length - 1][0] : 0);

/** Forgets all points, as after a restart of the platform. */
export function forget() {
  points = [];
}

/** Takes newer points, and shows them. */
export function add(newer) {
  points = points.concat(newer).slice(-KEPT);
  charts.forEach(draw);
}

/** Whole powers of ten around what there is, so that quick and slow exchanges are both seen. */
const decades = (plot, least, most) => (least > 0 ? [10 ** Math.floor(Math.log10(least)), 10 ** Math.ceil(Math.log10(most * 1.01))] : [0.01, 1]);

/** Of all lines of such an axis only those at powers of ten. */
const onlyDecades = (plot, values) => values.map((value) => (Number.isInteger(Math.round(Math.log10(value) * 1e6) / 1e6) ? value : null));

const decadeLines = (axis) => ({
  filter: onlyDecades, grid: { ...axis.grid, filter: onlyDecades }, ticks: { ...axis.ticks, filter: onlyDecades },
});

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function columns(chart) {
  const known = (value) => (value < 0 ? null : value);
  return [points.map((point) => point[MILLIS] / 1000), ...chart.fields.map((field) => points.map((point) => known(point[field])))];
}

function build(chart) {
  const place = $(chart.id);
  const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 } };
  const colours = [colour("--accent"), colour("--second")];
  chart.plot = new uPlot({
    width: place.clientWidth || 300,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: chart.log ? { distr: 3, range: decades } : { range: (plot, least, most) => [0, most > 0 ? most * 1.15 : 1] } },
    axes: [
      { ...axis, values: (plot, times) => times.map((time) => new Date(time * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" })), space: 80 },
      { ...axis, size: AXIS, ...(chart.log ? decadeLines(axis) : {}), values: (plot, values) => values.map((value) => (value === null ? "" : chart.text(value))), space: 32 },
    ],
    series: [{}, ...chart.fields.map((field, i) => ({
      stroke: colours[i], width: 2, points: { show: false }, spanGaps: true, fill: chart.fields.length === 1 ? colours[i] + "22" : undefined,
    }))],
  }, columns(chart), place);
  place.firstElementChild.setAttribute("aria-hidden", "true");
}

function draw(chart) {
  if (chart.plot) chart.plot.setData(columns(chart));
  else build(chart);
}

function rebuild() {
  for (const chart of charts) {
    if (chart.plot) {
      chart.plot.destroy();
      build(chart);
    }
  }
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", rebuild);
const sizes = new ResizeObserver((entries) => {
  for (const entry of entries) {
    const chart = charts.find((one) => one.id === entry.target.id);
    const width = Math.floor(entry.contentRect.width);
    if (chart.plot && width > 0 && chart.plot.width !== width) chart.plot.setSize({ width, height: HEIGHT });
  }
});
charts.forEach((chart) => sizes.observe($(chart.id)));
