#!/bin/bash
# rift check on files that are cut off or damaged, and on several at once.
. "$(dirname "$0")/lib.sh"

expect 0 "$rift" run --time 3 --nemesis none --ops 3000 --out "$work/good"
good=$work/good/history.msgpack
size=$(stat -c %s "$good")

# Cut off inside a record: the rest is checked, the loss is named.
head -c $((size - 5)) "$good" >cut
expect 0 "$rift" check cut
says "bytes are lost"

# Damaged in the middle: what stands before it is good, and proves nothing about the rest.
cp "$good" damaged
printf '\377\377\377\377\377\377\377\377' |
    dd of=damaged bs=1 seek=$((size / 2)) conv=notrunc status=none
expect 2 "$rift" check damaged
says "damaged at byte"
expect 2 "$rift" check --json damaged
says '"damaged": true'

# A violation is never masked by what stands beside it: 1, 3, 65, 2, 0.
expect 0 "$rift" demo stale-read --out "$work/demo"
stale=$work/demo/local/history.msgpack
expect 1 "$rift" check "$good" "$stale" missing damaged
says "not linearizable"
expect 1 "$rift" check --staleness "$stale"
says "at least 1 version old, overwritten"
says "Staleness: "
expect 0 "$rift" check --consistency sequential "$stale"
says "sequentially consistent key by key"
expect 0 "$rift" check --model sequential "$stale"
says "sequentially consistent"
expect 64 "$rift" check --model sequential --staleness "$stale"
expect 0 "$rift" check --json --consistency sequential "$good"
says '"verdict": "sequentially consistent"'
expect 64 "$rift" check --consistency sequential --staleness "$good"
expect 0 "$rift" check --staleness "$good"
says "Staleness: 0 ms."
expect 65 "$rift" check "$good" damaged missing
expect 1 "$rift" check --json "$stale"
says '"stuck"'
expect 64 "$rift" check --model register --engine nonsense "$good"
expect 1 "$rift" check --engine jit --without RSDIHNTV "$stale"
expect 64 "$rift" check --without RX "$stale"
says "no pruning 'X'"

# A good verdict comes with an order that anybody can replay; of one history only.
expect 0 "$rift" check --witness proof "$good"
expect 0 "$rift" verify "$good" proof
says "proved linearizable"
expect 2 "$rift" check --witness damaged_proof damaged
expect 2 "$rift" verify damaged damaged_proof
expect 65 "$rift" verify "$stale" proof
says "another history"
# What the witness says of the model is not what the history is measured against.
cat >emptied.jsonl <<'EOF'
{"rift":1,"model":"kv"}
{"process":1,"f":"put","key":"x","value":"","call":1,"return":2}
{"process":1,"f":"get","key":"x","result":null,"call":3,"return":4}
EOF
expect 1 "$rift" check emptied.jsonl
expect 0 "$rift" check --model list-append --witness other emptied.jsonl
expect 0 "$rift" verify --model list-append emptied.jsonl other
expect 1 "$rift" verify emptied.jsonl other
says "measured against 'kv'"
head -c 40 proof >half
expect 65 "$rift" verify "$good" half
expect 65 "$rift" verify "$good" missing
expect 64 "$rift" verify "$good"
expect 64 "$rift" check --witness proof "$good" "$stale"
expect 1 "$rift" check --witness none "$stale"
says "'none' is not written"
[ ! -e none ] || fail "a violation has no witness"

# A bad verdict comes down to a few operations, which are a history of their own.
expect 1 "$rift" check --minimize --minimal small "$stale"
says "are impossible by themselves"
says "which was overwritten by"
says "put 2"
expect 1 "$rift" check small
says "3 operations in 1 partition"
expect 1 "$rift" check --json --minimize "$stale"
says '"minimal"'
expect 0 "$rift" check --minimize --minimal no "$good"
says "there is no violation"
[ ! -e no ] || fail "what is linearizable has no violation"
expect 64 "$rift" check --minimal small "$good" "$stale"
