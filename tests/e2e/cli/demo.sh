#!/bin/bash
# The told scenario shows the stale read, and that index reads prevent it, in bounded time.
. "$(dirname "$0")/lib.sh"

expect 0 timeout 40 "$rift" demo stale-read --out "$work/told"
says "stale! The 1 was overwritten"
says "not linearizable"
says "which was overwritten by process 1's put"
says "put 2"
says "ReadIndex"
expect 0 timeout 40 "$rift" demo stale-read --nodes 5 --json --out "$work/json"
says '"shown": true'
says '"verdict": "not linearizable"'
none_left || fail "processes are left: $(ours)"
