"use strict";
// Shows the entries that match every filter of the page, and says how many there are.
(() => {
  const fields = [...document.querySelectorAll("[data-filter]")];
  if (!fields.length) return;
  const entries = [...document.querySelectorAll("[data-entry]")];
  const said = document.getElementById("count");
  const texts = new Map(entries.map((entry) => [entry, entry.textContent.toLowerCase()]));
  const matches = (entry, field) => {
    const wanted = field.value.trim().toLowerCase();
    if (!wanted) return true;
    if (field.dataset.filter === "text") return wanted.split(/\s+/).every((word) => texts.get(entry).includes(word));
    return entry.dataset[field.dataset.filter] === wanted;
  };
  const show = () => {
    let count = 0;
    for (const entry of entries) {
      entry.hidden = !fields.every((field) => matches(entry, field));
      if (!entry.hidden) count += 1;
    }
    said.textContent = `${count} / ${entries.length}`;
  };
  for (const field of fields) field.addEventListener("input", show);
  show();
})();
