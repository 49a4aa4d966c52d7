// @ts-check
// A second press on "Save" while the first is on its way does nothing. The server refuses doubles too; this saves the
// person a surprise. [data-resubmit] on the form leaves it alone (searches, downloads).

/** @type {WeakSet<HTMLFormElement>} */
const onTheirWay = new WeakSet();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.method !== "post" || "resubmit" in form.dataset) return;
  if (onTheirWay.has(form)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  onTheirWay.add(form);
  event.submitter?.setAttribute("aria-busy", "true");
}, { capture: true });

/** @param {Element | Document} where */
const release = (where) => {
  for (const form of where instanceof HTMLFormElement ? [where] : where.querySelectorAll("form")) {
    onTheirWay.delete(form);
    for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  }
};
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.target instanceof Element) release(event.target);
});
// Back button: the page comes out of the browser's memory with the button still busy.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) release(document);
});
