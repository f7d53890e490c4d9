#!/bin/bash
# What is told about faults is what happened: none that never bit is passed over.
. "$(dirname "$0")/lib.sh"

# One node cannot be parted from anybody.
expect 2 "$rift" run --nodes 1 --time 8 --nemesis halves --seed 1 --out "$work/alone"
says "never bit"
# The plan's first fault begins after two seconds.
expect 2 "$rift" run --time 60 --ops 50 --out "$work/short"
says "no fault had its turn"
expect 0 "$rift" run --time 3 --nemesis none --out "$work/none"
# A store that forgets must not come back under its old id.
expect 64 "$rift" run --store memory --nemesis kill
says "--store memory does not go with kills"
expect 0 "$rift" run --store memory --nemesis pause,links --time 9 --seed 2 --out "$work/memory"
says "processes seen stopped"
none_left || fail "processes are left: $(ours)"
