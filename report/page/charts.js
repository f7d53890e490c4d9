
// --- rate and latency ----------------------------------------------------------------------------

const CHART_HEIGHT = 170, CHART_TOP = 20, CHART_BOTTOM = 6;
const LINE_COLOURS = ["#4c8edb", "#e0702e", "#2da44e", "#a475f9", "#c24b8a", "#8a8f98"];

const lineColour = (k) => LINE_COLOURS[k % LINE_COLOURS.length];

class Chart {
  // lines: { name, colour, dashed, points: [[bucket, value]...] }.
  constructor(run, view, id, title, lines, label, logarithmic) {
    Object.assign(this, { run, view, canvas: element(id), title, lines, label, logarithmic });
    this.max = 0;
    this.min = Infinity;
    for (const line of lines)
      for (const [, value] of line.points) {
        this.max = Math.max(this.max, value);
        if (value > 0) this.min = Math.min(this.min, value);
      }
    if (!logarithmic) this.min = 0;
  }
  y(value) {
    const high = CHART_HEIGHT - CHART_TOP - CHART_BOTTOM;
    const scale = this.logarithmic ? (v) => Math.log10(Math.max(v, this.min)) : (v) => v;
    const low = scale(this.min), top = scale(this.max * (this.logarithmic ? 1.3 : 1.08));
    return CHART_HEIGHT - CHART_BOTTOM - (scale(value) - low) / Math.max(1e-9, top - low) * high;
  }
  draw() {
    const g = prepare(this.canvas, CHART_HEIGHT);
    g.c.fillStyle = colours.ink;
    g.c.textAlign = "right";
    g.c.fillText(this.title, GUTTER - 8, CHART_TOP - 8);
    if (this.max === 0) return;
    this.drawScale(g);
    clipToAxis(g, () => {
      drawFaultBands(g, this.view, CHART_TOP, CHART_HEIGHT);
      drawAxis(g, this.view, 0);
      this.lines.forEach((line) => this.drawLine(g, line));
      drawNow(g, this.view, CHART_TOP);
    });
    this.drawLegend(g);
  }
  ticks() {
    const ticks = [];
    if (this.logarithmic) {
      const between = this.max / this.min < 50 ? [1, 2, 5] : [1];
      for (let v = Math.pow(10, Math.floor(Math.log10(this.min))); v <= this.max * 1.3; v *= 10)
        ticks.push(...between.map((m) => m * v).filter((tick) => tick >= this.min && tick <= this.max * 1.3));
    } else {
      const step = roundStep(this.max, 4);
      for (let v = 0; v <= this.max; v += step) ticks.push(v);
    }
    return ticks;
  }
  drawScale(g) {
    g.c.strokeStyle = colours.line;
    g.c.fillStyle = colours.faint;
    for (const v of this.ticks()) {
      const y = Math.round(this.y(v)) + 0.5;
      g.c.beginPath();
      g.c.moveTo(GUTTER, y);
      g.c.lineTo(g.width - RIGHT, y);
      g.c.stroke();
      g.c.fillText(this.label(v), GUTTER - 8, y);
    }
  }
  // A bucket in which nothing ended breaks the line.
  drawLine(g, line) {
    const c = g.c, width = this.run.rates.width;
    c.strokeStyle = line.colour;
    c.lineWidth = line.dashed ? 1 : 1.75;
    c.setLineDash(line.dashed ? [4, 3] : []);
    c.beginPath();
    c.fillStyle = line.colour;
    line.points.forEach(([bucket, value], i) => {
      const x = this.view.x((bucket + 0.5) * width, g.width), y = this.y(value);
      const joins = (k) => line.points[k] !== undefined && Math.abs(line.points[k][0] - bucket) === 1;
      if (joins(i - 1)) c.lineTo(x, y);
      else c.moveTo(x, y);
      if (!joins(i - 1) && !joins(i + 1)) c.fillRect(x - 2, y - 2, 4, 4);
    });
    c.stroke();
    c.setLineDash([]);
    c.lineWidth = 1;
  }
  drawLegend(g) {
    let x = g.width - RIGHT;
    g.c.textAlign = "right";
    if (this.lines.some((line) => line.dashed)) {
      g.c.fillStyle = colours.faint;
      g.c.fillText("p50; dashed: p99", x, CHART_TOP + 10);
      x -= g.c.measureText("p50; dashed: p99").width + 16;
    }
    for (const line of this.lines.filter((one) => !one.dashed).reverse()) {
      const width = g.c.measureText(line.name).width;
      g.c.fillStyle = colours.back;
      g.c.fillRect(x - width - 22, CHART_TOP + 2, width + 22, 15);
      g.c.fillStyle = colours.ink;
      g.c.fillText(line.name, x, CHART_TOP + 10);
      g.c.fillStyle = line.colour;
      g.c.fillRect(x - width - 18, CHART_TOP + 8, 14, 3);
      x -= width + 30;
    }
  }
}

function makeCharts(run, view) {
  const kinds = run.rates.kinds.filter((k) => k.buckets.length > 0);
  const seconds = run.rates.width / 1e6;
  const rate = kinds.map((k, i) => ({
    name: run.kinds[k.kind], colour: lineColour(i), points: k.buckets.map((b) => [b[0], b[1] / seconds]) }));
  const latency = kinds.flatMap((k, i) => [
    { name: run.kinds[k.kind], colour: lineColour(i), points: k.buckets.map((b) => [b[0], b[2]]) },
    { colour: lineColour(i), dashed: true, points: k.buckets.map((b) => [b[0], b[3]]) }]);
  if (!run.byTime || kinds.length === 0) {
    element("rate").hidden = element("latency").hidden = true;
    return [];
  }
  return [
    new Chart(run, view, "rate", "answered / s", rate, (v) => count(Math.round(v)), false),
    new Chart(run, view, "latency", "latency", latency, (v) => formatSpan(run, v), true),
  ];
}
