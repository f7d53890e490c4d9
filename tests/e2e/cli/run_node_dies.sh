#!/bin/bash
# A node that dies by itself ends the run with its log; what was recorded is judged all the same.
. "$(dirname "$0")/lib.sh"

"$rift" run --time 60 --nemesis none --out "$work/run" >"$work/out" 2>"$work/err" &
harness=$!
within 20 grep -qs leads "$work/err" || fail "the run did not begin"
victim=$(ours | while read -r pid; do
    tr '\0' ' ' </proc/"$pid"/cmdline | grep -q -- "node --cluster .* --id 2 " && echo "$pid"
done)
kill -ABRT "$victim"
wait "$harness"
[ $? -eq 3 ] || fail "a node that died by itself is no reason for exit 3"
says "node 2 ended by itself (signal 6"
says "linearizable"
none_left || fail "processes are left: $(ours)"
