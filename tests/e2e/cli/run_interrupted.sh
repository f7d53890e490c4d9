#!/bin/bash
# Ctrl-C and SIGTERM end everything in order; the history so far can be checked.
. "$(dirname "$0")/lib.sh"

for signal in INT TERM; do
    # A shell has background jobs ignore SIGINT; a new session does not.
    setsid "$rift" run --time 60 --out "$work/$signal" >"$work/out" 2>"$work/err" &
    harness=$!
    within 20 grep -qs leads "$work/err" || fail "the run did not begin"
    sleep 1 # for some history
    kill -"$signal" "$harness"
    wait "$harness"
    [ $? -eq 130 ] || fail "SIG$signal did not end in exit 130"
    says "history.msgpack"
    none_left || fail "processes are left: $(ours)"
    expect 0 "$rift" check "$work/$signal/history.msgpack"
    says "linearizable"
done
