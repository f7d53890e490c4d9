
// --- operations as bars --------------------------------------------------------------------------

const OUTCOME_COLOURS = ["pending", "ok", "fail", "info"];
const LANE_HEIGHT_MAX = 22, LANE_HEIGHT_MIN = 3, LANES_HEIGHT = 480, MARK_WIDTH_MIN = 7;
const TEXT_WIDTH_MIN = 44; // a bar this wide has room for words
const LISTED_MAX = 8;

class OperationsCanvas {
  constructor(run, view) {
    this.run = run;
    this.view = view;
    this.canvas = element("operations");
    this.laneHeight = Math.max(LANE_HEIGHT_MIN,
      Math.min(LANE_HEIGHT_MAX, Math.floor(LANES_HEIGHT / Math.max(1, run.lanes.length))));
    this.top = run.violating.length > 0 ? 26 : 6; // room for the constraints' arcs
    this.height = this.top + run.lanes.length * this.laneHeight + 8;
    this.keyShown = null; // by number; null: all
    this.canvas.setAttribute("aria-label", "Operations over time: " + plural(run.n, "operation") + " in " +
      plural(run.lanes.length, "lane"));
  }

  filter(text) {
    const keys = this.run.ops.keys;
    const exact = keys.includes(text);
    this.keyShown = text === "" ? null :
      Uint8Array.from(keys, (key) => (exact ? key === text : key.includes(text)) ? 1 : 0);
    return this.keyShown === null ? keys.length : this.keyShown.reduce((sum, one) => sum + one, 0);
  }

  isShown(i) { return this.keyShown === null || this.keyShown[this.run.key[i]] === 1; }

  draw() {
    const g = prepare(this.canvas, this.height);
    this.seen = 0;
    this.merged = 0;
    this.drawLabels(g);
    clipToAxis(g, () => {
      drawFaultBands(g, this.view, 0, this.height);
      this.run.lanes.forEach((ops, lane) => this.drawLane(g, ops, lane));
      this.drawConstraints(g);
      this.run.violating.forEach((op, k) => this.drawMark(g, op, k + 1));
      drawNow(g, this.view, 0);
    });
    this.tell();
  }

  y(lane) { return this.top + lane * this.laneHeight; }

  drawLabels(g) {
    const every = Math.ceil(14 / this.laneHeight);
    g.c.fillStyle = colours.faint;
    g.c.textAlign = "right";
    for (let lane = 0; lane < this.run.lanes.length; lane += every)
      g.c.fillText(lane === 0 ? "clerk 0" : String(lane), GUTTER - 8, this.y(lane) + this.laneHeight / 2);
  }

  // Bars that are narrower than a pixel share one: the outcome that is rarer shows.
  drawLane(g, ops, lane) {
    const run = this.run, view = this.view;
    const y = this.y(lane) + (this.laneHeight > 6 ? 2 : 0.5);
    const height = this.laneHeight - (this.laneHeight > 6 ? 4 : 1);
    let i = Math.max(0, lastAtOrBefore(ops.length, (k) => run.call[ops[k]], view.from));
    let pixel = -1, worst = OUTCOME.OK;
    const flush = () => {
      if (pixel < 0) return;
      g.c.fillStyle = colours[OUTCOME_COLOURS[worst]];
      g.c.fillRect(pixel, y, 1, height);
      pixel = -1;
    };
    for (; i < ops.length && run.call[ops[i]] <= view.to; i++) {
      const op = ops[i];
      if (run.until[op] < view.from || !this.isShown(op)) continue;
      this.seen++;
      const x = view.x(run.call[op], g.width), end = view.x(run.until[op], g.width);
      if (end - x < 1.5) {
        if (Math.floor(x) === pixel) {
          this.merged++;
          if (run.outcome[op] !== OUTCOME.OK) worst = run.outcome[op];
          continue;
        }
        flush();
        pixel = Math.floor(x);
        worst = run.outcome[op];
      } else {
        flush();
        this.drawBar(g, op, x, end, y, height);
      }
    }
    flush();
  }

  drawBar(g, op, x, end, y, height) {
    const c = g.c;
    const from = Math.max(x, GUTTER - 2), to = Math.min(end, g.width);
    c.fillStyle = colours[OUTCOME_COLOURS[this.run.outcome[op]]];
    c.fillRect(from, y, Math.max(1, to - from - (to - from > 4 ? 1 : 0)), height);
    if (to - from < TEXT_WIDTH_MIN || height < 12 || this.run.isViolating[op]) return;
    this.write(c, shortOp(this.run, op) + " = " + answerOf(this.run, op), from, to - from, y, height,
      this.run.outcome[op] === OUTCOME.FAIL ? colours.ink : "#ffffff");
  }

  write(c, text, x, width, y, height, colour) {
    c.save();
    c.beginPath();
    c.rect(x, y, width - 2, height);
    c.clip();
    c.fillStyle = colour;
    c.textAlign = "left";
    c.fillText(text, x + 4, y + height / 2 + 0.5);
    c.restore();
  }

  // --- the violation ---

  box(g, op) {
    const x = this.view.x(this.run.call[op], g.width);
    const end = Math.max(this.view.x(this.run.until[op], g.width), x + MARK_WIDTH_MIN);
    return { x, end, y: this.y(this.run.lane[op]), height: Math.max(this.laneHeight, 6) };
  }

  drawMark(g, op, number) {
    if (this.run.lane[op] < 0) return;
    const c = g.c, b = this.box(g, op);
    const text = number + "  " + shortOp(this.run, op) + " = " + answerOf(this.run, op);
    c.fillStyle = colours.violating;
    c.fillRect(b.x, b.y, b.end - b.x, b.height);
    c.strokeStyle = colours.back;
    c.strokeRect(b.x, b.y, b.end - b.x, b.height);
    c.font = 'bold 12px system-ui, "DejaVu Sans", sans-serif';
    const width = c.measureText(text).width + 8;
    const inside = Math.min(b.end, g.width) - Math.max(b.x, GUTTER) >= width;
    if (this.laneHeight >= 12) {
      const behind = this.roomBehind(g, op, b.end, width);
      const left = !inside && behind < width && b.x - GUTTER > width;
      const x = inside ? Math.max(b.x, GUTTER) : left ? b.x - width - 2 : b.end + 2;
      const room = inside ? width + 8 : left ? width : behind;
      if (room > 16) {
        if (!inside) { c.fillStyle = colours.back; c.fillRect(x, b.y + 2, room, b.height - 4); }
        this.write(c, text, x, room, b.y + 1, b.height - 2, inside ? colours.back : colours.violating);
      }
    }
    c.font = '12px system-ui, "DejaVu Sans", sans-serif';
  }

  // Up to the next marked bar of its lane.
  roomBehind(g, op, x, width) {
    let room = Math.min(width, g.width - RIGHT - x - 2);
    for (const other of this.run.violating) {
      const b = this.box(g, other);
      if (other !== op && this.run.lane[other] === this.run.lane[op] && b.x >= x) room = Math.min(room, b.x - x - 2);
    }
    return room;
  }

  drawConstraints(g) {
    for (const [from, to, kind] of this.run.constraints) {
      if (this.run.lane[from] < 0 || this.run.lane[to] < 0) continue;
      const a = this.box(g, from), b = this.box(g, to);
      const saw = kind === "saw";
      this.drawArrow(g.c, saw ? (a.x + Math.min(a.end, a.x + 60)) / 2 : a.end, a.y + (saw ? 0 : a.height / 2),
        saw ? (b.x + b.end) / 2 : b.x, b.y + (saw ? 0 : b.height / 2), saw);
    }
  }

  drawArrow(c, x1, y1, x2, y2, saw) {
    const bend = saw ? Math.min(y1, y2) - 22 : (y1 + y2) / 2;
    const cx1 = saw ? x1 : x1 + Math.max(18, (x2 - x1) / 2), cx2 = saw ? x2 : x2 - Math.max(18, (x2 - x1) / 2);
    c.strokeStyle = c.fillStyle = saw ? colours.saw : colours.cut;
    c.setLineDash(saw ? [5, 4] : []);
    c.lineWidth = 1.5;
    c.beginPath();
    c.moveTo(x1, y1);
    c.bezierCurveTo(cx1, saw ? bend : y1, cx2, saw ? bend : y2, x2, y2);
    c.stroke();
    c.setLineDash([]);
    c.lineWidth = 1;
    const angle = saw ? Math.PI / 2 : 0;
    c.beginPath();
    c.moveTo(x2, y2);
    for (const turn of [-0.45, 0.45])
      c.lineTo(x2 - 8 * Math.cos(angle + turn), y2 - 8 * Math.sin(angle + turn));
    c.fill();
  }

  // --- words ---

  // What is to be seen, for those who do not see it, and what is not drawn one by one.
  tell() {
    const run = this.run, view = this.view;
    const inView = (op) => run.until[op] >= view.from && run.call[op] <= view.to;
    const marks = run.violating.map((op, k) => [op, k + 1]).filter(([op]) => inView(op));
    const parts = [plural(this.seen, "operation") + " from " + formatTime(run, view.from) + " to " +
      formatTime(run, view.to) + " of " + count(run.total) + " in all"];
    if (this.merged > 0) parts.push(count(this.merged) + " share a pixel with others");
    if (run.n < run.total) parts.push(count(run.total - run.n) + " are not in this file, to keep it small");
    if (run.lanesLeftOut > 0) parts.push(plural(run.lanesLeftOut, "process") + " more than there are lanes");
    let text = parts.join("; ") + ".";
    if (marks.length > 0)
      text += " Marked: " + (marks.length > LISTED_MAX ? plural(marks.length - LISTED_MAX, "earlier one") + "; " : "") +
        marks.slice(-LISTED_MAX).map(([op, k]) => k + " " + describeOp(run, op)).join("; ") + ".";
    clearTimeout(this.telling);
    this.telling = setTimeout(() => { element("shown").textContent = text; }, 120);
  }

  tip(x, y) {
    const lane = Math.floor((y - this.top) / this.laneHeight);
    const ops = this.run.lanes[lane];
    if (x < GUTTER || ops === undefined) return null;
    const run = this.run, width = this.canvas.clientWidth;
    const t = this.view.time(x, width), near = this.view.time(x + 4, width) - t;
    let i = lastAtOrBefore(ops.length, (k) => run.call[ops[k]], t + near);
    for (; i >= 0 && (run.until[ops[i]] < t - near || !this.isShown(ops[i])); i--)
      if (run.call[ops[i]] < t - near && run.until[ops[i]] < t - near) return null;
    if (i < 0) return null;
    const mark = run.violating.indexOf(ops[i]);
    return (mark >= 0 ? "\u2716 " + (mark + 1) + "  " : "") + describeOp(run, ops[i]) + "\n" +
      describeTimes(run, ops[i]);
  }
}
