#!/bin/bash
# On a terminal a run shows itself in one line that is rewritten, and in colors where they are
# wanted; elsewhere in plain lines. The picture at the end is there in any case.
. "$(dirname "$0")/lib.sh"
export LC_ALL=C
escape=$(printf '\033')

# on_terminal NAME=VALUE...: a run on a pseudo terminal; what it saw is in `out`.
on_terminal() {
    rm -rf "$work/run"
    env "$@" script -qec "'$rift' run --time 5 --nemesis halves --fault-ms 500 --pause-ms 300 --seed 2 --out '$work/run'" \
        /dev/null </dev/null >"$work/out" 2>"$work/err" || fail "the run failed on a terminal"
}

on_terminal TERM=xterm
grep -q $'\r'"$escape\[K   [1-9] s  [0-9]* operations, [0-9]*/s, p99 [0-9.e+]* ms  node [1-5] leads in term" out ||
    fail "no live line each second"
says "fault 1 begins"
grep -q "^halves *$escape\[33m *=" out || fail "no band in color"

on_terminal TERM=xterm NO_COLOR=1
grep -q "$escape\[[0-9]*m" out && fail "colors in spite of NO_COLOR"
grep -q $'\r'"$escape\[K   [1-9] s" out || fail "no live line"

on_terminal TERM=dumb
grep -q "$escape" out && fail "sequences on a dumb terminal"

expect 0 "$rift" run --time 5 --nemesis halves --fault-ms 500 --pause-ms 300 --seed 2 --out "$work/plain"
grep -q "$escape" out err && fail "sequences in a file"
grep -q '^rate  *[.:=+*#@-].*  most [0-9]*/s$' out || fail "no sparkline"
grep -q '^halves  *=' out || fail "no band"
grep -q '^new leader  *^' out || fail "no leader"
grep -q '^ *0 s  *5 s$' out || fail "no axis"
[ "$(grep -c ' operations, ' err)" -eq 1 ] || fail "more than a line in ten seconds"
none_left || fail "processes are left: $(ours)"
