// @ts-check
// Light, dark or the device's own: buttons with `data-theme-choice`. "system" forgets the choice.

/** @typedef {"light" | "dark" | "system"} Theme */

const root = document.documentElement;

/** Show which button is the current one. */
const mark = () => {
  const current = root.dataset.theme ?? "system";
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.getAttribute("data-theme-choice") === current));
  }
};

/** @param {Theme} theme */
const choose = (theme) => {
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem("compass.theme");
    else localStorage.setItem("compass.theme", theme);
  } catch {
    // A private window may refuse storage; the choice then lasts until the page is left.
  }
  mark();
};

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-theme-choice]") : null;
  if (button) choose(/** @type {Theme} */ (button.getAttribute("data-theme-choice")));
});
mark();
