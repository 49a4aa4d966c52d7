// @ts-check
// On a phone a list comes before its filters: all but the search fold away behind a button, unless one of them is on.
// Without this script they are simply all there.

const fold = () => {
  for (const form of document.querySelectorAll("form.filter-bar")) {
    const button = /** @type {HTMLButtonElement | null} */ (form.querySelector("[data-filter-toggle]"));
    const place = /** @type {HTMLElement | null} */ (button?.closest(".filter-toggle"));
    if (!button || !place?.hidden || form.querySelectorAll(".field").length < 3) continue;
    place.hidden = false;
    const isOn = [...new URLSearchParams(location.search)].some(([name, value]) => value && name !== "q" && name !== "cursor");
    setFolded(form, button, !isOn);
  }
};

/** @param {Element} form @param {HTMLButtonElement} button @param {boolean} isFolded */
const setFolded = (form, button, isFolded) => {
  form.toggleAttribute("data-folded", isFolded);
  button.setAttribute("aria-expanded", String(!isFolded));
};

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-filter-toggle]") : null;
  const form = button?.closest("form");
  if (form && button instanceof HTMLButtonElement) setFolded(form, button, !form.hasAttribute("data-folded"));
});
document.addEventListener("htmx:load", fold);
fold();
