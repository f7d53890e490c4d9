#!/bin/bash
# A cluster that stays: up, operations from the shell, status, down, and the same data after
# another up.
. "$(dirname "$0")/lib.sh"

expect 0 "$rift" cluster up --dir "$work/c" --nodes 3
kv=("$rift" kv --cluster "$work/c/cluster.json")
expect 0 "${kv[@]}" put color green
expect 0 "${kv[@]}" append color ish
expect 0 "${kv[@]}" get color
[ "$(cat out)" = greenish ] || fail "get says something else"
expect 1 "${kv[@]}" cas color blue red
says "mismatch"
expect 0 "${kv[@]}" cas color greenish red
expect 1 "${kv[@]}" get shape
says "no-key"
expect 0 "${kv[@]}" cas --absent shape round
expect 0 "${kv[@]}" delete color
expect 64 "${kv[@]}" put color
expect 64 "${kv[@]}" pt color green
expect 64 "${kv[@]}" --family nowhere put color green
says "bad-request"

expect 0 "$rift" cluster status --dir "$work/c"
says "leader"
expect 0 "$rift" cluster status --dir "$work/c" --json
says '"durable_index"'
expect 3 "$rift" cluster up --dir "$work/c"
says "runs already"
expect 0 "$rift" cluster down --dir "$work/c"
none_left || fail "processes are left: $(ours)"
expect 3 "$rift" cluster status --dir "$work/c"
expect 3 "${kv[@]}" --timeout-ms 300 put color green
says "not done"

expect 0 "$rift" cluster up --dir "$work/c"
expect 0 "${kv[@]}" get shape
[ "$(cat out)" = round ] || fail "the data is gone"
expect 0 "$rift" cluster down "$work/c/cluster.json"
