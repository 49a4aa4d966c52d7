// @ts-check
// "120 of 500" under a text area: <p data-counter-for="id_comment" data-limit="500" data-pattern="%s of 500">.
// Counted as the server counts: in code points, with a line break as one character.

/** @param {Element} element */
const show = (element) => {
  if (!(element instanceof HTMLTextAreaElement || element instanceof HTMLInputElement) || !element.id) return;
  const output = /** @type {HTMLElement | null} */ (document.querySelector(`[data-counter-for="${CSS.escape(element.id)}"]`));
  if (!output) return;
  const length = [...element.value].length;
  output.textContent = (output.dataset.pattern ?? "%s").replace("%s", String(length));
  output.toggleAttribute("data-over", length > Number(output.dataset.limit));
};

const showAll = () => {
  for (const output of document.querySelectorAll("[data-counter-for]")) {
    const element = document.getElementById(output.getAttribute("data-counter-for") ?? "");
    if (element) show(element);
  }
};

document.addEventListener("input", (event) => {
  if (event.target instanceof Element) show(event.target);
});
document.addEventListener("htmx:load", showAll);
showAll();
