// @ts-check
// <time datetime="…" data-relative>: "5 minutes ago" in the viewer's language; the exact time in the viewer's zone is
// the title. Kept fresh once a minute. The server has already written the exact time for whoever runs no script.

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [["year", 31_557_600], ["month", 2_629_800], ["week", 604_800], ["day", 86_400], ["hour", 3600], ["minute", 60]];
const language = document.documentElement.lang || undefined;
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const exact = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "short" });

/** @param {Date} moment @param {number} now @returns {string} */
const inWords = (moment, now) => {
  const seconds = (moment.getTime() - now) / 1000;
  const unit = UNITS.find(([, size]) => Math.abs(seconds) >= size);
  return unit ? relative.format(Math.trunc(seconds / unit[1]), unit[0]) : relative.format(0, "second");
};

const refresh = () => {
  const now = Date.now();
  for (const element of document.querySelectorAll("time[data-relative]")) {
    const moment = new Date(element.getAttribute("datetime") ?? "");
    if (Number.isNaN(moment.getTime())) continue;
    element.textContent = inWords(moment, now);
    element.setAttribute("title", exact.format(moment));
  }
};

document.addEventListener("htmx:load", refresh);
setInterval(refresh, 60_000);
refresh();
