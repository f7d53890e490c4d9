#!/bin/sh
# The history of a seed is the same to the byte whoever built the simulator: compares the programs
# named (or all that stand under build/), each with the first, and the first with itself.
#
#     tests/sim/determinism.sh [-n SEEDS] [RIFT...]
set -eu

seeds=50
if [ "${1:-}" = "-n" ]; then
    seeds=$2
    shift 2
fi
if [ $# -eq 0 ]; then
    cd "$(dirname "$0")/../.."
    for program in build/*/cli/rift; do
        [ -x "$program" ] && set -- "$@" "$program"
    done
fi
if [ $# -eq 0 ]; then
    echo "determinism: no program was built" >&2
    exit 3
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM

# The verdict does not matter here, only the bytes.
write_histories() { # PROGRAM NAME
    mkdir "$folder/$2"
    seed=1
    while [ "$seed" -le "$seeds" ]; do
        "$1" sim --seed "$seed" --check-time 0.001 --history "$folder/$2/$seed" \
            >/dev/null || [ -s "$folder/$2/$seed" ]
        seed=$((seed + 1))
    done
}

write_histories "$1" first
again=1
for program in "$@"; do
    write_histories "$program" "$again"
    if ! diff -rq "$folder/first" "$folder/$again"; then
        echo "determinism: $program differs from $1" >&2
        exit 1
    fi
    rm -r "${folder:?}/$again"
    again=$((again + 1))
done
echo "seeds 1 to $seeds: the same bytes from $#: $*"
