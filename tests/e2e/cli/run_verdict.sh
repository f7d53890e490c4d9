#!/bin/bash
# A run with partitions and kills ends linearizable, and can prove that its faults bit.
. "$(dirname "$0")/lib.sh"

expect 0 "$rift" run --time 10 --nemesis halves,kill --seed 3 --out "$work/run"
says "linearizable"
says "messages cut"
says "processes seen dead by SIGKILL"
none_left || fail "processes are left: $(ours)"
for file in cluster.json plan.json history.msgpack result.json node-1.log nemesis.log; do
    [ -s "$work/run/$file" ] || [ "$file" = nemesis.log ] || fail "no $file"
done
grep -q '"verdict": "linearizable"' run/result.json || fail "result.json has no verdict"
[ "$(json_number run/result.json bit)" -gt 0 ] || fail "no fault is proved"

# The history that is left behind gives the same verdict, and the plan plays again.
expect 0 "$rift" check "$work/run/history.msgpack"
expect 0 "$rift" run --time 8 --plan "$work/run/plan.json" --json --out "$work/again"
grep -q '"exit": 0' "$work/out" || fail "--json printed something else"
cmp -s run/plan.json again/plan.json || fail "the plan changed on its way"
# A folder that holds a run is not written over.
expect 3 "$rift" run --time 2 --out "$work/run"
says "exists"
