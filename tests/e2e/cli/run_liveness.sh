#!/bin/bash
# A system that does not come back once the faults are healed has failed, however good its history
# is: here because somebody else keeps a majority of the nodes stopped.
. "$(dirname "$0")/lib.sh"

"$rift" run --time 4 --nemesis none --recover-time 2 --out "$work/run" >"$work/out" 2>"$work/err" &
harness=$!
within 20 grep -qs leads "$work/err" || fail "the run did not begin"
for pid in $(ours); do
    tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q -- "node --cluster .* --id [123] " &&
        kill -STOP "$pid"
done
wait "$harness"
[ $? -eq 1 ] || fail "a system that is gone is no reason for exit 1"
says "LIVENESS: no write succeeded"
says "linearizable"
none_left || fail "processes are left: $(ours)"
