#!/bin/bash
# How small the story of each planted bug gets: finds the first seed that shows it, shrinks it, and
# repeats its replay file ten times. Minutes. Prints a line a bug: name, seed, operations, faults,
# replays that failed in the same way; then the medians.
#
#     tests/sim/stories.sh [RIFT [BUG...]]
set -uo pipefail
rift=$(realpath "${1:-build/release/cli/rift}")
[ $# -gt 0 ] && shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 3

median() { sort -n | awk '{v[NR] = $1} END {if (NR) print v[int((NR + 1) / 2)]}'; }

bugs=("$@")
[ ${#bugs[@]} -gt 0 ] || mapfile -t bugs < <("$rift" bugs --names)
printf '%-24s %6s %11s %7s %8s\n' bug seed operations faults replays
for bug in "${bugs[@]}"; do
    seed=''
    for from in $(seq 1 25 500); do
        seed=$("$rift" sim --bug "$bug" --seeds "$from..$((from + 24))" 2>/dev/null |
            sed -nE 's/^again: rift sim --seed ([0-9]+).*/\1/p' | head -1)
        [ -n "$seed" ] && break
    done
    if [ -z "$seed" ]; then
        printf '%-24s not seen in 500 seeds\n' "$bug"
        continue
    fi
    "$rift" sim --bug "$bug" --seed "$seed" --shrink --out "$bug.json" >"$bug.txt" 2>/dev/null
    ops=$(sed -nE 's/.* ([0-9]+) operations of .*/\1/p' "$bug.txt" | head -1)
    # Every death of a node, and every step of the plan that kills nobody.
    faults=$(($(grep -c ' dies' "$bug.txt") + $(grep '"fault"' "$bug.plan.json" | grep -vc '"kill"')))
    same=0
    for _ in $(seq 10); do
        "$rift" sim --replay "$bug.json" >/dev/null 2>&1
        [ $? -eq 1 ] && same=$((same + 1))
    done
    printf '%-24s %6s %11s %7s %5s/10\n' "$bug" "$seed" "${ops:-?}" "${faults:-?}" "$same"
    echo "${ops:-?}" >>ops
    echo "${faults:-?}" >>faults
done
printf 'medians: %s operations, %s faults\n' "$(median <ops)" "$(median <faults)"
