#!/bin/bash
# kill -9 of the harness: every node and the nemesis are gone within two seconds, and what was
# written of the history is checked, with a word on what is missing.
. "$(dirname "$0")/lib.sh"

"$rift" run --time 60 --out "$work/run" >"$work/out" 2>"$work/err" &
harness=$!
within 20 grep -qs leads "$work/err" || fail "the run did not begin"
sleep 3 # until a fault is on: somebody is stopped, dead or cut off
some_run() { [ "$(ours | wc -l)" -ge 4 ]; } # a fault may have killed all nodes for the moment
within 20 some_run || fail "only these run: $(ours)"
kill -9 "$harness"
wait "$harness" 2>/dev/null
within 2 none_left || fail "still there after two seconds: $(ours)"
expect 0 "$rift" check "$work/run/history.msgpack"
says "never closed"
