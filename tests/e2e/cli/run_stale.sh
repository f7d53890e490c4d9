#!/bin/bash
# Local reads of a leader that never notices are stale, and the checker says so; index reads under
# the same faults are not.
. "$(dirname "$0")/lib.sh"

faults="--check-quorum off --nemesis isolate-leader --time 12 --clerks 10 --seed 5"
expect 1 "$rift" run --reads local $faults --out "$work/local"
says "not linearizable"
says "impossible by themselves"
says "get by process"
expect 0 "$rift" run --reads index $faults --out "$work/index"
[ "$(json_number index/result.json reads_of_cut_off_leader)" -gt 0 ] ||
    fail "nobody read from a leader that was cut off"
none_left || fail "processes are left: $(ours)"
