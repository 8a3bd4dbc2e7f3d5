// Builds and updates what is shown. Text gets into the page as text only, never as markup.

/** Finds an element by its id. */
export const $ = (id) => document.getElementById(id);

/** Makes an element with a class, text and children. */
export function make(tag, className = "", text = "", ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  element.append(...children);
  return element;
}

/** Sets a text, unless it is the same: what is read aloud is read only when it changes. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Sets a data attribute, unless it is the same. */
export function mark(element, name, value) {
  if (element.dataset[name] !== value) element.dataset[name] = value;
}

/** Has one child for each item; a child stays as long as there is an item with its key, so that focus and selection stay too. */
export function each(parent, items, key, create, update) {
  const before = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    let child = before.get(name);
    before.delete(name);
    if (!child) {
      child = create(item);
      child.dataset.key = name;
    }
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
    update(child, item);
  }
  before.forEach((child) => child.remove());
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

/** A number with its thousands apart. */
export const number = (value) => whole.format(value);

/** A number with three digits at most. */
export const rough = (value) => (value >= 1000 ? whole.format(value) : short.format(value));

/** "1 channel" or "2 channels". */
export const count = (value, one, many = one + "s") => `${whole.format(value)} ${value === 1 ? one : many}`;

/** A time in milliseconds for a person. */
export function duration(millis) {
  if (millis < 1) return `${short.format(millis * 1000)} µs`;
  if (millis < 1000) return `${short.format(millis)} ms`;
  return `${short.format(millis / 1000)} s`;
}

/** A bar that is filled to a share between 0 and 1. */
export function gauge() {
  const words = make("p", "words", "", make("span"), make("span"));
  const bar = make("span", "bar", "", make("i"));
  bar.setAttribute("aria-hidden", "true");
  return make("div", "gauge", "", words, bar);
}

/** Fills a gauge: what it is, how much of it is used up, and how bad that is. */
export function fill(element, what, detail, share, level) {
  const [words, bar] = element.children;
  say(words.children[0], what);
  say(words.children[1], detail);
  mark(bar, "level", level);
  width(bar.firstElementChild, share);
}

/** Sets the width of the filled part of a bar. */
export function width(element, share) {
  element.style.width = `${Math.min(100, Math.max(0, share * 100)).toFixed(1)}%`;
}
