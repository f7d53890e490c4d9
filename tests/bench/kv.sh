#!/bin/bash
# The store at one clerk beside the bare exchange (bare_exchange.c): which share of what the machine
# allows is left. Both in turn, several times, since neighbours disturb; then the medians.
#
#     tests/bench/kv.sh [BUILD [ROUNDS [SECONDS [FOLDER]]]]
#
# BUILD is a release build (build/release), FOLDER the disk that is measured (a new one in BUILD).
set -euo pipefail

build=${1:-build/release}
rounds=${2:-5}
seconds=${3:-5}
folder=${4:-$build/bench}

median() { sort -g | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }

mkdir -p "$folder"
results=$(mktemp -d "$folder/kv.XXXXXX")
trap 'rm -rf "$results"' EXIT

for ((i = 1; i <= rounds; i++)); do
  bare=$("$build/tests/bench/bare_exchange" "$results" "$seconds")
  rift=$("$build/cli/rift" bench kv --nodes 3 --clerks 1 --time "$seconds" --out "$results/run-$i" |
    tail -n 1)
  echo "bare: $bare"
  echo "rift: $(awk '{printf "%s puts/s, p50 %s ms, p99 %s ms, p99.9 %s ms", $2, $3, $4, $5}' \
    <<<"$rift")"
  awk '{print $1}' <<<"$bare" >>"$results/bare"
  awk '{print $2}' <<<"$rift" >>"$results/rift"
done

bare=$(median <"$results/bare")
rift=$(median <"$results/rift")
awk -v bare="$bare" -v rift="$rift" \
  'BEGIN {printf "medians: bare %d/s, rift %d/s, ratio %.2f\n", bare, rift, rift / bare}'
