"use strict";
// The only script of the report: filters the findings, and opens what a link points to. Works without a network.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector) => document.querySelector(selector);
  const controls = ["contract", "group", "party"].map((name) => one(`#by-${name}`));
  const [contract, group, party] = controls;
  const words = one("#by-words"), unclear = one("#by-unclear"), tally = one("#tally");
  if (!contract) return;
  let vendor = "";

  function matches(item, text) {
    const d = item.dataset;
    return (!contract.value || d.contract === contract.value) && (!vendor || d.vendor === vendor) &&
      (!group.value || `${d.kind}:${d.group}` === group.value) &&
      (!party.value || d.party === party.value || d.party === "both") &&
      (!unclear.checked || d.unclear === "1") && (!text || item.textContent.toLowerCase().includes(text));
  }

  function apply(open) {
    const text = words.value.trim().toLowerCase();
    let count = 0;
    for (const section of all("details.contract")) {
      let inside = 0;
      for (const block of all(".group", section)) {
        let kept = 0;
        for (const item of all(".finding", block)) {
          item.hidden = !matches(item, text);
          if (!item.hidden) kept += 1;
        }
        block.hidden = !kept;
        block.querySelector("h3 b").textContent = kept;
        inside += kept;
      }
      section.hidden = !inside;
      if (open && inside) section.open = true;
      count += inside;
    }
    tally.textContent = `${count.toLocaleString("en")} shown${vendor ? `, vendor ${vendor}` : ""}`;
  }

  function clear() {
    for (const c of controls) c.value = "";
    words.value = "";
    unclear.checked = false;
    vendor = "";
    for (const b of all(".cell[aria-pressed=true]")) b.setAttribute("aria-pressed", "false");
    apply(false);
  }

  function reveal() {
    const target = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
    if (!target) return;
    if (target.hidden) clear();
    for (let p = target; p; p = p.parentElement) if (p.tagName === "DETAILS") p.open = true;
    target.scrollIntoView({ block: target.classList.contains("finding") ? "center" : "start" });
  }

  for (const control of [...controls, unclear]) control.addEventListener("change", () => { vendor = ""; apply(true); });
  let wait = 0;
  words.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(() => apply(words.value.length > 1), 150); });
  one("#clear").addEventListener("click", clear);
  one("#open-all").addEventListener("click", () => { for (const d of all("details.contract")) if (!d.hidden) d.open = true; });
  one("#close-all").addEventListener("click", () => { for (const d of all("#findings details")) d.open = false; });

  for (const cell of all("button.cell")) {
    cell.addEventListener("click", () => {
      clear();
      cell.setAttribute("aria-pressed", "true");
      group.value = `responsibility:${cell.dataset.group}`;
      party.value = "customer";
      if (cell.dataset.by === "contract") contract.value = cell.dataset.column;
      else vendor = cell.dataset.column;
      apply(true);
      one("#findings").scrollIntoView({ block: "start" });
    });
  }
  window.addEventListener("hashchange", reveal);
  apply(false);
  reveal();
})();
