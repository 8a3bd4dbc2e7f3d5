// Swapping one feature for another: what it means, the order, how it goes.
import { $, count, duration, each, make, say } from "./dom.js";

const KINDS = ["PROVIDER", "PRODUCT"];
let features = [];
let chosen = null;

async function ask(path, options = {}) {
  const response = await fetch(path, { cache: "no-store", ...options });
  const text = await response.text();
  if (!response.ok) throw new Error(text.trim() || `The platform answered ${response.status}.`);
  return JSON.parse(text);
}

const order = (path, body) => ask(path, {
  method: "POST",
  headers: { "Content-Type": "application/json", "X-HSM-Console": "1" },
  body: JSON.stringify(body),
});

const title = (feature) => `${feature.name} ${feature.version}${feature.installed ? ", installed" : ""}`;

const CHOOSE = { id: "" };

function options(select, list) {
  const value = select.value;
  each(select, [CHOOSE, ...list], (feature) => feature.id, (feature) => {
    const option = make("option");
    option.value = feature.id;
    return option;
  }, (option, feature) => say(option, feature === CHOOSE ? "Choose…" : title(feature)));
  if ([...select.options].some((option) => option.value === value)) select.value = value;
}

function choices() {
  options($("from"), features.filter((feature) => feature.installed && KINDS.includes(feature.kind)));
  const from = features.find((feature) => feature.id === $("from").value);
  options($("to"), features.filter((feature) => from && feature.kind === from.kind && feature.id !== from.id));
}

function refuse(text) {
  say($("swap-refusal"), text);
}

function leave() {
  chosen = null;
  $("impact").hidden = true;
}

function sentences(impact) {
  const modules = impact.modules.map((module) => ({
    text: `Module ${module.name} is drained: ${count(module.channels, "channel")} in use`
      + (module.channels === 0 ? "." : module.sessions === 0 ? ", none of them in a session; they move at once."
        : `, ${module.sessions} of them in a session; the longest session has been running for ${duration(module.longestSessionMillis)}.`),
    warning: false,
  }));
  const all = modules.length ? modules : [{ text: "No channel has to move.", warning: false }];
  return all.concat(impact.warnings.map((text) => ({ text, warning: true })));
}

async function preview(event) {
  event.preventDefault();
  refuse("");
  leave();
  const from = $("from").value, to = $("to").value;
  if (!from || !to) {
    refuse("Choose what goes and what comes.");
    return;
  }
  try {
    const impact = await ask(`api/impact?${new URLSearchParams({ from, to })}`);
    chosen = { from, to, drainSeconds: Number($("drain").value) };
    const list = $("impact-list");
    list.replaceChildren(...sentences(impact).map((one) => make("li", one.warning ? "warning" : "", one.text)));
    $("impact").hidden = false;
    $("impact-title").focus();
  } catch (error) {
    refuse(error.message);
  }
}

async function go() {
  const what = chosen;
  leave();
  try {
    show(await order("api/swap", what));
  } catch (error) {
    refuse(error.message);
  }
}

async function cancel() {
  $("cancel").disabled = true;
  try {
    const answer = await order("api/swap/cancel", {});
    if (!answer.cancelled) refuse("It is too late to take it back: the swap goes on.");
  } catch (error) {
    refuse(error.message);
  } finally {
    $("cancel").disabled = false;
  }
}

function show(progress) {
  $("progress").hidden = !progress;
  if (!progress) return;
  say($("progress-title"), `${progress.running ? "In progress" : progress.well ? "Done" : "Not done"}: ${progress.change}, ordered by ${progress.by}`);
  say($("step"), progress.sentence + (progress.channelsLeft > 0 ? `, ${count(progress.channelsLeft, "channel")} still to leave` : ""));
  $("progress").dataset.end = progress.running ? "" : progress.well ? "well" : "refused";
  $("progress-bar").hidden = !progress.running;
  $("cancel").hidden = !progress.running;
  $("preview").disabled = progress.running;
  $("go").disabled = progress.running;
}

/** Shows what the platform says of features and of the swap in progress. */
export function update(state) {
  $("swap").hidden = !state.caller.swaps;
  if (!state.caller.swaps) return;
  features = state.features || [];
  choices();
  show(state.swap);
}

$("swap-form").addEventListener("submit", preview);
$("from").addEventListener("change", () => { leave(); choices(); });
$("to").addEventListener("change", leave);
$("drain").addEventListener("change", leave);
$("go").addEventListener("click", go);
$("leave").addEventListener("click", leave);
$("cancel").addEventListener("click", cancel);
