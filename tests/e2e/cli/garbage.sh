#!/bin/bash
# Whatever arrives on a node's sockets, it goes on working, counts what it dropped, and does not
# grow.
. "$(dirname "$0")/lib.sh"
send=$2
messages=500 # that it sends whole, besides what breaks off

expect 0 "$rift" cluster up --dir "$work/c" --nodes 1
expect 0 "$rift" kv --cluster "$work/c/cluster.json" put before 1
client=$(sed -n 's/.*"client": ".*:\([0-9]*\)".*/\1/p' c/cluster.json)
peer=$(sed -n 's/.*"peer": ".*:\([0-9]*\)".*/\1/p' c/cluster.json)
pid=$(cut -d ' ' -f 1 c/node-1.pid)
resident() { sed -n 's/VmRSS: *\([0-9]*\) kB/\1/p' "/proc/$pid/status"; }
before=$(resident)

expect 0 timeout 60 "$send" "$client" dealer
expect 0 timeout 60 "$send" "$peer" push

[ -d "/proc/$pid" ] || fail "the node died"
expect 0 "$rift" kv --cluster "$work/c/cluster.json" get before
dropped() {
    expect 0 "$rift" cluster status --dir "$work/c" --json
    [ "$(json_number out dropped_client)" -ge "$messages" ] &&
        [ "$(json_number out dropped_peer)" -ge "$messages" ]
}
within 10 dropped || fail "what was dropped is not counted"
grown=$(($(resident) - before))
[ "$grown" -lt 65536 ] || fail "the node grew by $grown kB"
expect 0 "$rift" cluster down --dir "$work/c"
