
// --- the cluster over time -----------------------------------------------------------------------

const AXIS_HEIGHT = 20, FAULT_HEIGHT = 18, BAND_HEIGHT = 24, REACH_HEIGHT = 20, FAULT_ROWS_MAX = 4;

// Faults that overlap stand in rows of their own, as far as there are any.
function assignFaultRows(run) {
  const freeFrom = [];
  for (const f of run.faults) {
    let row = freeFrom.findIndex((from) => from <= f.from);
    if (row < 0) row = Math.min(freeFrom.length, FAULT_ROWS_MAX - 1);
    freeFrom[row] = f.to;
    f.row = row;
  }
  return freeFrom.length;
}

class ClusterCanvas {
  constructor(run, view) {
    this.run = run;
    this.view = view;
    this.canvas = element("cluster");
    this.faultRows = assignFaultRows(run);
    this.reachRows = run.reach.length > 0 ? 1 : 0;
    this.bandsFrom = AXIS_HEIGHT + this.faultRows * FAULT_HEIGHT + this.reachRows * REACH_HEIGHT + 4;
    this.height = this.bandsFrom + run.nodes.length * BAND_HEIGHT + 4;
    this.canvas.setAttribute("aria-label", "The cluster over time: " + plural(run.nodes.length, "node") +
      ", " + plural(run.faults.length, "fault"));
  }
  draw() {
    const g = prepare(this.canvas, this.height);
    this.drawLabels(g);
    clipToAxis(g, () => {
      drawAxis(g, this.view, 0);
      drawFaultBands(g, this.view, AXIS_HEIGHT, this.height);
      this.run.faults.forEach((f) => this.drawFault(g, f));
      this.run.reach.forEach((r) => this.drawReach(g, r));
      this.run.nodes.forEach((id, row) => this.drawNode(g, id, row));
      drawNow(g, this.view, 0);
    });
  }
  drawLabels(g) {
    g.c.fillStyle = colours.ink;
    g.c.textAlign = "right";
    const label = (text, y) => g.c.fillText(text, GUTTER - 8, y);
    if (this.faultRows > 0) label("faults", AXIS_HEIGHT + FAULT_HEIGHT / 2);
    if (this.reachRows > 0) label("who can talk", this.bandsFrom - REACH_HEIGHT / 2 - 4);
    this.run.nodes.forEach((id, row) => label("node " + id, this.bandsFrom + (row + 0.5) * BAND_HEIGHT));
  }
  // Where a span of time stands; null when it is out of sight.
  extent(g, from, to) {
    if (to < this.view.from || from > this.view.to) return null;
    const x = Math.max(GUTTER, this.view.x(from, g.width));
    return { x, w: Math.max(1, Math.min(g.width - RIGHT, this.view.x(to, g.width)) - x) };
  }
  write(g, text, at, y) {
    if (at.w < 24) return;
    g.c.save();
    g.c.beginPath();
    g.c.rect(at.x, y - 12, at.w - 3, 24);
    g.c.clip();
    g.c.textAlign = "left";
    g.c.fillText(text, at.x + 4, y);
    g.c.restore();
  }
  drawFault(g, f) {
    const at = this.extent(g, f.from, f.to);
    if (at === null) return;
    const y = AXIS_HEIGHT + f.row * FAULT_HEIGHT;
    g.c.fillStyle = colours.bad;
    g.c.globalAlpha = 0.25;
    g.c.fillRect(at.x, y + 1, at.w, FAULT_HEIGHT - 2);
    g.c.globalAlpha = 1;
    g.c.fillRect(at.x, y + 1, Math.min(2, at.w), FAULT_HEIGHT - 2);
    g.c.fillStyle = colours.ink;
    this.write(g, f.text, at, y + FAULT_HEIGHT / 2);
  }
  drawReach(g, r) {
    const at = this.extent(g, r.from, r.to);
    if (at === null) return;
    const y = this.bandsFrom - REACH_HEIGHT - 4;
    g.c.strokeStyle = colours.cut;
    g.c.strokeRect(at.x + 0.5, y + 2.5, Math.max(1, at.w - 1), REACH_HEIGHT - 5);
    g.c.fillStyle = colours.ink;
    this.write(g, this.reachText(r.cuts), at, y + REACH_HEIGHT / 2);
  }
  // Groups that exchange messages; in a group that is not whole, what is missing.
  reachText(cuts) {
    const groups = groupsOf(this.run, cuts);
    const missing = [];
    for (const group of groups)
      for (const a of group)
        for (const b of group)
          if (a !== b && cuts.has(linkName(a, b))) missing.push(a + "\u219b" + b);
    const oneWay = [];
    for (const a of this.run.nodes)
      for (const b of this.run.nodes)
        if (a !== b && !groups.some((group) => group.includes(a) && group.includes(b)) &&
          !cuts.has(linkName(a, b))) oneWay.push(a + "\u2192" + b);
    const parts = [groups.map((group) => group.join(" ")).join("  |  ")];
    if (oneWay.length > 0) parts.push("only " + oneWay.join(" "));
    if (missing.length > 0) parts.push("without " + missing.join(" "));
    return parts.join(", ");
  }
  drawNode(g, id, row) {
    const y = this.bandsFrom + row * BAND_HEIGHT;
    const list = this.run.states.get(id);
    let i = Math.max(0, lastAtOrBefore(list.length, (k) => list[k].from, this.view.from));
    for (let drawnTo = -1; i < list.length && list[i].from <= this.view.to; i++) {
      const at = this.extent(g, list[i].from, list[i].to);
      if (at === null || at.x + at.w < drawnTo) continue;
      drawnTo = at.x + at.w;
      this.drawState(g, list[i], at, y);
    }
  }
  drawState(g, s, at, y) {
    const c = g.c;
    const top = s.state === "down" ? y + BAND_HEIGHT / 2 - 1 : y + 3;
    const high = s.state === "down" ? 2 : BAND_HEIGHT - 6;
    c.fillStyle = colours[s.state] || colours.follower;
    c.fillRect(at.x, top, at.w, high);
    if (s.state === "paused") hatch(c, at, top, high);
    c.fillStyle = s.state === "leader" ? "#ffffff" : colours.ink;
    if (s.state === "down") return;
    const word = s.state === "follower" ? "term " + s.term : s.state + ", term " + s.term;
    if (at.w > 60) this.write(g, word, at, y + BAND_HEIGHT / 2);
    else if (at.w > 24) this.write(g, String(s.term), at, y + BAND_HEIGHT / 2);
  }
  tip(x, y) {
    const t = this.view.time(x, this.canvas.clientWidth);
    const row = Math.floor((y - this.bandsFrom) / BAND_HEIGHT);
    const id = this.run.nodes[row];
    if (x < GUTTER || y < AXIS_HEIGHT) return null;
    if (row >= 0 && id !== undefined) {
      const s = stateAt(this.run, id, t);
      return s === null ? "node " + id + ": nothing recorded yet" : "node " + id + ": " + s.state + ", term " +
        s.term + "\nfrom " + formatTime(this.run, s.from) + " for " + formatSpan(this.run, s.to - s.from);
    }
    if (this.reachRows > 0 && y >= this.bandsFrom - REACH_HEIGHT - 4) {
      const cuts = cutsAt(this.run, t);
      return cuts.size > 0 ? describeReach(this.run, cuts) : null;
    }
    const faultRow = Math.floor((y - AXIS_HEIGHT) / FAULT_HEIGHT);
    const f = this.run.faults.find((one) => one.row === faultRow && one.from <= t && t <= one.to);
    return f === undefined ? null : "fault " + f.step + ": " + f.text + "\n" + proofOf(f);
  }
}

function hatch(c, at, y, height) {
  c.save();
  c.beginPath();
  c.rect(at.x, y, at.w, height);
  c.clip();
  c.strokeStyle = colours.back;
  c.globalAlpha = 0.6;
  c.beginPath();
  for (let x = at.x - height; x < at.x + at.w; x += 7) {
    c.moveTo(x, y + height);
    c.lineTo(x + height, y);
  }
  c.stroke();
  c.restore();
}

const PROOFS = [["message", "messages", "dropped"], ["message", "messages", "delayed"],
  ["message", "messages", "duplicated"], ["message", "messages", "reordered"],
  ["process", "processes", "killed"], ["process", "processes", "paused"]];

function proofOf(f) {
  if (f.counts === null) return "it was on when the history ended";
  const proofs = [];
  f.counts.forEach((n, i) => {
    const [one, many, what] = PROOFS[i];
    if (n > 0) proofs.push(count(n) + " " + (n === 1 ? one : many) + " " + what);
  });
  if (proofs.length === 0) return "nothing proves that it bit";
  return proofs.join(", ");
}
