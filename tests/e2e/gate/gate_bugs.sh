#!/bin/bash
# examples/suite.json passes, and with any of five planted bugs it fails; the commands that it
# prints fail in the same way. (A run that ended in no verdict on its history can only be run again.)
suite=$(cd "$(dirname "$0")/../../../examples" && pwd)/suite.json
. "$(dirname "$0")/../cli/lib.sh"
PATH=$(dirname "$rift"):$PATH

expect 0 "$rift" gate "$suite" --out "$work/sound"
for bug in no-duplicate-table answer-before-commit read-without-round retry-under-new-id append-to-stale; do
    expect 1 "$rift" gate "$suite" --out "$work/$bug" --bug $bug
    xmllint --noout "$work/$bug/junit.xml" || fail "$bug: junit.xml"
    verdict=$(sed -n 's/^ *seed [0-9]*: //p' out)
    [ -n "$verdict" ] || fail "$bug: no seed is named"
    sed -n 's/^ *repeat: //p' out | grep -v '^rift run ' >repeats
    grep -q '^rift sim' repeats || fail "$bug: the simulator cannot repeat it"
    while read -r repeat; do
        expect 1 sh -c "$repeat" </dev/null
        case $repeat in
        'rift sim '*) says "$verdict" ;;
        *) says "not linearizable" ;;
        esac
    done <repeats
done
none_left || fail "processes are left: $(ours)"
