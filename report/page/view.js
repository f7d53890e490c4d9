
// --- the time axis that everything shares --------------------------------------------------------

const GUTTER = 104, RIGHT = 10; // pixels at the sides of each canvas with a time axis
const SPAN_MIN = 4;             // microseconds, or events

class View {
  constructor(run) {
    this.run = run;
    this.listeners = [];
    this.scheduled = false;
    this.from = 0;
    this.to = run.end;
    this.now = 0;
  }
  onChange(listener) { this.listeners.push(listener); }
  changed() {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.listeners.forEach((listener) => listener());
    });
  }
  set(from, to) {
    const span = Math.min(Math.max(to - from, SPAN_MIN), this.run.end);
    const start = Math.min(Math.max(from, 0), this.run.end - span);
    this.from = start;
    this.to = start + span;
    this.changed();
  }
  zoom(factor, at = (this.from + this.to) / 2) {
    this.set(at - (at - this.from) * factor, at + (this.to - at) * factor);
  }
  pan(share) {
    const by = (this.to - this.from) * share;
    this.set(this.from + by, this.to + by);
  }
  all() { this.set(0, this.run.end); }
  setNow(t) {
    this.now = Math.min(Math.max(t, 0), this.run.end);
    this.changed();
  }
  x(t, width) { return GUTTER + (t - this.from) / (this.to - this.from) * (width - GUTTER - RIGHT); }
  time(x, width) { return this.from + (x - GUTTER) / (width - GUTTER - RIGHT) * (this.to - this.from); }
}

// Sizes the canvas to the screen's pixels and returns a context in CSS pixels, cleared.
function prepare(canvas, height) {
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.height = height + "px";
  }
  const c = canvas.getContext("2d");
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.clearRect(0, 0, width, height);
  c.font = '12px system-ui, "DejaVu Sans", sans-serif';
  c.textBaseline = "middle";
  return { c, width, height };
}

let colours = {};
function readColours() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["back", "panel", "ink", "faint", "line", "accent", "good", "bad", "ok", "fail", "info",
    "pending", "violating", "leader", "follower", "candidate", "down", "paused", "fault", "cut", "saw"])
    colours[name] = style.getPropertyValue("--" + name).trim();
}

// A round step of which about `n` fit.
function roundStep(span, n) {
  const raw = span / n;
  const ten = Math.pow(10, Math.floor(Math.log10(raw)));
  return ten * [1, 2, 5, 10].find((m) => ten * m >= raw);
}

function drawAxis(g, view, y) {
  const { c, width } = g;
  const step = roundStep(view.to - view.from, Math.max(2, (width - GUTTER) / 110));
  const digits = Math.max(0, 6 - Math.floor(Math.log10(step)));
  c.fillStyle = colours.faint;
  c.strokeStyle = colours.line;
  c.textAlign = "left";
  c.beginPath();
  for (let t = Math.ceil(view.from / step) * step; t <= view.to; t += step) {
    const x = Math.round(view.x(t, width)) + 0.5;
    c.moveTo(x, y);
    c.lineTo(x, g.height);
    c.fillText(view.run.byTime ? (t / 1e6).toFixed(digits) + " s" : count(Math.round(t)), x + 3, y + 8);
  }
  c.stroke();
}

function drawFaultBands(g, view, y, height) {
  g.c.fillStyle = colours.fault;
  for (const f of view.run.faults) {
    if (f.to < view.from || f.from > view.to) continue;
    const x = Math.max(GUTTER, view.x(f.from, g.width));
    g.c.fillRect(x, y, Math.max(1, Math.min(g.width - RIGHT, view.x(f.to, g.width)) - x), height);
  }
}

function drawNow(g, view, y) {
  if (view.now < view.from || view.now > view.to) return;
  const x = Math.round(view.x(view.now, g.width)) + 0.5;
  g.c.strokeStyle = colours.accent;
  g.c.lineWidth = 1.5;
  g.c.beginPath();
  g.c.moveTo(x, y);
  g.c.lineTo(x, g.height);
  g.c.stroke();
  g.c.lineWidth = 1;
}

function clipToAxis(g, body) {
  g.c.save();
  g.c.beginPath();
  g.c.rect(GUTTER, 0, g.width - GUTTER - RIGHT, g.height);
  g.c.clip();
  body();
  g.c.restore();
}

// --- pointers and keys ---------------------------------------------------------------------------

function showTip(text, event) {
  const tip = element("tip");
  tip.hidden = !text;
  if (!text) return;
  tip.textContent = text;
  const box = tip.getBoundingClientRect();
  const x = Math.min(event.clientX + 14, window.innerWidth - box.width - 8);
  const below = event.clientY + 18;
  tip.style.left = Math.max(8, x) + "px";
  tip.style.top = (below + box.height > window.innerHeight ? event.clientY - box.height - 10 : below) + "px";
}

// Dragging pans, Ctrl and the wheel zoom, a click sets the time of the replay.
function listenToPointer(canvas, view, tipOf) {
  let drag = null;
  canvas.addEventListener("pointerdown", (e) => {
    if (e.button !== 0) return;
    drag = { x: e.clientX, from: view.from, to: view.to, moved: false };
    canvas.setPointerCapture(e.pointerId);
  });
  canvas.addEventListener("pointermove", (e) => {
    if (drag === null) { showTip(tipOf(e.offsetX, e.offsetY), e); return; }
    const by = (e.clientX - drag.x) / (canvas.clientWidth - GUTTER - RIGHT) * (drag.to - drag.from);
    if (Math.abs(e.clientX - drag.x) > 3) drag.moved = true;
    if (drag.moved) { canvas.classList.add("dragging"); view.set(drag.from - by, drag.to - by); }
  });
  canvas.addEventListener("pointerup", (e) => {
    if (drag !== null && !drag.moved && e.offsetX >= GUTTER)
      view.setNow(view.time(e.offsetX, canvas.clientWidth));
    drag = null;
    canvas.classList.remove("dragging");
  });
  canvas.addEventListener("pointerleave", () => showTip(null));
  canvas.addEventListener("wheel", (e) => {
    if (!e.ctrlKey && !e.metaKey && Math.abs(e.deltaX) <= Math.abs(e.deltaY)) return;
    e.preventDefault();
    if (e.ctrlKey || e.metaKey)
      view.zoom(Math.pow(1.0025, e.deltaY), view.time(Math.max(GUTTER, e.offsetX), canvas.clientWidth));
    else view.pan(e.deltaX / canvas.clientWidth);
  }, { passive: false });
}

function listenToKeys(canvas, view, stepEvent) {
  canvas.addEventListener("keydown", (e) => {
    const far = e.shiftKey ? 0.8 : 0.1;
    const actions = {
      ArrowLeft: () => view.pan(-far), ArrowRight: () => view.pan(far),
      "+": () => view.zoom(0.6), "=": () => view.zoom(0.6), "-": () => view.zoom(1 / 0.6),
      0: () => view.all(), n: () => stepEvent(1), p: () => stepEvent(-1),
    };
    if (e.ctrlKey || e.metaKey || e.altKey || !Object.hasOwn(actions, e.key)) return;
    e.preventDefault();
    actions[e.key]();
  });
}
