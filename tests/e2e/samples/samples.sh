#!/bin/bash
# samples.sh RIFT FOLDER: each sample gets its verdict, and a violation is told in words.
set -u
rift=$1
samples=$2
failed=0

# judged FILE CODE WORDS: exit code and something that the explanation has to say.
judged() {
    local out code
    out=$("$rift" check "$samples/$1" 2>&1)
    code=$?
    if [ $code -ne "$2" ] || ! grep -qF -- "$3" <<<"$out"; then
        printf '%s: exit %d instead of %d, or nothing about "%s":\n%s\n' "$1" $code "$2" "$3" "$out"
        failed=1
    fi
}

judged linearizable.msgpack 0 "linearizable: "
judged stale-read.msgpack 1 'get by process 0 returned "1"'
judged lost-write.msgpack 1 "In that order its answer was possible for the last time before the"
judged many-unknown.msgpack 0 "linearizable: "
exit $failed
