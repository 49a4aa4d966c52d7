// @ts-check
// Type-ahead after the ARIA combobox pattern (list autocomplete, manual selection), on `[data-combobox]`.
//
//   data-src        the address that answers `?q=` with the fragment named like the list's id: <li role="option"> rows
//   data-min        letters before it asks (2)
//   option          data-href opens that page; else data-value goes into the hidden input, data-label into the visible
//                   one, and data-fill (JSON) into the form's fields of those names
//
// The box fires `compass:chosen` with the option's data. Without script the input is an ordinary form field.

/** @typedef {{box: HTMLElement, input: HTMLInputElement, list: HTMLElement, status: Element | null, value: HTMLInputElement | null}} Parts */

/** @type {WeakMap<HTMLElement, {timer: number, request: AbortController | null}>} */
const running = new WeakMap();

/** @param {EventTarget | null} target @returns {Parts | null} */
const partsOf = (target) => {
  const box = target instanceof Element ? /** @type {HTMLElement | null} */ (target.closest("[data-combobox]")) : null;
  const input = box?.querySelector('input[role="combobox"]');
  const list = box?.querySelector('[role="listbox"]');
  if (!box || !(input instanceof HTMLInputElement) || !(list instanceof HTMLElement)) return null;
  const value = /** @type {HTMLInputElement | null} */ (box.querySelector('input[type="hidden"]'));
  return { box, input, list, status: box.querySelector('[role="status"]'), value };
};

/** @param {Parts} parts @returns {HTMLElement[]} */
const optionsOf = ({ list }) => [...list.querySelectorAll('[role="option"]')].map((option) => /** @type {HTMLElement} */ (option));

/** @param {Parts} parts */
const close = ({ input, list }) => {
  list.hidden = true;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
};

/** @param {Parts} parts @param {HTMLElement | null} wanted */
const activate = (parts, wanted) => {
  for (const option of optionsOf(parts)) option.setAttribute("aria-selected", String(option === wanted));
  if (wanted) {
    parts.input.setAttribute("aria-activedescendant", wanted.id);
    wanted.scrollIntoView({ block: "nearest" });
  } else parts.input.removeAttribute("aria-activedescendant");
};

/** @param {Parts} parts @param {HTMLElement} option */
const choose = (parts, option) => {
  const { box, input, value } = parts;
  const { href, label, value: chosen, fill } = option.dataset;
  close(parts);
  if (href) {
    location.assign(href);
    return;
  }
  input.value = label ?? option.textContent?.trim() ?? "";
  if (value) value.value = chosen ?? "";
  for (const [name, content] of Object.entries(fill ? JSON.parse(fill) : {})) {
    const field = input.form?.elements.namedItem(name);
    if (field instanceof HTMLInputElement && field.type === "checkbox") field.checked = Boolean(content);
    else if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement || field instanceof HTMLTextAreaElement)
      field.value = String(content ?? "");
  }
  box.dispatchEvent(new CustomEvent("compass:chosen", { bubbles: true, detail: { ...option.dataset } }));
};

/** @param {Parts} parts */
const ask = async (parts) => {
  const { box, input, list, status } = parts;
  const state = running.get(box);
  state?.request?.abort();
  const words = input.value.trim();
  if (words.length < Number(box.dataset.min ?? 2)) {
    close(parts);
    return;
  }
  const request = new AbortController();
  running.set(box, { timer: 0, request });
  const address = new URL(box.dataset.src ?? "", location.href);
  address.searchParams.set("q", words);
  try {
    const answer = await fetch(address, {
      headers: { "HX-Request": "true", "HX-Target": list.id },
      signal: request.signal,
    });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    list.replaceChildren(...(page.getElementById(list.id) ?? page.body).querySelectorAll('[role="option"]'));
    const options = optionsOf(parts);
    options.forEach((option, index) => {
      option.id = `${list.id}-${index}`;
      option.setAttribute("aria-selected", "false");
    });
    list.hidden = options.length === 0;
    input.setAttribute("aria-expanded", String(options.length > 0));
    if (status) status.textContent = (options.length ? box.dataset.found : box.dataset.none)?.replace("%s", String(options.length)) ?? "";
  } catch {
    // Aborted because somebody typed on, or the server did not answer: the form itself still works.
    if (!request.signal.aborted) close(parts);
  }
};

document.addEventListener("input", (event) => {
  const parts = partsOf(event.target);
  if (!parts || event.target !== parts.input) return;
  // Another name than the chosen one is somebody new.
  if (parts.value) parts.value.value = "";
  clearTimeout(running.get(parts.box)?.timer);
  running.set(parts.box, { timer: setTimeout(() => void ask(parts), 160), request: running.get(parts.box)?.request ?? null });
});

document.addEventListener("keydown", (event) => {
  const parts = partsOf(event.target);
  if (!parts || event.target !== parts.input || event.isComposing) return;
  const options = optionsOf(parts);
  const current = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (event.key === "Escape" && !parts.list.hidden) {
    close(parts);
    event.preventDefault();
  } else if (event.key === "Enter" && !parts.list.hidden && current >= 0) {
    choose(parts, options[current]);
    event.preventDefault();
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && options.length) {
    if (parts.list.hidden) {
      parts.list.hidden = false;
      parts.input.setAttribute("aria-expanded", "true");
    }
    const step = event.key === "ArrowDown" ? 1 : -1;
    const next = current < 0 ? (step > 0 ? 0 : options.length - 1) : (current + step + options.length) % options.length;
    activate(parts, options[next]);
    event.preventDefault();
  }
});

// The press must not take the focus away from the input, or the list would close before the click arrives.
document.addEventListener("mousedown", (event) => {
  if (event.target instanceof Element && event.target.closest('[data-combobox] [role="option"]')) event.preventDefault();
});
document.addEventListener("click", (event) => {
  const option = event.target instanceof Element ? event.target.closest('[role="option"]') : null;
  const parts = partsOf(option);
  if (parts) choose(parts, /** @type {HTMLElement} */ (option));
});
document.addEventListener("focusout", (event) => {
  const parts = partsOf(event.target);
  if (parts && !parts.box.contains(/** @type {Node | null} */ (event.relatedTarget))) close(parts);
});
