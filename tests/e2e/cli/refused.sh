#!/bin/bash
# A node that cannot start says why and ends in exit 3.
. "$(dirname "$0")/lib.sh"

expect 0 "$rift" cluster up --dir "$work/c" --nodes 1
peer=$(sed -n 's/.*"peer": "\(.*\)".*/\1/p' c/cluster.json)

# The same port, other data.
sed "s#\"data\": \".*\"#\"data\": \"$work/elsewhere\"#" c/cluster.json >same_port.json
expect 3 timeout 20 "$rift" node --cluster "$work/same_port.json" --id 1
says "$peer"
# A second process on the same data, on other ports.
sed 's/"127.0.0.1:[0-9]*\([0-9]\)"/"127.0.0.1:3999\1"/' c/cluster.json >same_data.json
sed -i "s#\"data\": \".*\"#\"data\": \"$work/c/data/1\"#" same_data.json
expect 3 timeout 20 "$rift" node --cluster "$work/same_data.json" --id 1
expect 0 "$rift" cluster down --dir "$work/c"

# Data of another cluster, then of another node.
sed 's/"cluster": ".*"/"cluster": "another"/' same_data.json >foreign.json
expect 3 timeout 20 "$rift" node --cluster "$work/foreign.json" --id 1
says "belongs to"
sed 's/"id": 1/"id": 2/' same_data.json >other_id.json
expect 3 timeout 20 "$rift" node --cluster "$work/other_id.json" --id 2
says "belongs to"
# `cluster up` passes on what the node said.
expect 3 "$rift" cluster up "$work/foreign.json"
says "belongs to"
