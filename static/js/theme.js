// @ts-check
// Runs before first paint: puts the chosen theme and the remembered sidebar on <html>, so that nothing flashes.
(() => {
  const root = document.documentElement;
  /** @param {string} key @returns {string | null} what was remembered, or null where storage is forbidden */
  const remembered = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  };
  const theme = remembered("compass.theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  if (remembered("compass.sidebar") === "collapsed") root.dataset.sidebar = "collapsed";
})();
