#!/bin/bash
# objects.sh RIFT WRITE_OBJECTS: histories of every object are judged by the model that their header
# names, and by the one that is asked for; witnesses replay; a violation is told in words.
set -u
rift=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# expect CODE WORDS COMMAND...
expect() {
    local code=$1 words=$2 out got
    shift 2
    out=$("$@" 2>&1)
    got=$?
    if [ $got -ne "$code" ] || ! grep -qF -- "$words" <<<"$out"; then
        printf '%s: exit %d instead of %d, or nothing about "%s":\n%s\n' "$*" $got "$code" "$words" "$out"
        failed=1
    fi
}

models=$("$2" "$work") || exit 1
for model in $models; do
    for engine in jit porcupine; do
        expect 0 "linearizable: " "$rift" check --engine $engine "$work/$model.good.rift"
        expect 1 "model '$model'" "$rift" check --engine $engine "$work/$model.bad.rift"
    done
    expect 0 "linearizable: " "$rift" check --whole "$work/$model.good.rift"
    expect 1 "not linearizable: " "$rift" check --model "$model" "$work/$model.bad.rift"
    expect 1 "is " "$rift" check "$work/$model.bad.rift"
    expect 0 "linearizable: " "$rift" check --witness "$work/$model.w" "$work/$model.good.rift"
    expect 0 "" "$rift" verify "$work/$model.good.rift" "$work/$model.w"
done
expect 1 'is ["a", "b"]' "$rift" check "$work/queue.bad.rift"
expect 1 'is {"a": 2, "b": 5}' "$rift" check "$work/bank.bad.rift"
expect 1 'key "x" is locked' "$rift" check "$work/mutex.bad.rift"
expect 64 "has no operation 'enqueue'" "$rift" check --model kv "$work/queue.good.rift"
expect 65 "has no operation 'enqueue'" "$rift" check "$work/wrong.rift"
expect 0 "queue" "$rift" check --help
exit $failed
