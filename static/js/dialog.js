// @ts-check
// Native <dialog>: [data-dialog-open="id"] opens it, [data-dialog-close] inside it or a press on the backdrop closes it.
// The browser keeps the focus inside, gives it back and listens to Escape. An answer may close it:
//   HX-Trigger: "dialog:close"

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  const opener = event.target.closest("[data-dialog-open]");
  if (opener) {
    const dialog = document.getElementById(opener.getAttribute("data-dialog-open") ?? "");
    if (dialog instanceof HTMLDialogElement) {
      event.preventDefault();
      dialog.showModal();
    }
  }
  if (event.target.closest("[data-dialog-close]")) event.target.closest("dialog")?.close();
  // Only a press on the backdrop has the dialog itself as its target: what is inside covers the rest.
  if (event.target instanceof HTMLDialogElement) event.target.close();
});
document.addEventListener("dialog:close", () => {
  for (const dialog of document.querySelectorAll("dialog[open]")) /** @type {HTMLDialogElement} */ (dialog).close();
});
