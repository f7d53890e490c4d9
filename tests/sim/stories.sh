#!/bin/bash
# How small the story of each planted bug gets: takes seeds that show it (SEEDS_MAX of them at the
# most, 8 without it), shrinks one after the other until a story has at most 25 operations and 8
# faults, and repeats the replay file of the smallest ten times. Minutes. Prints a line a bug: name,
# seed, operations, faults, replays that told the same story; then the medians.
#
#     tests/sim/stories.sh [RIFT [BUG...]]
set -uo pipefail
rift=$(realpath "${1:-build/release/cli/rift}")
[ $# -gt 0 ] && shift
seeds_max=${SEEDS_MAX:-8}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 3

median() { sort -n | awk '{v[NR] = $1} END {if (NR) print v[int((NR + 1) / 2)]}'; }

# seeds_of BUG: seeds that show it, the first few of 500.
seeds_of() {
    local from found=0 seed
    for from in $(seq 1 25 500); do
        for seed in $("$rift" sim --bug "$1" --seeds "$from..$((from + 24))" 2>/dev/null |
            sed -nE 's/^again: rift sim --seed ([0-9]+).*/\1/p'); do
            echo "$seed"
            found=$((found + 1))
            [ $found -eq $seeds_max ] && return
        done
    done
}

# told FILE: the story with its verdict, without what is said around it.
told() { sed -e '/^shrunk in /d' -e '/^again: /,$d' -e '/^1 seeds: /,$d' -e '/^$/d' "$1"; }

# shrink BUG SEED: leaves BUG-SEED.json and sets ops and faults of its story. Faults are the deaths
# of nodes and the steps of the plan that kill nobody.
shrink() {
    local name=$1-$2
    "$rift" sim --bug "$1" --seed "$2" --shrink --out "$name.json" >"$name.txt" 2>/dev/null
    ops=$(sed -nE 's/.* ([0-9]+) operations of .*/\1/p' "$name.txt" | head -1)
    ops=${ops:-999}
    grep -q 'steps left out' "$name.txt" && ops=999 # no page
    faults=$(($(grep -c ' dies' "$name.txt") + $(grep '"fault"' "$name.plan.json" | grep -vc '"kill"')))
}

bugs=("$@")
[ ${#bugs[@]} -gt 0 ] || mapfile -t bugs < <("$rift" bugs --names)
printf '%-24s %6s %11s %7s %8s\n' bug seed operations faults replays
for bug in "${bugs[@]}"; do
    best=''
    for seed in $(seeds_of "$bug"); do
        shrink "$bug" "$seed"
        if [ -z "$best" ] || [ $((ops + 3 * faults)) -lt $((best_ops + 3 * best_faults)) ]; then
            best=$seed best_ops=$ops best_faults=$faults
        fi
        [ "$best_ops" -le 25 ] && [ "$best_faults" -le 8 ] && break
    done
    if [ -z "$best" ]; then
        printf '%-24s not seen in 500 seeds\n' "$bug"
        continue
    fi
    same=0
    for _ in $(seq 10); do
        "$rift" sim --replay "$bug-$best.json" >again.txt 2>/dev/null
        [ $? -eq 1 ] && cmp -s <(told again.txt) <(told "$bug-$best.txt") && same=$((same + 1))
    done
    printf '%-24s %6s %11s %7s %5s/10\n' "$bug" "$best" "$best_ops" "$best_faults" "$same"
    echo "$best_ops" >>ops
    echo "$best_faults" >>faults
done
printf 'medians: %s operations, %s faults; at most %s and %s\n' "$(median <ops)" "$(median <faults)" \
    "$(sort -n ops | tail -1)" "$(sort -n faults | tail -1)"
