// @ts-check
// <select data-guess-zone>: the browser's time zone is chosen at first, where the list has it.

for (const select of document.querySelectorAll("select[data-guess-zone]")) {
  if (!(select instanceof HTMLSelectElement) || select.value !== "UTC") continue;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ([...select.options].some((option) => option.value === zone)) select.value = zone;
}
