// @ts-check
// The bar of a file field ([data-upload]) while htmx sends its form.

/** @param {Event} event @param {(box: Element, bar: HTMLProgressElement) => void} change */
const withBar = (event, change) => {
  if (!(event.target instanceof Element)) return;
  for (const box of event.target.querySelectorAll("[data-upload]")) {
    const bar = box.querySelector("progress");
    if (bar) change(box, bar);
  }
};

document.addEventListener("htmx:xhr:progress", (event) => {
  const { loaded, total } = /** @type {CustomEvent<{loaded: number, total: number}>} */ (event).detail;
  if (total) withBar(event, (_box, bar) => {
    bar.hidden = false;
    bar.max = total;
    bar.value = loaded;
  });
});
document.addEventListener("htmx:afterRequest", (event) => withBar(event, (_box, bar) => {
  bar.hidden = true;
}));
