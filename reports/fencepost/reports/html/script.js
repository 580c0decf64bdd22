"use strict";
// Filters for the clauses and buttons that copy. Without this the page is whole; it only takes longer to look through.
{
  const filters = document.querySelector(".filters");
  const rows = [...document.querySelectorAll("tr[data-verdict]")];
  const status = document.querySelector("#filter-status");
  const search = document.querySelector("#filter-text");
  let wanted = "";

  const apply = () => {
    const text = search.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      const fits = (!wanted || row.dataset.verdict === wanted) && row.textContent.toLowerCase().includes(text);
      row.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    for (const part of document.querySelectorAll("#clauses details.folded")) {
      part.open = Boolean(wanted || text);
      part.hidden = !part.querySelector("tr[data-verdict]:not([hidden])");
    }
    for (const table of document.querySelectorAll("table.clauses")) {
      table.hidden = !table.querySelector("tr[data-verdict]:not([hidden])");
    }
    status.textContent = `${shown} of ${rows.length} clauses shown`;
  };

  for (const button of filters.querySelectorAll("button")) {
    button.addEventListener("click", () => {
      wanted = button.dataset.filter;
      for (const other of filters.querySelectorAll("button")) {
        other.setAttribute("aria-pressed", String(other === button));
      }
      apply();
    });
  }
  search.addEventListener("input", apply);
  filters.hidden = false;

  // A link to a clause that the filter hides shows all of them again.
  window.addEventListener("hashchange", () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.hidden) {
      search.value = "";
      filters.querySelector("button").click();
      target.scrollIntoView();
    }
  });

  if (navigator.clipboard) {
    for (const block of document.querySelectorAll(".replay")) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Copy";
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(block.querySelector("code").textContent);
        button.textContent = "Copied";
      });
      block.append(button);
    }
  }
}
