#!/usr/bin/env python3
"""Runs the commands of a page in docs/, in order, and checks what the page says of them.

    tutorial.py RIFT PAGE.md

A block that begins with ```console is a command behind "$ ", its further lines behind "> ", and
what it prints. A comment stands right before it:

    <!-- test: exit 1 -->                       every line that is shown was printed, in this order
    <!-- test: exit 1, says "TEXT" -->          TEXT was printed, and the lines are an example
    <!-- test: not run, says why -->            for people only

A line of three dots stands for lines left out. Numbers, and the gaps between words, differ from
run to run, so they are not compared. A block ```WORD behind <!-- test: file NAME --> is a file.
"""

import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

SECONDS_MAX = 100  # of all commands together; below the TIMEOUT in CMakeLists.txt
PR_SET_PDEATHSIG = 1

DIRECTIVE = re.compile(r"<!-- test: (.*) -->")
EXPECTED = re.compile(r'exit (\d+)(?:, says "(.*)")?')


class Failure(Exception):
    pass


def blocks(page):
    """Yields (line number, directive, fence, lines) of each fenced block."""
    directive, fence, body, begun = None, None, [], 0
    for number, line in enumerate(page.splitlines(), 1):
        if fence is not None and line == "```":
            yield begun, directive, fence, body
            directive, fence = None, None
        elif fence is not None:
            body.append(line)
        elif line.startswith("```"):
            fence, body, begun = line[3:], [], number
        elif DIRECTIVE.fullmatch(line):
            directive = DIRECTIVE.fullmatch(line).group(1)
        elif line:
            directive = None


def split_command(lines):
    """The command of a console block, as a shell takes it, and the lines that it prints."""
    if not lines or not lines[0].startswith("$ "):
        raise Failure('a console block begins with "$ "')
    command, at = [lines[0][2:]], 1
    while at < len(lines) and lines[at].startswith("> "):
        command.append(lines[at][2:])
        at += 1
    return "\n".join(command), lines[at:]


def comparable(line):
    """Without what no two runs share: a drawing's dashes have the length of an operation."""
    return " ".join(re.sub(r"─+", "─", re.sub(r"\d+(\.\d+)?", "N", line)).split())


def check_lines(shown, printed):
    """Each line that is shown was printed; without dots between two of them, right behind."""
    have = [comparable(line) for line in printed.splitlines() if line.strip()]
    at, gap = 0, True
    for line in shown:
        want = comparable(line)
        if want in ("", "..."):
            gap = gap or want == "..."
            continue
        if want not in have[at:]:
            raise Failure(f"was not printed, or not in this order: {line}")
        found = have.index(want, at)
        if not gap and found != at:
            raise Failure(f"something was printed before this that is not shown: {line}")
        at, gap = found + 1, False


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def run(command, folder, rift):
    """Exit code and output, both streams in one. Its processes are a group, which ends with it."""
    env = dict(os.environ, PATH=os.path.dirname(rift) + os.pathsep + os.environ["PATH"])
    child = subprocess.Popen(["bash", "-c", command], cwd=folder, env=env, text=True,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, start_new_session=True,
                             preexec_fn=die_with_parent)
    try:
        return child.communicate(timeout=SECONDS_MAX)[0], child.returncode
    finally:
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def check_block(directive, lines, folder, rift):
    expected = EXPECTED.fullmatch(directive)
    if expected is None:
        raise Failure(f"cannot read the directive: {directive}")
    command, shown = split_command(lines)
    printed, code = run(command, folder, rift)
    try:
        if code != int(expected.group(1)):
            raise Failure(f"exit {code} instead of {expected.group(1)}")
        if expected.group(2) is None:
            check_lines(shown, printed)
        elif expected.group(2) not in printed:
            raise Failure(f"nothing about '{expected.group(2)}'")
    except Failure as why:
        raise Failure(f"$ {command}\n{printed}\n{why}") from None


def check_page(path, folder, rift):
    """How many commands were run."""
    count = 0
    with open(path, encoding="utf-8") as file:
        page = file.read()
    for number, directive, fence, lines in blocks(page):
        try:
            if directive is not None and directive.startswith("file "):
                with open(os.path.join(folder, directive[5:]), "w", encoding="utf-8") as file:
                    file.write("\n".join(lines) + "\n")
            elif directive is not None and not directive.startswith("not run, "):
                check_block(directive, lines, folder, rift)
                count += 1
            elif directive is None and fence == "console":
                raise Failure("a command without a directive")
        except Failure as why:
            raise Failure(f"{path}:{number}: {why}") from None
    return count


def main():
    rift, path = os.path.abspath(sys.argv[1]), sys.argv[2]
    folder = tempfile.mkdtemp(prefix="rift-tutorial.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"{path}: over {SECONDS_MAX} s"))
    signal.alarm(SECONDS_MAX)
    try:
        count = check_page(path, folder, rift)
    except Failure as why:
        sys.exit(str(why))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if count == 0:
        sys.exit(f"{path}: no command in it")
    print(f"{path}: {count} commands do what it says")


if __name__ == "__main__":
    main()
