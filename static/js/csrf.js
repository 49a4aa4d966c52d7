// @ts-check
// Every htmx request that changes something carries the CSRF token of the page. An event works with htmx 2 and 4,
// inherited headers only with 2.

document.addEventListener("htmx:configRequest", (event) => {
  const { detail } = /** @type {CustomEvent<{verb: string, path: string, headers: Record<string, string>}>} */ (event);
  const token = document.querySelector('meta[name="csrf-token"]')?.getAttribute("content");
  const isOwnOrigin = new URL(detail.path, location.href).origin === location.origin;
  if (token && isOwnOrigin && detail.verb !== "get") detail.headers["X-CSRFToken"] = token;
});
