// @ts-check
// Keys: `?` shows them all, `/` or Ctrl-K goes to the search, j and k walk along a list ([data-list] of links with the
// class row-link), Enter opens (the browser's own), `[data-key="n"]` is pressed by that letter. Never while somebody types.

/** @param {EventTarget | null} target */
const isTyping = (target) => target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;

/** @param {number} step */
const walk = (step) => {
  const links = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-list] .row-link")]);
  if (!links.length) return;
  const current = links.findIndex((link) => link === document.activeElement);
  const next = current < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(Math.max(current + step, 0), links.length - 1);
  links[next].focus();
};

const search = () => /** @type {HTMLInputElement | null} */ (document.querySelector("[data-global-search] input"));

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && search()) {
    event.preventDefault();
    search()?.select();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "/" && search()) {
    event.preventDefault();
    search()?.select();
  } else if (event.key === "?") {
    event.preventDefault();
    /** @type {HTMLDialogElement | null} */ (document.getElementById("shortcuts"))?.showModal();
  } else if (event.key === "j") walk(1);
  else if (event.key === "k") walk(-1);
  else {
    const target = /^[a-z]$/.test(event.key) ? document.querySelector(`[data-key="${event.key}"]`) : null;
    if (target instanceof HTMLElement) {
      event.preventDefault();
      target.click();
    }
  }
});
