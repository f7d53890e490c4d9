#!/bin/bash
# Files that are wrong are named with their mistake, and end in exit 65.
. "$(dirname "$0")/lib.sh"

cluster() { # cluster NODES: a file around these nodes
    printf '{\n"cluster": "bad",\n"nodes": [\n%s\n]\n}\n' "$1" >bad.json
}
node1='{"id": 1, "peer": "127.0.0.1:7001", "client": "127.0.0.1:7101", "data": "d1"}'

cluster '{"id": 1, "peer": "127.0.0.1:7001", "data": "d1"}'
expect 65 "$rift" node --cluster bad.json --id 1
says "bad.json:4"
says "client"
cluster "$node1,
$(echo "$node1" | sed 's/70/71/; s/d1/d2/')"
expect 65 "$rift" node --cluster bad.json --id 1
says "bad.json:5"
cluster '{"id": 1, "peer": "nowhere", "client": "127.0.0.1:7101", "data": "d1"}'
expect 65 "$rift" cluster up bad.json
says "host:port"
echo '{"cluster": ' >bad.json
expect 65 "$rift" kv --cluster bad.json get x
expect 65 "$rift" node --cluster missing.json --id 1
says "missing.json"
cluster "$node1"
expect 64 "$rift" node --cluster bad.json --id 2

echo '{"plan": 1, "seed": 1, "steps": [{"number": 1}]}' >plan.json
expect 65 "$rift" run --plan plan.json
says "plan.json:1"

head -c 5000 /dev/urandom >noise
expect 65 "$rift" check noise
says "noise"
: >empty
expect 65 "$rift" check empty
expect 65 "$rift" check missing
