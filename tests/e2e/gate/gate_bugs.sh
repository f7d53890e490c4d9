#!/bin/bash
# examples/suite.json passes, and with any of five planted bugs it fails; the command that it prints
# for the simulator fails in the same way.
suite=$(cd "$(dirname "$0")/../../../examples" && pwd)/suite.json
. "$(dirname "$0")/../cli/lib.sh"
PATH=$(dirname "$rift"):$PATH

expect 0 "$rift" gate "$suite" --out "$work/sound"
for bug in no-duplicate-table answer-before-commit read-without-round retry-under-new-id append-to-stale; do
    expect 1 "$rift" gate "$suite" --out "$work/$bug" --bug $bug
    repeat=$(sed -n 's/^ *repeat: rift sim/rift sim/p' out)
    verdict=$(sed -n 's/^ *seed [0-9]*: //p' out)
    [ -n "$repeat" ] && [ -n "$verdict" ] || fail "$bug: no seed is named"
    xmllint --noout "$work/$bug/junit.xml" || fail "$bug: junit.xml"
    expect 1 sh -c "$repeat"
    grep -qi -- "$verdict" out || fail "$bug: it was $verdict before"
done
none_left || fail "processes are left: $(ours)"
