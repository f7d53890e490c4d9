#!/usr/bin/env bash
# The long checks of what rift promises, on real processes: minutes each, too long for every test
# run. Usage: tests/acceptance.sh [CHECK...] (all of them without one); RIFT names the program.
#
#   stale    ten runs with local reads are convicted (nine at least), naming the stale read
#   index    ten runs with index reads are linearizable, with at least 1,000 reads each, at least
#            100 of them asked of a leader while it was cut off
#   log      the same with log reads
#   quorum   how often local reads are convicted with check-quorum on (only counts)
#   demo     the stale-read demo ten times, each under 20 s
#   bugs     planted bugs (rift bugs) that real processes show within a minute; eight at least
#   memory   a minute with 200 clerks keeps the harness below 300 MB
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rift=${RIFT:-build/release/cli/rift}
work=$(mktemp -d)
failed=0

say() { printf '%s\n' "$*"; }

# one_run NAME OPTION...: a run in a folder of its own; its result.json is left as $work/NAME.json
one_run() {
    local name=$1 code
    shift
    "$rift" run --out "$work/$name" "$@" >"$work/$name.out" 2>"$work/$name.err"
    code=$?
    cp "$work/$name/result.json" "$work/$name.json" 2>/dev/null
    rm -rf "${work:?}/$name"
    return $code
}

stale_reads() {
    local quorum=$1 convicted=0 i
    for i in $(seq 10); do
        one_run "stale-$i" --reads local --check-quorum "$quorum" --nemesis isolate-leader
        if [ $? -eq 1 ] && grep -q '^  - get ' "$work/stale-$i.out"; then
            convicted=$((convicted + 1))
        fi
    done
    say "local reads, check-quorum $quorum: $convicted of 10 runs convicted, naming a get"
    [ "$quorum" = on ] || [ $convicted -ge 9 ] || failed=1
}

sound_reads() {
    local mode=$1 i code reads cut_off
    for i in $(seq 10); do
        one_run "$mode-$i" --reads "$mode" --check-quorum off --nemesis isolate-leader
        code=$?
        reads=$(sed -nE 's/^  get +([0-9]+).*/\1/p' "$work/$mode-$i.out")
        cut_off=$(sed -nE 's/.*leader while it was cut off: ([0-9]+)/\1/p' "$work/$mode-$i.out")
        say "$mode reads, run $i: exit $code, $reads reads, $cut_off asked of a cut-off leader"
        [ $code -eq 0 ] && [ "$reads" -ge 1000 ] && [ "$cut_off" -ge 100 ] || failed=1
    done
}

demo() {
    local i start seconds
    for i in $(seq 10); do
        start=$(date +%s%N)
        "$rift" demo stale-read >"$work/demo-$i.out" 2>&1 || failed=1
        seconds=$((($(date +%s%N) - start) / 1000000))
        grep -q 'stale!' "$work/demo-$i.out" || failed=1
        say "demo $i: $seconds ms, $(grep -c 'stale!' "$work/demo-$i.out") stale read shown"
        [ $seconds -lt 20000 ] || failed=1
    done
}

# planted BUG OPTION...: one run of real nodes with the bug in them has to be convicted.
planted() {
    local bug=$1 code start=$SECONDS
    shift
    one_run "bug-$bug" --bug "$bug" "$@"
    code=$?
    [ $code -eq 1 ] && convicted=$((convicted + 1))
    say "$bug: exit $code after $((SECONDS - start)) s"
}

bugs() {
    local convicted=0
    local cut=(--check-quorum off --nemesis isolate-leader --time 15 --fault-ms 1500)
    local kills=(--workload append --nemesis kill --time 20 --fault-ms 500 --pause-ms 300)
    local losses=(--workload append --nemesis drop,isolate-leader --time 20 --op-timeout-ms 3000)
    planted local-reads "${cut[@]}"
    planted read-without-round "${cut[@]}"
    planted serve-deposed "${cut[@]}"
    planted answer-before-commit "${cut[@]}"
    planted majority-off-by-one --nodes 4 --nemesis halves --check-quorum off --time 15
    planted no-duplicate-table "${losses[@]}"
    planted retry-under-new-id "${losses[@]}"
    planted cas-compares-stale --workload cas-register --nemesis pause --time 10
    planted append-to-stale "${kills[@]}"
    planted applied-twice "${kills[@]}"
    planted entry-skipped "${kills[@]}"
    say "$convicted of 11 planted bugs convicted on real processes"
    [ $convicted -ge 8 ] || failed=1
}

# The highest resident size of the harness itself, in kB: its children are not counted.
memory() {
    local peak=0 now pid code clerks
    for clerks in 10 200; do
        peak=0
        "$rift" run --time 60 --clerks $clerks --out "$work/memory-$clerks" \
            >"$work/memory-$clerks.out" 2>&1 &
        pid=$!
        while kill -0 $pid 2>/dev/null; do
            now=$(sed -nE 's/^VmHWM:[[:space:]]+([0-9]+) kB/\1/p' /proc/$pid/status 2>/dev/null)
            [ -n "$now" ] && [ "$now" -gt $peak ] && peak=$now
            sleep 0.5
        done
        wait $pid
        code=$?
        say "60 s with $clerks clerks: exit $code, at most $((peak / 1024)) MB," \
            "$(grep -E '^(linearizable|not linearizable|unknown)' "$work/memory-$clerks.out")"
        [ $peak -lt 307200 ] && [ $code -eq 0 ] || failed=1
        rm -rf "$work/memory-$clerks"
    done
}

checks=("$@")
[ ${#checks[@]} -gt 0 ] || checks=(stale index log quorum demo bugs memory)
for check in "${checks[@]}"; do
    case "$check" in
    stale) stale_reads off ;;
    quorum) stale_reads on ;;
    index | log) sound_reads "$check" ;;
    demo) demo ;;
    bugs) bugs ;;
    memory) memory ;;
    *) say "no check '$check'"; exit 64 ;;
    esac
done
if [ $failed -eq 0 ]; then
    say "all as promised"
    rm -rf "$work"
else
    say "not as promised; outputs are in $work"
fi
exit $failed
