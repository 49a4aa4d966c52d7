// @ts-check
// Short news in the corner. The server sends them with the page (Django's messages) or with a fragment:
//   HX-Trigger: {"toast": {"text": "Saved.", "tone": "good"}}
// Good news leaves by itself after eight seconds unless somebody looks at it; bad news stays until it is closed.

/** @typedef {{text: string, tone?: "good" | "info" | "warn" | "bad"}} News */

const region = document.getElementById("toasts");
const pattern = /** @type {HTMLTemplateElement | null} */ (document.getElementById("toast-pattern"));

/** @param {HTMLElement} toast */
const leaveLater = (toast) => {
  if (toast.matches(".tone-bad, .tone-warn")) return;
  const leave = () => {
    if (toast.matches(":hover, :focus-within")) setTimeout(leave, 2000);
    else toast.remove();
  };
  setTimeout(leave, 8000);
};

/** @param {News} news */
const show = ({ text, tone = "info" }) => {
  const found = pattern?.content.querySelector(`.tone-${tone}`);
  if (!region || !found) return;
  const toast = /** @type {HTMLElement} */ (found.cloneNode(true));
  const words = toast.querySelector("p");
  if (words) words.textContent = text;
  region.append(toast);
  leaveLater(toast);
};

document.addEventListener("toast", (event) => show(/** @type {CustomEvent<News>} */ (event).detail));
document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-toast-close]") : null;
  button?.closest(".toast-note")?.remove();
});
document.addEventListener("htmx:sendError", () => show({ text: region?.dataset.offline ?? "", tone: "bad" }));
document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = /** @type {CustomEvent<{xhr: XMLHttpRequest}>} */ (event).detail;
  show({ text: (xhr.status === 429 ? region?.dataset.tooMany : region?.dataset.failed) ?? "", tone: "bad" });
});
for (const toast of region?.querySelectorAll(".toast-note") ?? []) leaveLater(/** @type {HTMLElement} */ (toast));
