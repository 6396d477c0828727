// The evidence viewer. Text from contracts enters the page as text only (textContent), never as markup.
function element(tag, className, text) {
  const e = document.createElement(tag);
  if (className) e.className = className;
  if (text !== undefined) e.textContent = text;
  return e;
}

function choice(className, values) {
  const e = element("select", className);
  for (const v of values) {
    const o = element("option", "", v);
    o.value = v;
    e.append(o);
  }
  return e;
}

function render({ model, el }) {
  const root = element("div", "rv");
  const list = element("div", "rv-list");
  const detail = element("div", "rv-detail");
  const sheet = element("div", "rv-sheet");
  const left = element("div", "rv-left");
  left.append(list, detail);
  root.append(left, sheet);
  el.append(root);

  const name = element("input", "rv-by");
  name.placeholder = "your name";
  name.value = model.get("by");
  const note = element("input", "rv-note");
  note.placeholder = "note";
  const send = (what, more) => model.send({ do: what, by: name.value, note: note.value, ...more });
  const button = (className, text, act) => {
    const b = element("button", "rv-button " + className, text);
    b.addEventListener("click", act);
    return b;
  };
  const go = (k) => {
    const n = model.get("findings").length;
    if (n) {
      model.set("at", ((k % n) + n) % n);
      model.save_changes();
    }
  };

  function drawList() {
    const at = model.get("at");
    list.replaceChildren(
      ...model.get("findings").map((f, k) => {
        const row = element("div", "rv-row" + (k === at ? " rv-here" : "") + (f.review ? " rv-" + f.review : ""));
        row.append(element("span", "rv-clause", f.clause.slice(0, 28)), element("span", "rv-title", f.title));
        row.append(element("span", "rv-state", f.review || f.party));
        row.addEventListener("click", () => go(k));
        return row;
      }),
    );
    const here = list.children[at];
    if (here) list.scrollTop = here.offsetTop - list.offsetTop - list.clientHeight / 2;
  }

  function corrections(f) {
    const box = element("details", "rv-more");
    box.append(element("summary", "", "correct, or add what was missed"));
    const label = choice("rv-label", model.get("labels")[f.table]);
    label.value = f.label;
    const party = choice("rv-party", ["customer", "provider", "both"]);
    party.value = f.party;
    const column = f.table === "provisions" ? "provision" : "responsibility";
    const save = button("rv-correct", "save the correction", () =>
      send("correct", { to: { [column]: label.value, party: party.value } }),
    );
    const words = element("textarea", "rv-words");
    words.placeholder = "the missed words, as the agreement has them";
    const ids = choice("rv-newlabel", Object.values(model.get("labels")).flat());
    const whose = choice("rv-newparty", ["customer", "provider", "both"]);
    const add = button("rv-add", "add this finding", () =>
      send("add", { words: words.value, label: ids.value, party: whose.value }),
    );
    box.append(label, party, save, words, ids, whose, add);
    return box;
  }

  function drawDetail() {
    const found = model.get("findings");
    const f = found[model.get("at")];
    detail.replaceChildren();
    if (!f) {
      detail.append(element("p", "", "Nothing was found in this agreement."));
      return;
    }
    const steps = element("div", "rv-steps");
    steps.append(
      button("rv-prev", "◀ previous", () => go(model.get("at") - 1)),
      element("span", "rv-count", `${model.get("at") + 1} of ${found.length}`),
      button("rv-next", "next ▶", () => go(model.get("at") + 1)),
    );
    detail.append(steps, element("h4", "", `${f.title} · ${f.party}`), element("p", "rv-text", f.text));
    const facts = Object.entries(f.values).map(([k, v]) => `${k}: ${v}`);
    if (f.deadline) facts.unshift(`deadline: ${f.deadline}`);
    if (facts.length) detail.append(element("p", "rv-facts", facts.join(" · ")));
    for (const j of f.jumps) {
      detail.append(button("rv-jump", "→ " + j.name, () => model.send({ do: "jump", clause: j.clause })));
    }
    const row = element("div", "rv-review");
    row.append(name, note);
    row.append(button("rv-accept", "✓ right", () => send("accept")), button("rv-reject", "✗ wrong", () => send("reject")));
    if (f.review) {
      row.append(button("rv-undo", "undo", () => send("undo")));
      detail.append(element("p", "rv-said", `${f.review} by ${f.by}${f.note ? ": " + f.note : ""}`));
    }
    detail.append(row, corrections(f), element("p", "rv-message", model.get("message")));
  }

  function drawPage() {
    const p = model.get("page");
    sheet.replaceChildren();
    const bar = element("div", "rv-bar");
    bar.append(
      button("rv-pageback", "◀", () => p.number > 1 && model.send({ do: "page", number: p.number - 1 })),
      element("span", "rv-number", p.number ? `page ${p.number} of ${p.pages}` : "no page"),
      button("rv-pageon", "▶", () => p.number < p.pages && model.send({ do: "page", number: p.number + 1 })),
    );
    sheet.append(bar);
    if (!p.uri) return;
    const paper = element("div", "rv-paper");
    const picture = element("img");
    picture.src = p.uri;
    picture.alt = `page ${p.number}: ${p.title}`;
    paper.append(picture);
    for (const [x, y, w, h] of p.marks) {
      const m = element("div", "rv-mark");
      Object.assign(m.style, { left: x + "%", top: y + "%", width: w + "%", height: h + "%" });
      paper.append(m);
    }
    sheet.append(paper);
    const first = p.marks[0];
    picture.addEventListener("load", () => {
      if (first) sheet.scrollTop = (first[1] / 100) * paper.clientHeight - sheet.clientHeight / 3;
    });
  }

  const both = () => {
    drawList();
    drawDetail();
  };
  model.on("change:at", both);
  model.on("change:findings", both);
  model.on("change:message", drawDetail);
  model.on("change:page", drawPage);
  both();
  drawPage();
}

export default { render };
