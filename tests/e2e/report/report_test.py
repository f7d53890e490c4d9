"""Opens reports in a browser: report_test.py RIFT SAMPLES OUT. Pictures stay in OUT."""

import json
import os
import shutil
import subprocess
import sys
import unittest

import browser

RIFT, SAMPLES, OUT = (os.path.abspath(path) for path in sys.argv[1:4])
SKIPPED = 77
LARGE_OPS = 100_000
LARGE_BYTES_MAX = 20 << 20
PAINT_MS = 2000        # what is promised, and said when it is missed
PAINT_MS_MAX = 20_000  # beyond it something is wrong, however busy the machine
SEEDS = 60             # of which one has to show a stale read

EVIL = ['</script><script>window.pwned = 1</script>', '<img src=x onerror="window.pwned = 1">',
        "\"'&<!--", '\u0001\u001b[31m\r\n\t', '\udcff\udcfe\udc80', '\u2028\u202e', 'x' * (1 << 20)]


def out(name):
    return os.path.join(OUT, name)


def rift(*arguments, codes):
    done = subprocess.run([RIFT, *arguments], capture_output=True, text=True, errors="replace")
    if done.returncode not in codes:
        raise AssertionError(f"rift {' '.join(arguments)}: exit {done.returncode}\n"
                             f"{done.stdout}{done.stderr}")
    return done.returncode


def write_lines(name, lines):
    with open(out(name), "w", encoding="ascii") as file:
        for line in lines:
            file.write(json.dumps(line) + "\n")
    return out(name)


def events(ops):
    """(process, f, key, value written, value found, call, return) as lines in order of time."""
    lines = [{"rift": 2, "model": "kv"}]
    timed = []
    for k, (process, f, key, value, found, call, end) in enumerate(ops):
        invoke = {"type": "invoke", "process": process, "f": f, "key": key, "time": call}
        if value is not None:
            invoke["value"] = value
        ok = {"type": "ok", "process": process, "time": end}
        if found is not None:
            ok["value"] = found
        timed += [(call, 1, k, invoke), (end, 0, k, ok)]
    return lines + [line for *_, line in sorted(timed, key=lambda one: one[:3])]


def large_ops():
    """Ten processes that put and get keys of their own, a millisecond each."""
    for k in range(LARGE_OPS):
        process, turn = k % 10, k // 10
        call = turn * 1_000_000 + process * 10_000
        value = str(turn // 2)
        if turn % 2 == 0:
            yield process, "put", f"k{process}", value, None, call, call + 700_000
        else:
            yield process, "get", f"k{process}", None, value, call, call + 400_000


class Reports(unittest.TestCase):
    def setUp(self):
        self.browser = browser.Browser(OUT)
        self.addCleanup(self.browser.close)

    def open(self, page):
        self.browser.open(page)
        self.assertEqual(self.browser.errors(), [])

    def finish(self, picture):
        self.browser.screenshot(out(picture + ".png"), whole=True)
        self.assertEqual(self.browser.errors(), [])

    def shown(self, text):
        self.browser.until(lambda: text in self.browser.text("shown"), f"'{text}' is shown")

    def set_slider(self, place):
        self.browser.run("const s = document.getElementById('slider'); s.value = arguments[0];"
                         "s.dispatchEvent(new Event('input'))", place)

    def states_at(self, place, picture=None):
        before = self.browser.text("now")
        self.set_slider(place)
        self.browser.until(lambda: self.browser.text("now") != before, "the replay's time changes")
        if picture:
            self.browser.screenshot(out(picture))
        return self.browser.text("state")

    # --- verdicts ---

    def test_a_clean_run_says_so_and_its_slider_moves_the_roles(self):
        page = out("clean.html")
        rift("sim", "--seed", "3", "--plain", "--nemesis", "isolate-leader", "--report", page,
             codes=[0])
        self.open(page)
        self.assertIn("linearizable", self.browser.text("verdict"))
        self.assertNotIn("not linearizable", self.browser.text("verdict"))
        self.assertIn("--seed 3", self.browser.text("command"))
        self.assertIn("messages dropped", self.browser.text("fault-table"))
        self.assertNotIn("leader", self.browser.text("state"), "at the start nobody leads")
        middle = self.states_at(5000)
        self.assertIn("leader, term", middle)
        self.assertNotEqual(middle, self.states_at(9999), "terms have gone on")
        self.finish("clean")

    def test_one_click_shows_the_stale_read(self):
        page = out("stale.html")
        for seed in range(1, SEEDS):
            if rift("sim", "--seed", str(seed), "--plain", "--reads", "local", "--check-quorum", "off",
                    "--nemesis", "isolate-leader", "--report", page, codes=[0, 1, 2]) == 1:
                break
        self.open(page)
        self.assertIn("not linearizable", self.browser.text("verdict"))
        listed = self.browser.run(
            "return [...document.querySelectorAll('#violating li')].map((e) => e.textContent)")
        reads = [text for text in listed if ": get(" in text]
        self.assertTrue(reads, f"a read is among {listed}")
        self.assertIn("returned before", self.browser.text("constraints"))
        self.shown(" operations from 0.0000 s")
        self.browser.click("jump")
        self.shown(reads[-1])
        self.browser.until(lambda: "from 0.0000 s" not in self.browser.text("shown"), "it is zoomed in")
        self.assertIn(reads[-1], self.browser.text("state"), "the replay is at the read")
        self.browser.until(lambda: self.browser.run(
            "const r = document.getElementById('operations').getBoundingClientRect();"
            "return r.top < window.innerHeight && r.bottom > 0"), "the operations are on the screen")
        self.finish("stale")
        self.browser.emulate({"prefers-color-scheme": "dark"})
        self.finish("stale-dark")

    def test_a_damaged_history_is_unknown(self):
        with open(os.path.join(SAMPLES, "linearizable.msgpack"), "rb") as file:
            content = bytearray(file.read())
        content[len(content) // 2] ^= 0x55
        with open(out("damaged.msgpack"), "wb") as file:
            file.write(content)
        rift("report", "--out", out("unknown.html"), out("damaged.msgpack"), codes=[2])
        self.open(out("unknown.html"))
        self.assertIn("unknown", self.browser.text("verdict"))
        self.assertIn("damaged", self.browser.text("reason"))
        self.finish("unknown")

    # --- sizes ---

    def test_a_hundred_thousand_operations_are_there_at_once(self):
        page = out("large.html")
        rift("report", "--out", page, write_lines("large.jsonl", events(large_ops())), codes=[0])
        self.assertLess(os.path.getsize(page), LARGE_BYTES_MAX)
        self.open(page)
        self.assertIn("100,000 operations", self.browser.text("summary"))
        self.shown("share a pixel")
        paint = self.browser.run("return performance.getEntriesByName('first-contentful-paint')"
                                 ".map((e) => e.startTime)[0]")
        frame = self.browser.run("""
            const start = performance.now();
            document.getElementById('zoom-in').click();
            return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(
                () => done(performance.now() - start))));""")
        print(f"100,000 operations: {os.path.getsize(page) / 1e6:.1f} MB, first paint after"
              f" {paint:.0f} ms, zoomed in {frame:.0f} ms"
              + ("" if paint < PAINT_MS else f" (promised: {PAINT_MS} ms)"))
        self.assertLess(paint, PAINT_MS_MAX)
        self.finish("large")

    def test_a_history_without_times_is_shown_by_its_order(self):
        ops = [(1, "put", "x", "1", None, 0, 0)]
        lines = events(ops)
        for line in lines:
            line.pop("time", None)
        lines = [lines[0]] + sorted(lines[1:], key=lambda line: line["type"] != "invoke")
        rift("report", "--out", out("order.html"), write_lines("order.jsonl", lines), codes=[0])
        self.open(out("order.html"))
        self.shown("from event 0")
        self.finish("order")

    # --- bytes of any kind ---

    def test_nothing_of_a_history_becomes_markup_or_script(self):
        ops = []
        for k, evil in enumerate(EVIL):
            key, at = evil[:400], k * 10_000
            ops += [(k, "put", key, evil, None, at + 1000, at + 2000),
                    (k, "get", key, None, evil, at + 3000, at + 4000)]
        at = 1_000_000  # and a stale read of such values, so that they are told, too
        ops += [(50, "put", EVIL[0], EVIL[1], None, at, at + 10),
                (50, "put", EVIL[0], EVIL[2], None, at + 20, at + 30),
                (50, "get", EVIL[0], None, EVIL[1], at + 40, at + 50)]
        lines = events(ops)
        lines[0].update(workload=EVIL[0], options={EVIL[1]: EVIL[0], "raw": EVIL[4]})
        lines += [{"type": "note", "text": evil.replace("\0", ""), "time": at + 60} for evil in EVIL[:4]]
        rift("report", "--out", out("hostile.html"), write_lines("hostile.jsonl", lines), codes=[1])
        self.open(out("hostile.html"))
        self.browser.click("jump")
        self.shown("onerror=")
        self.assertIsNone(self.browser.run("return window.pwned"))
        self.assertEqual(self.browser.run("return document.scripts.length"), 2)
        self.assertEqual(self.browser.run("return document.querySelectorAll('img').length"), 0)
        self.assertIn("</script><script>", self.browser.text("fact-list"), "it is text")
        self.assertIn("</script><script>", self.browser.text("steps"))
        self.assertIn("\\xff\\xfe\\x80", self.browser.text("fact-list"), "no UTF-8 is said to be none")
        self.finish("hostile")

    # --- hands ---

    def test_keys_and_the_filter_change_what_is_shown(self):
        page = out("keys.html")
        rift("sim", "--seed", "5", "--plain", "--report", page, codes=[0])
        self.open(page)
        self.shown("from 0.0000 s")
        press = ("const c = document.getElementById('operations'); c.focus();"
                 "c.dispatchEvent(new KeyboardEvent('keydown', {key: arguments[0], bubbles: true}))")
        whole = self.browser.text("shown")
        self.browser.run(press, "+")
        self.browser.until(lambda: self.browser.text("shown") != whole, "+ zooms in")
        self.browser.run(press, "0")
        self.browser.until(lambda: self.browser.text("shown") == whole, "0 shows everything")
        before = self.browser.text("now")
        self.browser.run(press, "n")
        self.browser.until(lambda: self.browser.text("now") != before, "n goes to the next event")
        self.browser.run("const f = document.getElementById('key-filter'); f.value = 'k1';"
                         "f.dispatchEvent(new Event('input'))")
        self.browser.until(lambda: self.browser.text("shown") != whole, "fewer operations are shown")
        self.assertEqual(self.browser.text("filter-note"), "1 key of 5")
        self.finish("keys")


if __name__ == "__main__":
    missing = browser.missing()
    if missing:
        print(f"skipped: {missing} not installed (packages chromium, chromium-driver)")
        sys.exit(SKIPPED)
    shutil.rmtree(OUT, ignore_errors=True)
    os.makedirs(OUT)
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
