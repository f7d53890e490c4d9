"""Drives Debian's chromium by its chromedriver, over the WebDriver protocol
(https://www.w3.org/TR/webdriver2/), with nothing but the standard library."""

import base64
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

START_S = 30
REQUEST_S = 60
WAIT_S = 20


def missing():
    """What of the two programs is not there, or None."""
    names = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    return " and ".join(names) or None


def die_with_parent():
    """In the child: SIGTERM when the test dies, on which chromedriver ends its browsers."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Browser:
    def __init__(self, folder, width=1360, height=1000, dark=False):
        self.base = f"http://127.0.0.1:{free_port()}"
        self.log = open(os.path.join(folder, "chromedriver.log"), "w")
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=" + self.base.rsplit(":", 1)[1]],
            stdout=self.log, stderr=subprocess.STDOUT, preexec_fn=die_with_parent)
        try:
            self._await_driver()
            self.session = self._create_session(folder, width, height, dark)
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if getattr(self, "session", None):
            self._send("DELETE", "")
            self.session = None
        self.driver.terminate()
        self.driver.wait()
        self.log.close()

    # --- the protocol ---

    def _request(self, method, path, body):
        data = None if method in ("GET", "DELETE") else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.base + path, data, method=method,
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=REQUEST_S) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.read().decode()}") from None

    def _send(self, method, path, body=None):
        return self._request(method, f"/session/{self.session}{path}", body)

    def _await_driver(self):
        end = time.monotonic() + START_S
        while True:
            try:
                if self._request("GET", "/status", None)["ready"]:
                    return
            except OSError:
                if time.monotonic() > end or self.driver.poll() is not None:
                    raise
            time.sleep(0.05)

    def _create_session(self, folder, width, height, dark):
        arguments = ["--headless=new", f"--window-size={width},{height}", "--disable-gpu",
                     "--disable-dev-shm-usage", f"--user-data-dir={folder}/profile"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")  # chromium refuses to run as root without it
        if dark:
            arguments.append("--blink-settings=preferredColorScheme=0")
        capabilities = {"browserName": "chrome", "goog:loggingPrefs": {"browser": "ALL"},
                        "goog:chromeOptions": {"args": arguments}}
        answer = self._request("POST", "/session",
                               {"capabilities": {"alwaysMatch": capabilities}})
        return answer["sessionId"]

    # --- what the tests use ---

    def open(self, path):
        self._send("POST", "/url", {"url": "file://" + os.path.abspath(path)})

    def run(self, script, *arguments):
        """The value that the body of a function returns in the page."""
        return self._send("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def text(self, id):
        return self.run("return document.getElementById(arguments[0]).textContent", id)

    def click(self, id):
        element = self._send("POST", "/element", {"using": "css selector", "value": "#" + id})
        self._send("POST", f"/element/{next(iter(element.values()))}/click")

    def until(self, condition, what):
        """Waits until a function of no arguments gives something true, and returns that."""
        end = time.monotonic() + WAIT_S
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > end:
                raise AssertionError(f"never happened: {what}")
            time.sleep(0.05)

    def errors(self):
        """What the console was told since the last call, warnings apart."""
        entries = self._send("POST", "/se/log", {"type": "browser"})
        return [e["message"] for e in entries if e["level"] == "SEVERE"]

    def emulate(self, features):
        """Media features, such as {"prefers-color-scheme": "dark"}."""
        self._send("POST", "/goog/cdp/execute", {
            "cmd": "Emulation.setEmulatedMedia",
            "params": {"features": [{"name": k, "value": v} for k, v in features.items()]}})

    def screenshot(self, path, whole=False):
        if whole:
            size = self.run("return [document.documentElement.clientWidth,"
                            " document.documentElement.scrollHeight]")
            data = self._send("POST", "/goog/cdp/execute", {
                "cmd": "Page.captureScreenshot",
                "params": {"captureBeyondViewport": True,
                           "clip": {"x": 0, "y": 0, "width": size[0], "height": size[1],
                                    "scale": 1}}})["data"]
        else:
            data = self._send("GET", "/screenshot")
        with open(path, "wb") as out:
            out.write(base64.b64decode(data))
