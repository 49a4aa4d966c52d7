// @ts-check
// Rows that can be ticked: inside [data-selection], `[data-select-all]` ticks every `[data-select]`, and the bulk bar
// with [data-selected-count] shows while at least one is ticked. The ticks are ordinary checkboxes of a form.

/** @param {Element} area */
const refresh = (area) => {
  const boxes = /** @type {HTMLInputElement[]} */ ([...area.querySelectorAll("input[data-select]")]);
  const ticked = boxes.filter((box) => box.checked).length;
  for (const box of boxes) box.closest("tr")?.setAttribute("aria-selected", String(box.checked));
  const all = /** @type {HTMLInputElement | null} */ (area.querySelector("input[data-select-all]"));
  if (all) {
    all.checked = ticked > 0 && ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  }
  const bar = area.querySelector(".bulk-bar");
  bar?.toggleAttribute("hidden", ticked === 0);
  const count = area.querySelector("[data-selected-count]");
  if (count) count.textContent = String(ticked);
};

document.addEventListener("change", (event) => {
  if (!(event.target instanceof HTMLInputElement)) return;
  const area = event.target.closest("[data-selection]");
  if (!area) return;
  if ("selectAll" in event.target.dataset) {
    for (const box of area.querySelectorAll("input[data-select]")) /** @type {HTMLInputElement} */ (box).checked = event.target.checked;
  }
  refresh(area);
});
for (const area of document.querySelectorAll("[data-selection]")) refresh(area);
