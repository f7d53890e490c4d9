#!/bin/bash
# The bench measures what it says it does: one row for each number of clerks.
. "$(dirname "$0")/lib.sh"

expect 0 "$rift" bench kv --clerks 1,4 --time 1 --out "$work/b"
[ "$(grep -cE '^ +[14] ' out)" -eq 2 ] || fail "no two rows"
expect 0 "$rift" bench kv --clerks 2 --time 1 --json --out "$work/j"
says '"p99_ms"'
none_left || fail "processes are left: $(ours)"
