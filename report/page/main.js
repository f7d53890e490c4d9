
// --- putting it together -------------------------------------------------------------------------

// Words first: they are on the screen before the first canvas is drawn.
function main() {
  const run = loadRun();
  const view = new View(run);
  readColours();
  fillTop(run);
  fillFaults(run);
  fillNotes(run);
  fillQuantiles(run);
  fillFacts(run);
  fillKeys(run);
  fillLegend(run);

  const cluster = new ClusterCanvas(run, view);
  const operations = new OperationsCanvas(run, view);
  const replay = new Replay(run, view);
  const drawn = [cluster, operations, replay, ...makeCharts(run, view)];
  const show = (ops) => { showOps(run, view, replay.steps, ops); element("timeline").scrollIntoView({ block: "start" }); };

  fillProof(run, (op) => show([op]));
  listenToTools(run, view, operations, show);
  for (const one of [cluster, operations]) {
    listenToPointer(one.canvas, view, (x, y) => one.tip(x, y));
    listenToKeys(one.canvas, view, (direction) => replay.step(direction));
  }
  const draw = () => drawn.forEach((one) => one.draw());
  view.onChange(draw);
  for (const query of ["(prefers-color-scheme: dark)", "print"])
    window.matchMedia(query).addEventListener("change", () => { readColours(); fillLegend(run); draw(); });
  window.addEventListener("resize", () => view.changed());
  draw();
}

const TOLD_WITHIN = 50; // what is said of an operation is recorded so soon after it, in microseconds

// Brings operations into view, with room at the sides, and the replay to the last one's return.
function showOps(run, view, steps, ops) {
  const from = Math.min(...ops.map((op) => run.call[op]));
  const to = Math.max(...ops.map((op) => (run.outcome[op] === OUTCOME.OK ? run.until[op] : run.call[op])));
  const last = ops.reduce((a, b) => (run.call[b] > run.call[a] ? b : a));
  const room = Math.max((to - from) * 0.15, ops.length === 1 ? (run.until[last] - run.call[last]) * 4 : 0, SPAN_MIN);
  view.set(from - room, to + room);
  const at = run.outcome[last] === OUTCOME.OK ? run.until[last] : run.call[last];
  const told = steps.find((step) => step.at >= at);
  view.setNow(run.byTime && told !== undefined && told.at - at < TOLD_WITHIN ? told.at : at);
  const wrap = element("operations-wrap");
  wrap.scrollTop = Math.max(0, run.lane[last] * (wrap.scrollHeight / Math.max(1, run.lanes.length)) - 200);
}

function listenToTools(run, view, operations, show) {
  element("zoom-in").addEventListener("click", () => view.zoom(0.5));
  element("zoom-out").addEventListener("click", () => view.zoom(2));
  element("zoom-all").addEventListener("click", () => view.all());
  element("jump").hidden = run.violating.length === 0;
  element("jump").addEventListener("click", () => show(run.violating));
  element("key-filter").addEventListener("input", (e) => {
    const text = e.target.value.trim();
    const n = operations.filter(text);
    element("filter-note").textContent = text === "" ? "" : plural(n, "key") + " of " + count(run.ops.keys.length);
    view.changed();
  });
}

main();
