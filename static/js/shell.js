// @ts-check
// The sidebar: collapsed or not on a wide screen (remembered), a drawer on a narrow one.

const root = document.documentElement;
const sidebar = document.getElementById("sidebar");
const body = document.querySelector(".shell-body");
const opener = /** @type {HTMLElement | null} */ (document.querySelector("[data-drawer-open]"));
const collapser = document.querySelector("[data-sidebar-toggle]");

const markCollapsed = () => {
  const collapsed = root.dataset.sidebar === "collapsed";
  collapser?.setAttribute("aria-expanded", String(!collapsed));
};

const toggleCollapsed = () => {
  const collapsed = root.dataset.sidebar !== "collapsed";
  if (collapsed) root.dataset.sidebar = "collapsed";
  else delete root.dataset.sidebar;
  try {
    localStorage.setItem("compass.sidebar", collapsed ? "collapsed" : "open");
  } catch {
    // Not remembered where storage is forbidden.
  }
  markCollapsed();
};

/** @param {boolean} open */
const setDrawer = (open) => {
  if (open) root.dataset.drawer = "open";
  else delete root.dataset.drawer;
  opener?.setAttribute("aria-expanded", String(open));
  body?.toggleAttribute("inert", open);
  if (open) sidebar?.querySelector("a")?.focus();
  else opener?.focus();
};

collapser?.addEventListener("click", toggleCollapsed);
opener?.addEventListener("click", (event) => {
  event.preventDefault();
  setDrawer(true);
});
document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-drawer-close]")) {
    event.preventDefault();
    setDrawer(false);
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && root.dataset.drawer === "open") setDrawer(false);
});
// Turned to landscape with the drawer open: the sidebar stands beside the page again, which must not stay inert.
matchMedia("(min-width: 768px)").addEventListener("change", (change) => {
  if (change.matches && root.dataset.drawer === "open") setDrawer(false);
});
markCollapsed();
