// Asks the platform each second what it does, and shows it.
import { $, count, duration, each, fill, gauge, make, mark, number, rough, say, width } from "./dom.js";
import * as charts from "./charts.js";
import * as swap from "./swap.js";

const PERIOD = 1000;
const PATIENCE = 5000;
const LEVELS = { WELL: "✓ Well", NOTICE: "ℹ Note", ATTENTION: "▲ Attention", FAULT: "✖ Fault" };
const STATES = { OPERATIONAL: "WELL", SELF_TEST: "NOTICE", DRAINING: "NOTICE", OPEN: "WELL" };
const NEARLY = 0.8, DANGER = 0.95, FEW_DAYS = 14;

let answered = null;

const level = (share) => (share >= DANGER ? "FAULT" : share >= NEARLY ? "ATTENTION" : "WELL");

function banner(verdict) {
  mark($("banner"), "level", verdict.level);
  say($("level"), LEVELS[verdict.level]);
  say($("headline"), verdict.headline);
  say($("action"), verdict.problems.length ? verdict.problems[0].action : "There is nothing to do.");
  const others = verdict.problems.slice(1);
  $("more").hidden = others.length === 0;
  say($("more-summary"), `${others.length} more to look at`);
  each($("problems"), others, (problem) => problem.sentence, () => make("li", "", "", make("span"), make("small")),
    (item, problem) => {
      say(item.children[0], `${LEVELS[problem.level]}: ${problem.sentence}`);
      say(item.children[1], problem.action);
    });
  document.title = `${LEVELS[verdict.level].charAt(0)} Calypso HSM`;
}

function now(state) {
  const { inUse, total, waiting } = state.channels;
  const element = $("in-use");
  if (!element.firstElementChild) element.replaceChildren(make("span"), make("small"));
  say(element.children[0], number(inUse));
  say(element.children[1], ` of ${number(total)}`);
  width($("in-use-bar"), total ? inUse / total : 0);
  mark($("in-use-bar").parentElement, "level", level(total ? inUse / total : 0));
  say($("waiting"), number(waiting));
  const point = state.points[state.points.length - 1];
  if (point) {
    say($("rate"), rough(point[4]));
    say($("most"), point[6] < 0 ? "–" : duration(point[6]));
  }
}

// One figure of a module.
const fact = (list, name) => {
  const value = make("dd");
  list.append(make("div", "", "", make("dt", "", name), value));
  return value;
};

function moduleCard() {
  const state = make("span", "state"), name = make("span");
  const kind = make("p", "kind"), sentence = make("p", "sentence");
  const channels = gauge(), lifetime = gauge(), facts = make("dl", "facts");
  const card = make("li", "card", "", make("h3", "", "", name, state), kind, sentence, channels, lifetime, facts);
  card.parts = { state, name, kind, sentence, channels, lifetime,
    rate: fact(facts, "Exchanges/s"), exchanges: fact(facts, "Exchanges"), moved: fact(facts, "Moved in/out"), lost: fact(facts, "Lost") };
  return card;
}

function module(card, module) {
  const parts = card.parts;
  say(parts.name, module.name);
  say(parts.state, module.state);
  mark(parts.state, "level", STATES[module.state] || "FAULT");
  const groups = module.keyGroups.length ? `key group${module.keyGroups.length === 1 ? "" : "s"} ${module.keyGroups.join(", ")}` : "no key group";
  say(parts.kind, `${module.kind}, serial number ${module.serial}, ${groups}${module.emulated ? "; emulation in software" : ""}`);
  say(parts.sentence, module.sentence);
  const share = module.total ? module.inUse / module.total : 0;
  fill(parts.channels, "Channels", `${number(module.inUse)} of ${number(module.total)}`, share, level(share));
  parts.lifetime.hidden = !module.lifetime;
  if (module.lifetime) {
    const used = module.used / module.lifetime;
    fill(parts.lifetime, "Lifetime used up", `${number(module.used)} of ${number(module.lifetime)} operations`, used, level(used));
  }
  say(parts.rate, rough(module.rate));
  say(parts.exchanges, number(module.exchanges));
  say(parts.moved, `${number(module.movedIn)}/${number(module.movedOut)}`);
  say(parts.lost, number(module.lost));
}

function days(counter) {
  if (counter.value >= counter.ceiling) return "used up";
  if (counter.daysLeft === undefined) return counter.perDay === 0 ? "not rising" : "";
  if (counter.daysLeft < 1) return "less than a day left";
  return counter.daysLeft > 3650 ? "years left" : `${count(Math.floor(counter.daysLeft), "day")} left`;
}

function counter(element, counter) {
  const share = counter.ceiling ? counter.value / counter.ceiling : 1;
  const soon = counter.daysLeft !== undefined && counter.daysLeft < FEW_DAYS;
  const left = days(counter);
  fill(element, `Counter ${counter.number}${counter.keys.length ? ` (KIF/KVC ${counter.keys.join(", ")})` : ""}`,
    `${number(counter.value)} of ${number(counter.ceiling)}, ${counter.percent} %${left ? `, ${left}` : ""}`,
    share, level(share) === "WELL" && soon ? "ATTENTION" : level(share));
}

function groupCard() {
  const name = make("span"), kind = make("p", "kind"), counters = make("div");
  const card = make("li", "card", "", make("h3", "", "", name), kind, counters);
  card.parts = { name, kind, counters };
  return card;
}

function group(card, group) {
  say(card.parts.name, `Key group ${group.number}`);
  const inUse = group.quota ? `${number(group.inUse)} of ${count(group.quota, "channel")} in use` : `${count(group.inUse, "channel")} in use`;
  say(card.parts.kind, group.counters.length ? inUse : `${inUse}; the use of no key is counted`);
  each(card.parts.counters, group.counters, (one) => one.number, gauge, counter);
}

function storeSection() {
  const name = make("span"), state = make("span", "state"), sentence = make("p"), groups = make("ul", "cards");
  const section = make("div", "store", "", make("h3", "", "", name, state), sentence, groups);
  section.parts = { name, state, sentence, groups };
  return section;
}

function store(section, store) {
  const parts = section.parts;
  say(parts.name, `Key store ${store.name}`);
  say(parts.state, store.state);
  mark(parts.state, "level", STATES[store.state] || "FAULT");
  say(parts.sentence, store.sentence);
  each(parts.groups, store.groups, (one) => one.number, groupCard, group);
}

function products(list) {
  each($("products"), list, (product) => `${product.name} ${product.bundle}`, () => make("li", "", "", make("strong"), make("span"), make("small")),
    (item, product) => {
      say(item.children[0], product.name);
      say(item.children[1], `, ALG ${product.algs.join(", ")}`);
      say(item.children[2], `${product.bundle}. ${product.notice}`);
    });
  $("no-products").hidden = list.length > 0;
}

function audit(state) {
  $("audit").hidden = !state.caller.audits;
  const events = (state.audit || []).slice().reverse();
  each($("events"), events, (event) => event.number, () => make("li", "event", "", make("small"), make("span", "act"), make("span", "what")),
    (item, event) => {
      say(item.children[0], new Date(event.time).toLocaleString("en-GB"));
      say(item.children[1], event.act);
      say(item.children[2], `${event.subject}, by ${event.actor}: ${event.outcome}`);
    });
  $("events").hidden = events.length === 0;
  $("no-events").hidden = events.length > 0;
  say($("no-events"), state.audited ? "It holds no event." : "There is no audit log: configure org.calypsohsm.auditlog.");
}

function show(state) {
  // The platform counts its points from 1 again when it has started anew.
  if (state.last < charts.last()) charts.forget();
  banner(state.verdict);
  now(state);
  charts.add(state.points);
  each($("modules"), state.modules, (one) => one.name, moduleCard, module);
  $("no-modules").hidden = state.modules.length > 0;
  each($("stores"), state.stores, (one) => one.name, storeSection, store);
  $("no-stores").hidden = state.stores.length > 0;
  products(state.products);
  audit(state);
  swap.update(state);
  say($("who"), `${state.caller.name}: ${state.caller.roles.join(", ")}`);
  say($("fresh"), `As of ${new Date(state.millis).toLocaleTimeString("en-GB")}`);
  say($("emulated"), state.modules.some((one) => one.emulated) ? "Modules here are emulations in software, not certified devices." : "");
}

function lost(reason) {
  mark($("banner"), "level", "FAULT");
  say($("level"), LEVELS.FAULT);
  say($("headline"), answered ? `The platform has not answered since ${answered.toLocaleTimeString("en-GB")}.` : "The platform does not answer.");
  say($("action"), `${reason} What is shown below is old. Is the platform up, and is this client still known to the gateway?`);
  document.title = "✖ Calypso HSM";
}

async function ask() {
  const response = await fetch(`api/state?since=${charts.last()}`, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
  if (!response.ok) throw new Error(`It answered ${response.status}.`);
  return response.json();
}

async function look() {
  let state = null;
  try {
    state = await ask();
  } catch (error) {
    lost(error.name === "TimeoutError" ? "It took too long." : error.message.startsWith("It answered") ? error.message : "It cannot be reached.");
  }
  setTimeout(look, PERIOD);
  if (state) {
    answered = new Date();
    show(state);
  }
}

look();
