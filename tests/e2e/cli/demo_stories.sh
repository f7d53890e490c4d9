#!/bin/bash
# The simulated stories show what they are told for: the bug convicted, its rule named, the same
# world well without it, and a page of both with the sentences in it.
. "$(dirname "$0")/lib.sh"

# silent WORDS: the last command did not say so.
silent() {
    ! grep -qF -- "$1" "$work/out" || fail "'$1' was said"
}

# told STORY RULE: shown; both pages stand there and hold a sentence of the narrator.
told() {
    expect 0 timeout 20 "$rift" demo "$1" --out "$work/$1"
    says "The same world without the bug"
    says "The rule that forbids it: $2"
    for page in with-bug without; do
        grep -q "counts a majority of votes and leads term 1" "$work/$1/$page/report.html" ||
            fail "$1: the page '$page' does not tell the steps"
        grep -q "rift demo $1" "$work/$1/$page/report.html" ||
            fail "$1: the page '$page' does not say how to repeat it"
    done
}

expect 0 "$rift" demo
for story in stale-read lost-update split-vote figure-8; do
    says "$story"
done
expect 64 "$rift" demo figure-9
says "there is no story 'figure-9'"
expect 64 "$rift" demo figure-8 --nodes 3
says "--nodes is for stale-read"
expect 0 "$rift" demo --help=words
says "lost-update"

if [ -z "$("$rift" bugs --names)" ]; then
    expect 3 "$rift" demo figure-8 --out "$work/without"
    exit 0
fi

told lost-update "6.3: each command takes effect once"
says 'process 0 has no result of its put yet and asks node 1'
says 'process 0: get(k0) = "c1-191", says node 1'
says 'process 1: get(k0) = "c0-190", says node 1' # with the bug
says 'process 1: get(k0) = "c1-191", says node 1' # without
says "not linearizable: 8 operations"
says "are impossible by themselves"
expect 1 "$rift" check "$work/lost-update/with-bug/history.msgpack"
expect 0 "$rift" check "$work/lost-update/without/history.msgpack"

told split-vote "3.4: at most one vote a term"
says "election safety: nodes 4 and 3 both lead in term 2"
says "node 4 gives up its candidacy, in term 2"
says "node 3 counts a majority of votes and leads term 3"
silent "and asks node"

told figure-8 "3.6.2, figure 3.7"
says "node 2 counts a majority of votes and leads term 2"
says "node 4 counts a majority of votes and leads term 3"
says "node 2 counts a majority of votes and leads term 4"
says "applies entry 19 of term 2, which is durable on node 2, node 3, node 5"

expect 0 "$rift" demo split-vote --json --out "$work/json"
says '"shown": true'
says '"finding": "oracle"'
python3 -c 'import json,sys; j = json.load(open(sys.argv[1])); assert len(j["steps"]) > 20 and len(j["scenarios"]) == 2' \
    "$work/out" || fail "no JSON of the steps"
