"use strict";
// What the page knows: the JSON that report.c has written, as columns, and what follows from it.
// Data becomes text only by textContent and by drawing; nothing of it is ever markup.

const element = (id) => document.getElementById(id);

const KIND_NOTE = "note", KIND_FAULT = "fault", KIND_NODE = "node";
const OUTCOME = { PENDING: 0, OK: 1, FAIL: 2, INFO: 3 };
const LANES_MAX = 1000;

function loadRun() {
  const d = JSON.parse(element("data").textContent);
  const run = { ...d, n: d.ops.n, byTime: d.clock === "time" };
  readColumns(run, d.ops);
  readAsks(run, d.asks);
  assignLanes(run);
  readNodes(run);
  readFaults(run);
  run.isViolating = new Uint8Array(run.n);
  run.violating.forEach((op) => { run.isViolating[op] = 1; });
  return run;
}

function readColumns(run, ops) {
  const n = run.n;
  run.call = new Float64Array(n);
  run.until = new Float64Array(n); // the return; the end of the axis for what never returned
  for (let i = 0, at = 0; i < n; i++) {
    at += ops.call[i];
    run.call[i] = at;
    run.until[i] = ops.length[i] < 0 ? run.end : at + ops.length[i];
  }
  for (const name of ["process", "kind", "outcome", "status", "node", "key"])
    run[name] = Uint32Array.from(ops[name]);
  run.sortedEnds = run.until.slice().sort();
}

// For each operation the requests it sent: those of its process between its call and its return.
function readAsks(run, asks) {
  const n = asks.time.length;
  run.askTime = new Float64Array(n);
  run.askNode = Float64Array.from(asks.node);
  run.askOp = new Int32Array(n).fill(-1);
  run.asksOf = new Map();
  const open = new Map();
  for (let i = 0, at = 0, op = 0; i < n; i++) {
    at += asks.time[i];
    run.askTime[i] = at;
    for (; op < run.n && run.call[op] <= at; op++) open.set(run.process[op], op);
    const mine = open.get(asks.process[i]);
    if (mine === undefined || run.until[mine] < at) continue;
    run.askOp[i] = mine;
    if (!run.asksOf.has(mine)) run.asksOf.set(mine, []);
    run.asksOf.get(mine).push(i);
  }
}

// A process that ended in an unknown outcome is retired; whoever comes next takes over its lane.
function assignLanes(run) {
  const spans = new Map();
  for (let i = 0; i < run.n; i++) {
    const span = spans.get(run.process[i]);
    if (span === undefined) spans.set(run.process[i], { first: run.call[i], last: run.until[i] });
    else span.last = run.until[i];
  }
  const freeFrom = [];
  const laneOf = new Map();
  run.lanesLeftOut = 0;
  for (const [process, span] of spans) {
    let lane = freeFrom.findIndex((from) => from <= span.first);
    if (lane < 0) lane = freeFrom.length;
    if (lane >= LANES_MAX) { run.lanesLeftOut++; laneOf.set(process, -1); continue; }
    freeFrom[lane] = span.last;
    laneOf.set(process, lane);
  }
  run.lanes = freeFrom.map(() => []);
  run.lane = new Int32Array(run.n);
  for (let i = 0; i < run.n; i++) {
    run.lane[i] = laneOf.get(run.process[i]);
    if (run.lane[i] >= 0) run.lanes[run.lane[i]].push(i);
  }
}

// --- the cluster ---------------------------------------------------------------------------------

// For each node its states in order: { from, to, state, term }.
function readNodes(run) {
  const ids = new Set(run.nodes);
  run.events.forEach((e) => { if (e[1] === KIND_NODE) ids.add(e[2]); });
  run.nodes = [...ids].sort((a, b) => a - b);
  run.states = new Map(run.nodes.map((id) => [id, []]));
  const role = new Map();
  for (const e of run.events) {
    if (e[1] !== KIND_NODE) continue;
    const [at, , id, what, term] = e;
    const now = role.get(id) || { state: "follower", term: 0 };
    let next;
    if (what === "died" || what === "exited") next = { state: "down", term: Math.max(term, now.term) };
    else if (what === "paused") next = { state: "paused", term: now.term, before: now.state };
    else if (what === "resumed") next = { state: now.before || now.state, term: now.term };
    else if (what === "started") next = { state: "follower", term };
    else next = { state: what, term };
    role.set(id, next);
    const list = run.states.get(id);
    if (list.length > 0) list[list.length - 1].to = at;
    list.push({ from: at, to: run.end, state: next.state, term: next.term, what });
  }
}

const linkName = (from, to) => from + ">" + to;

// Faults with their begins and ends, and the spans of time in which the same links were cut.
function readFaults(run) {
  const on = new Map();
  run.faults = [];
  run.reach = []; // { from, to, cuts: Set of "a>b" }
  let cutsSince = 0;
  const cutNow = () => {
    const cuts = new Set();
    for (const f of on.values())
      for (let i = 0; i + 1 < f.cuts.length; i += 2) cuts.add(linkName(f.cuts[i], f.cuts[i + 1]));
    return cuts;
  };
  const close = (at) => {
    const cuts = cutNow();
    if (cuts.size > 0 && at > cutsSince) run.reach.push({ from: cutsSince, to: at, cuts });
    cutsSince = at;
  };
  for (const e of run.events) {
    if (e[1] !== KIND_FAULT) continue;
    const [at, , step, begins, text, counts, cuts] = e;
    close(at);
    if (begins) {
      const fault = { step, from: at, to: run.end, text, cuts, counts: null };
      run.faults.push(fault);
      on.set(step, fault);
    } else if (on.has(step)) {
      Object.assign(on.get(step), { to: at, counts });
      on.delete(step);
    }
  }
  close(run.end);
}

// Which nodes exchange messages both ways, as groups; and what is cut inside a group.
function groupsOf(run, cuts) {
  const twoWay = (a, b) => !cuts.has(linkName(a, b)) && !cuts.has(linkName(b, a));
  const groups = [];
  const left = new Set(run.nodes);
  for (const first of run.nodes) {
    if (!left.delete(first)) continue;
    const group = [first];
    for (let i = 0; i < group.length; i++)
      for (const other of [...left])
        if (twoWay(group[i], other)) { left.delete(other); group.push(other); }
    groups.push(group.sort((a, b) => a - b));
  }
  return groups;
}

function describeReach(run, cuts) {
  const parts = run.nodes.map((id) => {
    const to = run.nodes.filter((o) => o !== id && !cuts.has(linkName(id, o)));
    return "node " + id + " reaches " + (to.length > 0 ? to.join(", ") : "no other node");
  });
  const places = new Map();
  for (const name of cuts) {
    const [from, to] = name.split(">").map(Number);
    if (from < 0 && to > 0) places.set(-from, [...(places.get(-from) || []), to]);
  }
  for (const [place, nodes] of places)
    parts.push("clerks at place " + place + " do not reach " + nodes.join(", "));
  return parts.join("\n");
}

function stateAt(run, id, t) {
  const list = run.states.get(id);
  const i = lastAtOrBefore(list.length, (k) => list[k].from, t);
  return i < 0 ? null : list[i];
}

function cutsAt(run, t) {
  const i = lastAtOrBefore(run.reach.length, (k) => run.reach[k].from, t);
  return i >= 0 && t < run.reach[i].to ? run.reach[i].cuts : new Set();
}

// --- searching -----------------------------------------------------------------------------------

// The last index whose value is at most t; -1 when there is none. Values rise.
function lastAtOrBefore(n, value, t) {
  let low = 0, high = n;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (value(mid) <= t) low = mid + 1;
    else high = mid;
  }
  return low - 1;
}

// --- words ---------------------------------------------------------------------------------------

function argumentsOf(run, i) {
  const parts = [];
  const key = run.ops.keys[run.key[i]];
  if (key !== '""' || run.model === "kv") parts.push(key);
  let value = run.ops.value[i];
  if (value !== 0) {
    const expected = run.ops.expected[i];
    if (expected === 1) value = "(absent) -> " + value;
    else if (expected !== 0) value = expected + " -> " + value;
    parts.push(value);
  }
  return parts.join(", ");
}

function answerOf(run, i) {
  const status = run.statuses[run.status[i]];
  switch (run.outcome[i]) {
    case OUTCOME.OK: return run.ops.result[i] !== 0 ? run.ops.result[i] : status;
    case OUTCOME.FAIL: return "failed (" + status + ")";
    case OUTCOME.INFO: return "unknown (" + status + ")";
    default: return "pending";
  }
}

const shortOp = (run, i) => run.kinds[run.kind[i]] + "(" + argumentsOf(run, i) + ")";
const describeOp = (run, i) =>
  "process " + run.process[i] + ": " + shortOp(run, i) + " = " + answerOf(run, i);

function describeTimes(run, i) {
  const open = run.outcome[i] === OUTCOME.PENDING || (!run.byTime && run.until[i] === run.end);
  const text = "called at " + formatTime(run, run.call[i]);
  if (open) return text + ", never returned";
  const node = run.node[i] > 0 ? ", answered by node " + run.node[i] : "";
  return text + ", " + (run.outcome[i] === OUTCOME.INFO ? "given up after " : "returned after ") +
    formatSpan(run, run.until[i] - run.call[i]) + node;
}

const count = (n) => n.toLocaleString("en-US");
const plural = (n, word) => count(n) + " " + word + (n === 1 ? "" : "s");

function formatSpan(run, us) {
  if (!run.byTime) return plural(Math.round(us), "event");
  if (us >= 1e6) return (us / 1e6).toFixed(us >= 1e7 ? 1 : 2) + " s";
  if (us >= 1e3) return (us / 1e3).toFixed(us >= 1e4 ? 1 : 2) + " ms";
  return Math.round(us) + " \u00b5s";
}

function formatTime(run, t) {
  return run.byTime ? (t / 1e6).toFixed(4) + " s" : "event " + count(Math.round(t));
}
