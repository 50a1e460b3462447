// What the page says, and its progress bar.

/** Return an element by its id. */
export function element(id) {
  return document.getElementById(id);
}

export function show(id, shown) {
  element(id).hidden = !shown;
}

let heard = 0;

/** Show a sentence; `wrong` marks errors. `quiet` ones are read aloud every few seconds only. */
export function say(text, { wrong = false, quiet = false } = {}) {
  const status = element("status");
  const now = performance.now();
  status.setAttribute("aria-live", quiet && now - heard < 5000 ? "off" : "polite");
  if (!quiet || now - heard >= 5000) heard = now;
  status.classList.toggle("wrong", wrong);
  status.textContent = text;
}

/** Show a share from 0 to 1, null for work of unknown length; without an argument, hide the bar. */
export function bar(share) {
  const progress = element("progress");
  progress.hidden = share === undefined;
  if (typeof share === "number" && Number.isFinite(share)) progress.value = share;
  else progress.removeAttribute("value");
}
