
// --- the replay ----------------------------------------------------------------------------------

const RING_HEIGHT = 430, NODE_RADIUS = 25, CLERKS_MAX = 24, CLERKS_NEAR_MAX = 4, ANSWER_SHOWN = 0.012; // of what is in view

class Replay {
  constructor(run, view) {
    this.run = run;
    this.view = view;
    this.canvas = element("ring");
    this.playing = false;
    this.eventTimes = Float64Array.from(run.events, (e) => e[0]);
    this.steps = storyOf(run);
    element("ring-side").hidden = run.nodes.length === 0;
    this.listSteps();
    this.listen();
  }

  listen() {
    const slider = element("slider");
    slider.addEventListener("input", () => this.view.setNow(slider.value / 10000 * this.run.end));
    element("play").addEventListener("click", () => this.setPlaying(!this.playing));
    element("step").addEventListener("click", () => this.step(1));
    element("back").addEventListener("click", () => this.step(-1));
  }

  setPlaying(on) {
    const button = element("play");
    this.playing = on;
    button.textContent = on ? "Pause" : "Play";
    button.setAttribute("aria-pressed", String(on));
    if (on && this.view.now >= this.run.end) this.view.setNow(0);
    if (on) { this.last = performance.now(); requestAnimationFrame((at) => this.tick(at)); }
  }

  tick(at) {
    if (!this.playing) return;
    const unit = this.run.byTime ? 1000 : 0.01; // of the axis in a millisecond
    this.view.setNow(this.view.now + (at - this.last) * unit * Number(element("speed").value));
    this.last = at;
    this.follow();
    if (this.view.now >= this.run.end) this.setPlaying(false);
    else requestAnimationFrame((next) => this.tick(next));
  }

  // Keeps the replay's time in sight.
  follow() {
    const v = this.view;
    if (v.now < v.from || v.now > v.to) v.set(v.now - (v.to - v.from) * 0.1, v.now + (v.to - v.from) * 0.9);
  }

  // To the next or the last thing that happened: a call, a request, an end, or one of the cluster's.
  step(direction) {
    const run = this.run, now = this.view.now;
    let best = direction > 0 ? run.end : 0;
    for (const times of [run.call, run.askTime, run.sortedEnds, this.eventTimes]) {
      let i = lastAtOrBefore(times.length, (k) => times[k], now);
      if (direction > 0) i++;
      else while (i >= 0 && times[i] >= now) i--;
      if (i < 0 || i >= times.length) continue;
      best = direction > 0 ? Math.min(best, times[i]) : Math.max(best, times[i]);
    }
    this.view.setNow(best);
    this.follow();
  }

  // --- what is going on ---

  openOps() {
    const run = this.run, now = this.view.now, open = [];
    run.lanes.forEach((ops, lane) => {
      const i = lastAtOrBefore(ops.length, (k) => run.call[ops[k]], now);
      if (i < 0) return;
      const op = ops[i];
      const lately = now - run.until[op] <= (this.view.to - this.view.from) * ANSWER_SHOWN;
      const over = run.until[op] <= now;
      if (!over || (lately && run.until[op] < run.end)) open.push({ op, lane, over });
    });
    return open;
  }

  askedNode(op) {
    const asks = (this.run.asksOf.get(op) || []).filter((a) => this.run.askTime[a] <= this.view.now);
    return asks.length > 0 ? this.run.askNode[asks[asks.length - 1]] : 0;
  }

  draw() {
    const run = this.run, cuts = cutsAt(run, this.view.now), open = this.openOps();
    if (run.nodes.length > 0) this.drawRing(cuts, open);
    this.showState(cuts, open);
    this.showSteps();
    element("slider").value = String(Math.round(this.view.now / run.end * 10000));
    element("now").textContent = formatTime(run, this.view.now);
  }

  drawRing(cuts, open) {
    const g = prepare(this.canvas, RING_HEIGHT);
    this.centre = { x: g.width / 2, y: RING_HEIGHT / 2 };
    this.radius = Math.min(g.width * 0.27, 118);
    this.drawLinks(g, cuts);
    this.drawRequests(g, open);
    this.run.nodes.forEach((id) => this.drawNode(g, id));
  }

  place(id) {
    const k = this.run.nodes.indexOf(id), n = this.run.nodes.length;
    const angle = -Math.PI / 2 + 2 * Math.PI * k / n;
    const r = n === 1 ? 0 : this.radius;
    return { x: this.centre.x + r * Math.cos(angle), y: this.centre.y + r * Math.sin(angle), angle };
  }

  // Clerks stand around the ring: a few near the node they talk to, many in the order of their lanes.
  clerkPlace(g, lane, node) {
    const nodes = this.run.nodes.length, all = Math.min(this.run.lanes.length, CLERKS_MAX);
    let angle = -Math.PI / 2 + Math.PI / Math.max(1, nodes) + 2 * Math.PI * (lane % all) / Math.max(3, all);
    if (all <= CLERKS_NEAR_MAX && this.run.nodes.includes(node))
      angle = this.place(node).angle + (lane - (all - 1) / 2) * 0.5;
    return { x: this.centre.x + Math.min(g.width / 2 - 74, this.radius + 130) * Math.cos(angle),
      y: this.centre.y + (this.radius + 76) * Math.sin(angle) };
  }

  drawLinks(g, cuts) {
    const ids = this.run.nodes;
    for (let i = 0; i < ids.length; i++)
      for (let k = i + 1; k < ids.length; k++) {
        const there = cuts.has(linkName(ids[i], ids[k])), back = cuts.has(linkName(ids[k], ids[i]));
        const a = this.place(ids[i]), b = this.place(ids[k]);
        if (there && back) this.drawBroken(g.c, a, b);
        else if (there) this.drawOneWay(g.c, b, a);
        else if (back) this.drawOneWay(g.c, a, b);
        else this.line(g.c, a, b, colours.line, 1.5, []);
      }
  }

  line(c, a, b, colour, width, dash) {
    c.strokeStyle = colour;
    c.lineWidth = width;
    c.setLineDash(dash);
    c.beginPath();
    c.moveTo(a.x, a.y);
    c.lineTo(b.x, b.y);
    c.stroke();
    c.setLineDash([]);
    c.lineWidth = 1;
  }

  between(a, b, share) { return { x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share }; }

  drawBroken(c, a, b) {
    this.line(c, a, this.between(a, b, 0.43), colours.cut, 1.5, [3, 4]);
    this.line(c, this.between(a, b, 0.57), b, colours.cut, 1.5, [3, 4]);
    const m = this.between(a, b, 0.5);
    for (const turn of [-1, 1])
      this.line(c, { x: m.x - 5, y: m.y - 5 * turn }, { x: m.x + 5, y: m.y + 5 * turn }, colours.cut, 2.5, []);
  }

  // Messages still pass from `a` to `b`.
  drawOneWay(c, a, b) {
    this.line(c, a, b, colours.cut, 1.5, [8, 3]);
    this.drawHead(c, this.between(a, b, 0.3), this.between(a, b, 0.62), colours.cut);
  }

  drawHead(c, from, tip, colour) {
    const angle = Math.atan2(tip.y - from.y, tip.x - from.x);
    c.fillStyle = colour;
    c.beginPath();
    c.moveTo(tip.x, tip.y);
    for (const turn of [-0.4, 0.4])
      c.lineTo(tip.x - 11 * Math.cos(angle + turn), tip.y - 11 * Math.sin(angle + turn));
    c.fill();
  }

  drawNode(g, id) {
    const c = g.c, p = this.place(id), s = stateAt(this.run, id, this.view.now);
    const state = s === null ? "follower" : s.state;
    c.beginPath();
    c.arc(p.x, p.y, NODE_RADIUS, 0, 2 * Math.PI);
    c.fillStyle = colours.back;
    c.fill();
    c.globalAlpha = s === null || state === "down" ? 0.25 : 1;
    c.fillStyle = colours[state] || colours.follower;
    c.fill();
    c.globalAlpha = 1;
    c.strokeStyle = colours.ink;
    c.lineWidth = state === "leader" ? 3 : 1;
    c.setLineDash(state === "down" ? [4, 3] : []);
    c.stroke();
    c.setLineDash([]);
    c.lineWidth = 1;
    c.textAlign = "center";
    c.fillStyle = state === "leader" ? "#ffffff" : colours.ink;
    c.font = 'bold 17px system-ui, "DejaVu Sans", sans-serif';
    c.fillText(String(id), p.x, p.y + 1);
    c.font = '12px system-ui, "DejaVu Sans", sans-serif';
    c.fillStyle = colours.ink;
    this.caption(c, s === null ? "not seen yet" : state + ", term " + s.term, p);
  }

  caption(c, text, p) {
    const width = c.measureText(text).width;
    c.fillStyle = colours.back;
    c.globalAlpha = 0.8;
    c.fillRect(p.x - width / 2 - 3, p.y + NODE_RADIUS + 3, width + 6, 16);
    c.globalAlpha = 1;
    c.fillStyle = colours.ink;
    c.fillText(text, p.x, p.y + NODE_RADIUS + 11);
  }

  drawRequests(g, open) {
    const shown = open.slice(0, CLERKS_MAX);
    shown.forEach(({ op, lane, over }) => {
      const node = over ? this.run.node[op] : this.askedNode(op);
      const from = this.clerkPlace(g, lane, node);
      const violating = this.run.isViolating[op] === 1;
      const colour = violating ? colours.violating : colours[OUTCOME_COLOURS[over ? this.run.outcome[op] : OUTCOME.OK]];
      if (this.run.nodes.includes(node)) {
        const to = this.place(node);
        const edge = this.between(to, from, NODE_RADIUS / Math.hypot(to.x - from.x, to.y - from.y));
        this.line(g.c, from, edge, colour, violating ? 3 : 2, over ? [] : [6, 4]);
        if (over) this.drawHead(g.c, edge, this.between(edge, from, 0.8), colour);
        else this.drawHead(g.c, from, edge, colour);
      }
      this.drawClerk(g, from, op, over, colour);
    });
  }

  drawClerk(g, p, op, over, colour) {
    const c = g.c;
    const text = shortOp(this.run, op) + (over ? " = " + answerOf(this.run, op) : "");
    c.fillStyle = colour;
    c.fillRect(p.x - 6, p.y - 6, 12, 12);
    c.textAlign = "center";
    const width = Math.min(c.measureText(text).width, 190);
    const x = Math.min(Math.max(p.x, width / 2 + 4), g.width - width / 2 - 4);
    const y = p.y + (p.y > this.centre.y ? 16 : -15);
    c.fillStyle = colours.back;
    c.fillRect(x - width / 2 - 3, y - 8, width + 6, 16);
    c.fillStyle = this.run.isViolating[op] ? colours.violating : colours.ink;
    c.fillText(text, x, y, 190);
  }

  // --- words ---

  showState(cuts, open) {
    const run = this.run, lines = [];
    for (const id of run.nodes) {
      const s = stateAt(run, id, this.view.now);
      lines.push("node " + id + ": " + (s === null ? "not seen yet" : s.state + ", term " + s.term));
    }
    if (cuts.size > 0) lines.push("connected: " + groupsOf(run, cuts).map((group) => group.join(" ")).join(" | "));
    for (const { op, over } of open.slice(0, 6)) lines.push((over ? "ended: " : "open: ") +
      (over ? describeOp(run, op) : "process " + run.process[op] + ": " + shortOp(run, op)));
    if (open.length > 6) lines.push("and " + plural(open.length - 6, "operation") + " more");
    setItems(element("state"), lines);
  }

  listSteps() {
    const list = element("steps");
    element("steps-title").hidden = this.steps.length === 0;
    element("steps-title").textContent = this.run.cluster === "demo" ? "The story" : "What happens";
    for (const step of this.steps) {
      const item = document.createElement("li"), button = document.createElement("button");
      button.type = "button";
      button.textContent = step.text;
      button.addEventListener("click", () => { this.view.setNow(step.at); this.follow(); });
      item.append(button);
      list.append(item);
    }
  }

  showSteps() {
    const items = element("steps").children;
    const current = lastAtOrBefore(this.steps.length, (k) => this.steps[k].at, this.view.now);
    if (current === this.current) return;
    this.current = current;
    for (let k = 0; k < items.length; k++) {
      items[k].className = k === current ? "current" : k < current ? "past" : "";
      if (k === current) items[k].setAttribute("aria-current", "step");
      else items[k].removeAttribute("aria-current");
    }
    const list = element("steps"), item = items[current];
    if (item !== undefined) list.scrollTop = item.offsetTop - list.offsetTop - list.clientHeight / 2;
  }
}

const PLANNED = "planned: ", STEPS_MAX = 400;

// A told story is its own; else the faults, what was noted, and who came to lead.
function storyOf(run) {
  const steps = [];
  for (const e of run.events) {
    if (e[1] === KIND_NOTE && !e[2].startsWith(PLANNED)) steps.push({ at: e[0], text: e[2] });
    if (run.cluster === "demo") continue;
    if (e[1] === KIND_FAULT)
      steps.push({ at: e[0], text: "Fault " + e[2] + (e[3] ? " begins: " + e[4] : " ends.") });
    if (e[1] === KIND_NODE && (e[3] === "leader" || e[3] === "exited"))
      steps.push({ at: e[0],
        text: "Node " + e[2] + (e[3] === "leader" ? " leads in term " + e[4] + "." : " ended by itself.") });
  }
  return steps.slice(0, STEPS_MAX);
}

function setItems(list, texts) {
  while (list.children.length > texts.length) list.lastChild.remove();
  while (list.children.length < texts.length) list.append(document.createElement("li"));
  texts.forEach((text, i) => {
    if (list.children[i].textContent !== text) list.children[i].textContent = text;
  });
}
