// @ts-check
// The eye beside a password: [data-reveal="id of the input"].

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-reveal]") : null;
  const input = document.getElementById(button?.getAttribute("data-reveal") ?? "");
  if (!button || !(input instanceof HTMLInputElement)) return;
  const shown = input.type === "password";
  input.type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", String(shown));
});
