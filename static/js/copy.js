// @ts-check
// [data-copy="text"] or [data-copy-from="id"] puts text on the clipboard and says so in a toast ([data-copied]).

document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-copy], [data-copy-from]") : null;
  if (!button) return;
  const source = document.getElementById(button.getAttribute("data-copy-from") ?? "");
  const text = button.getAttribute("data-copy") ?? (source instanceof HTMLInputElement ? source.value : source?.textContent) ?? "";
  try {
    await navigator.clipboard.writeText(text.trim());
    const news = { text: button.getAttribute("data-copied") ?? "", tone: "good" };
    document.dispatchEvent(new CustomEvent("toast", { detail: news }));
  } catch {
    // No clipboard on an insecure origin: select the text, so that Ctrl-C does it.
    if (source) getSelection()?.selectAllChildren(source);
  }
});
