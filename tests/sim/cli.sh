#!/bin/sh
# `rift sim` as people use it: the same reports however many workers, violations with what repeats
# them, shrinking, replay files and the exit codes.
#
#     tests/sim/cli.sh RIFT
set -u

rift=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder" || exit 3
failed=0

fail() {
    echo "cli: $*" >&2
    failed=1
}

# expect CODE ARGS...: the exit code; the output is in `out`, complaints in `err`.
expect() {
    wanted=$1
    shift
    "$rift" sim "$@" >out 2>err
    got=$?
    [ "$got" -eq "$wanted" ] || fail "rift sim $*: exit $got instead of $wanted: $(tail -n 3 err)"
}

said() {
    grep -q -- "$1" out err || fail "'$1' was not said: $(tail -n 3 out; cat err)"
}

# Clerks that ask any node, of which some have been cut off for long: stale reads for certain.
stale="--plain --reads local --check-quorum off --nemesis isolate-leader --wander-ppm 300000
       --workload register --run-ms 10000 --oracles off"

expect 0 --seeds 1..6 --plain --run-ms 3000
said "6 seeds: 6 linearizable"
expect 0 --seeds 1..6 --plain --run-ms 3000 --json
said '"exit": 0'

# However many workers: but for the lines on speed.
# shellcheck disable=SC2086
expect 1 --seeds 1..8 $stale
grep -v -e "^speed" -e "seeds:" out >one
# shellcheck disable=SC2086
expect 1 --seeds 1..8 -j 3 $stale
grep -v -e "^speed" -e "seeds:" out >three
diff one three >/dev/null || fail "three workers say something else than one"

# A violation comes with the command that repeats it, which shrinks to a replay file.
again=$(sed -n 's/^again: rift sim \(.*\) (and --shrink.*/\1/p' one | head -1)
[ -n "$again" ] || fail "no command to repeat a violation"
# shellcheck disable=SC2086
expect 1 $again --shrink --out small.json
said "not linearizable"
said "impossible by themselves"
said "again: rift sim --replay small.json"
[ -s small.plan.json ] || fail "there is no plan beside the replay file"
cp out story
for _ in 1 2 3 4 5 6 7 8 9 10; do
    expect 1 --replay small.json --history again.history
    [ -s first.history ] || cp again.history first.history
    cmp -s first.history again.history || fail "a replay gave another history"
    rm again.history
done

# A death may be written into a replay file by hand; the story tells it.
sed 's/^  "plan": {/  "deaths": [{"node": 1, "at_ns": 0, "effects": 0, "down_ms": 7}],\n&/' small.json >deaths.json
"$rift" sim --replay deaths.json >out 2>err
said "deaths between two effects: 1"
said "node 1 dies: before "
said "fault [0-9]* ends$"

"$rift" check first.history >out 2>&1
[ $? -eq 1 ] || fail "rift check does not see what the simulator saw"

expect 64 --seeds 5..1
said "expected A..B"
expect 64 --nodes 8 --seed 1
said "nodes: expected a number from 1 to 7"
expect 64 --seed 1 --nemesis thunder
expect 64 --shrink
expect 64 --seeds 1..2 --history x
expect 65 --replay nothing.json
sed 's/"nodes": /"nodes": 9/' small.json >broken.json
expect 65 --replay broken.json
said "nodes: expected a number from 1 to 7"

# A flipped bit is told, and what came of it; the other nodes go on.
expect 0 --seed 1 --plain --ops 12 --run-ms 1500 --disk-flip-ppm 300000
said "a bit flips on the disk of node"
said "refuses to start: its disk is damaged in"
said "2 flipped bits (2 nodes lost to them)"
expect 0 --seeds 1..3 --plain --ops 12 --run-ms 1500 --disk-flip-ppm 300000 --json
said '"nodes_lost": [1-9]'

# Faults that cannot hit anybody prove nothing: one node has no minority.
cat >toothless.json <<'END'
{"plan": 1, "steps": [{"number": 1, "at_ms": 500, "for_ms": 500, "fault": "kill", "target": "minority"}]}
END
expect 2 --seed 1 --plain --nodes 1 --plan toothless.json --run-ms 3000
said "none had any effect"

exit $failed
