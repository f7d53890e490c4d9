
// --- what stands in words and tables -------------------------------------------------------------

const NOTES_MAX = 500, KEYS_LISTED_MAX = 1000;

function addRow(table, cells, tag = "td") {
  const row = table.insertRow();
  for (const [text, className] of cells) {
    const cell = document.createElement(tag);
    if (tag === "th") cell.scope = "col";
    cell.textContent = text;
    if (className) cell.className = className;
    row.append(cell);
  }
}

function fillTop(run) {
  const marks = { "linearizable": ["good", "\u2714 "], "not linearizable": ["bad", "\u2718 "] };
  const [look, mark] = marks[run.verdict] || ["unknown", "? "];
  document.documentElement.className = look;
  document.title = run.verdict + " \u2013 " + (run.workload || run.model) + " \u2013 rift report";
  element("verdict").textContent = mark + run.verdict;
  const parts = [plural(run.total, "operation"), "model " + run.model];
  if (run.nodes.length > 0) parts.push(plural(run.nodes.length, "node"));
  if (run.byTime) parts.push(formatSpan(run, run.end));
  if (run.faults.length > 0) parts.push(plural(run.faults.length, "fault"));
  element("summary").textContent = parts.join(" \u00b7 ");
  element("reason").textContent = run.reason;
  element("also").textContent = run.also;
  element("also").hidden = run.also === "";
  element("why-title").textContent = run.verdict === "linearizable" ? "The verdict" : "Why";
}

function fillProof(run, showOp) {
  const number = new Map(run.violating.map((op, k) => [op, k + 1]));
  element("proof").hidden = run.violating.length === 0;
  for (const op of run.violating) {
    const item = document.createElement("li"), button = document.createElement("button");
    button.type = "button";
    button.className = "linked";
    button.textContent = describeOp(run, op);
    button.title = describeTimes(run, op);
    button.addEventListener("click", () => showOp(op));
    item.append(button);
    element("violating").append(item);
  }
  setItems(element("constraints"), run.constraints.map(([from, to, kind]) => kind === "before" ?
    number.get(from) + " returned before " + number.get(to) + " was called" :
    number.get(to) + " saw what " + number.get(from) + " wrote"));
}

function fillFaults(run) {
  const table = element("fault-table");
  if (run.faults.length === 0) {
    addRow(table, [["No fault was recorded."]]);
    return;
  }
  addRow(table, [["step", "number"], ["begins", "number"], ["lasts", "number"], ["what it does"],
    ["what proves that it bit"]], "th");
  for (const f of run.faults) {
    const bit = f.counts !== null && f.counts.some((n) => n > 0);
    addRow(table, [[String(f.step), "number"], [formatTime(run, f.from), "number"],
      [formatSpan(run, f.to - f.from), "number"], [f.text], [proofOf(f), bit ? "bit" : "missed"]]);
  }
}

function fillNotes(run) {
  const texts = run.events.filter((e) => e[1] === KIND_NOTE).map((e) => e[2]);
  const plan = texts.filter((text) => text.startsWith(PLANNED)).map((text) => text.slice(PLANNED.length));
  const notes = texts.filter((text) => !text.startsWith(PLANNED));
  element("plan-details").hidden = plan.length === 0;
  element("notes-details").hidden = notes.length === 0;
  setItems(element("plan"), plan.slice(0, NOTES_MAX));
  setItems(element("notes"), notes.slice(0, NOTES_MAX));
}

function fillQuantiles(run) {
  const table = element("quantiles");
  const times = run.byTime ? ["p50", "p90", "p99", "p99.9", "longest"] : [];
  addRow(table, [["operation"], ...["ok", "fail", "info", "pending", ...times].map((name) => [name, "number"])], "th");
  for (const k of run.rates.kinds)
    addRow(table, [[run.kinds[k.kind]], ...[k.ok, k.fail, k.info, k.pending].map((n) => [count(n), "number"]),
      ...times.map((_, i) => [k.ok > 0 ? formatSpan(run, k.quantiles[i]) : "", "number"])]);
}

function fillFacts(run) {
  const facts = [["workload", run.workload], ["model", run.model], ["cluster", run.cluster],
    ["seed", run.seed === "0" ? "" : run.seed], ["nodes", run.nodes.join(" ")],
    ["started", run.started_ms > 0 ? new Date(run.started_ms).toISOString().slice(0, 19) + " UTC" : ""],
    ...run.options];
  for (const [name, value] of facts) {
    if (value === "") continue;
    const pair = document.createElement("div"), dt = document.createElement("dt"), dd = document.createElement("dd");
    dt.textContent = name;
    dd.textContent = value;
    pair.append(dt, dd);
    element("fact-list").append(pair);
  }
  element("repeat").hidden = run.command === "";
  element("command").textContent = run.command;
  element("copy").addEventListener("click", () => {
    const range = document.createRange();
    range.selectNodeContents(element("command"));
    window.getSelection().removeAllRanges();
    window.getSelection().addRange(range);
    if (navigator.clipboard) navigator.clipboard.writeText(run.command).catch(() => {});
  });
}

function fillKeys(run) {
  for (const key of run.ops.keys.slice(0, KEYS_LISTED_MAX)) {
    const option = document.createElement("option");
    option.value = key;
    element("keys").append(option);
  }
}

const LEGEND_OPS = [["ok", "ok"], ["fail", "fail"], ["info", "unknown outcome"], ["pending", "never ended"]];
const LEGEND_NODES = ["leader", "follower", "candidate", "paused", "down"].map((state) => [state, state]);

function fillLegend(run) {
  element("legend").textContent = "";
  for (const [colour, name] of [...LEGEND_OPS, ...(run.nodes.length > 0 ? LEGEND_NODES : [])]) {
    const entry = document.createElement("span"), box = document.createElement("canvas");
    box.width = box.height = 12;
    const c = box.getContext("2d");
    c.fillStyle = colours[colour];
    c.fillRect(0, 0, 12, 12);
    entry.append(box, name);
    element("legend").append(entry);
  }
}
