#!/bin/bash
# A suite comes to the exit code, the reports and the evidence that docs/ci.md promises.
root=$(cd "$(dirname "$0")/../../.." && pwd)
. "$root/tests/e2e/cli/lib.sh"
PATH=$(dirname "$rift"):$PATH # for the commands that it prints

# xml QUERY: what a real parser finds in the last junit.xml.
xml() {
    xmllint --xpath "string($1)" "$work/gate/junit.xml" || fail "junit.xml: $1"
}

# counts TESTS FAILURES ERRORS SKIPPED: junit.xml says so at both levels, and holds as many.
counts() {
    local i=0 name at
    local names=(tests failures errors skipped)
    local nodes=('//testcase' '//failure' '//error' '//skipped')
    for name in "$@"; do
        for at in /testsuites /testsuites/testsuite; do
            [ "$(xml "$at/@${names[i]}")" = "$name" ] || fail "$at says otherwise of ${names[i]}"
        done
        [ "$(xml "count(${nodes[i]})")" = "$name" ] || fail "other than $name ${names[i]}"
        i=$((i + 1))
    done
}

gate() {
    local code=$1
    shift
    rm -rf "$work/gate"
    expect "$code" "$rift" gate "$work/suite.json" --out "$work/gate" "$@"
}

cp "$root"/histories/samples/{linearizable,lost-write}.msgpack "$root/tests/sim/regressions/late-leader.json" .

# --- all is well: nothing is left but the reports
cat >suite.json <<'END'
{"suite": 1, "name": "good", "cases": [
  {"name": "seeds", "sim": {"seeds": "1..3", "plain": true, "run-ms": 2000, "check-quorum": true}},
  {"name": "replay", "replay": {"file": "late-leader.json"}},
  {"name": "stored", "check": {"file": "linearizable.msgpack"}},
  {"name": "caught", "check": {"file": "lost-write.msgpack"}, "expect": "not linearizable"}]}
END
gate 0
counts 4 0 0 0
says "4 passed, 0 failed"
[ "$(ls gate)" = "junit.xml
result.json
summary.md" ] || fail "something is left: $(ls gate)"
# A folder that is there is not written over.
expect 3 "$rift" gate suite.json --out gate
says "is not a new one"

# --- a stored history that is not linearizable, under a name that is markup in every format
cat >suite.json <<'END'
{"suite": 1, "name": "b<a>d & \"quoted\"", "cases": [
  {"name": "</testcase>]]> | `x` \u0001\u00e4", "check": {"file": "lost-write.msgpack", "all": true}},
  {"name": "good", "check": {"file": "linearizable.msgpack"}, "expect": "not linearizable"}]}
END
gate 1
counts 2 2 0 0
[ "$(xml '//testcase[1]/@name')" = "</testcase>]]> | \`x\` $(printf '\uFFFD')ä" ] || fail "the name has changed"
[ "$(xml '/testsuites/@name')" = 'b<a>d & "quoted"' ] || fail "the suite's name has changed"
[ "$(xml '//failure[1]/@type')" = "not linearizable" ] || fail "no type"
xml '//failure[1]' | grep -q 'impossible by themselves' || fail "the failure is not explained"
evidence=gate/01-testcase-x-
[ -s "$evidence/minimal.msgpack" ] || fail "no minimal history: $(ls gate gate/*)"
expect 1 "$rift" check "$evidence/minimal.msgpack"
(cd $evidence && expect 1 sh command.txt) || exit 1
[ -s "$evidence/report.html" ] || fail "no page: $(ls $evidence)"
gate 1
expect 1 sh -c "$(sed -n 's/^ *repeat: //p' out | head -n 1)"
says "k1.0"

# --- unknown is a result of its own
cat >suite.json <<'END'
{"suite": 1, "name": "u", "defaults": {"unknown_passes": true}, "cases": [
  {"name": "passes", "check": {"file": "damaged.msgpack"}},
  {"name": "expected", "check": {"file": "damaged.msgpack"}, "expect": "unknown"},
  {"name": "fails", "check": {"file": "damaged.msgpack"}, "unknown_passes": false}]}
END
cp linearizable.msgpack damaged.msgpack
printf '\377\377\377' | dd of=damaged.msgpack bs=1 seek=20000 conv=notrunc 2>/dev/null
gate 2
counts 3 1 0 1
says "passed   check   expected"
says "skipped  check   passes"

# --- what cannot be tested: missing, damaged, over its budget
cat >suite.json <<'END'
{"suite": 1, "name": "e", "cases": [
  {"name": "missing", "check": {"file": "nowhere.msgpack"}},
  {"name": "slow", "run": {"time": 60, "nemesis": "none"}, "budget_s": 3}]}
END
gate 65
counts 2 0 2 0
says "over its budget of 3 s"
[ -s gate/02-slow/report.html ] || fail "no page of a run that was stopped"
[ -s gate/02-slow/check.txt ] || fail "nobody looked at the history of a run that was stopped"
none_left || fail "processes are left: $(ours)"

# --- a violation that is found before the budget is over is not masked by it
cat >suite.json <<'END'
{"suite": 1, "name": "b", "cases": [
  {"name": "local reads", "budget_s": 60, "run": {"time": 90, "online": true, "reads": "local",
   "check-quorum": false, "nemesis": "isolate-leader", "seed": 5}}]}
END
gate 1
says "again: rift run --time 90 --online --reads local --check-quorum off --nemesis isolate-leader --seed 5"
for file in history.msgpack minimal.msgpack plan.json result.json report.html node-1.log check.txt command.txt; do
    [ -s "gate/01-local-reads/$file" ] || fail "no $file"
done
none_left || fail "processes are left: $(ours)"
expect 1 sh -c "$(sed -n 's/^ *repeat: //p' out)"
says "impossible by themselves"

# --- Ctrl-C: the reports are written, nothing stays behind
cat >suite.json <<'END'
{"suite": 1, "name": "i", "cases": [
  {"name": "first", "check": {"file": "linearizable.msgpack"}},
  {"name": "second", "run": {"time": 60, "nemesis": "none"}},
  {"name": "third", "check": {"file": "linearizable.msgpack"}}]}
END
rm -rf gate
setsid "$rift" gate suite.json --out "$work/gate" >out 2>err &
gate_pid=$!
within 60 test -s gate/02-second/history.msgpack || fail "the run did not begin"
kill -INT $gate_pid
wait $gate_pid
[ $? -eq 130 ] || fail "not interrupted"
counts 3 0 0 2
within 10 none_left || fail "processes are left: $(ours)"

# --- a planted bug closes it, and each seed that is named shows it again
if [ -n "$("$rift" bugs --names)" ]; then
    cat >suite.json <<'END'
{"suite": 1, "name": "p", "cases": [
  {"name": "seeds", "sim": {"seeds": "1..3", "jobs": 2}},
  {"name": "own bug", "sim": {"seeds": "1..3", "bug": "answer-before-commit"}, "expect": "not linearizable"}]}
END
    gate 1 --bug cas-compares-stale
    says "passed   sim     own bug"
    for file in history.msgpack replay.json replay.plan.json report.html story.txt; do
        [ -s "gate/01-seeds/$file" ] || fail "no $file"
    done
    expect 1 sh -c "$(sed -n 's/^ *repeat: //p' out)"
    (cd gate/01-seeds && expect 1 sh command.txt) || exit 1
fi

# --- a suite that is wrong: where, and what was expected
wrong() {
    printf '%s' "$1" >suite.json
    expect 65 "$rift" gate suite.json --out "$work/never"
    says "$2"
    [ ! -e never ] || fail "it began"
}
one='{"suite": 1, "name": "w", "cases": ['
wrong '' 'suite.json:'
wrong '[' 'suite.json:1:'
wrong '{"suite": 2}' 'suite: expected 1'
wrong "$one]}" 'cases: expected an array of 1 to 1000 cases'
wrong "$one{}]}" 'cases[0].name: expected a name'
wrong "$one
{\"name\": \"a\", \"sim\": {\"sedes\": 3}}]}" "suite.json:2: cases[0].sim.sedes: there is no option --sedes; did you mean --seeds?"
wrong "$one{\"name\": \"a\", \"sim\": {\"seeds\": \"9..1\"}}]}" 'expected A..B'
wrong "$one{\"name\": \"a\", \"sim\": {\"nodes\": 99}}]}" 'nodes: expected a number'
wrong "$one{\"name\": \"a\", \"run\": {\"time\": [1]}}]}" 'run.time: expected a number, a string'
wrong "$one{\"name\": \"a\", \"run\": {\"out\": \"x\"}}]}" 'a suite cannot give this option'
wrong "$one{\"name\": \"a\", \"run\": {\"plan\": \"nowhere\"}}]}" 'nowhere'
wrong "$one{\"name\": \"a\", \"run\": {}, \"sim\": {}}]}" 'run and sim in one case'
wrong "$one{\"name\": \"a\", \"check\": {}}]}" 'check.file: expected the path'
wrong "$one{\"name\": \"a\", \"budget_s\": 0, \"run\": {}}]}" 'budget_s: expected seconds'
wrong "$one{\"name\": \"a\", \"expect\": \"good\", \"run\": {}}]}" 'expect: expected "linearizable"'
wrong "$one{\"name\": \"a\", \"expects\": \"good\", \"run\": {}}]}" 'expects: there is no such field'
wrong "$one{\"name\": \"a\", \"name\": \"b\", \"run\": {}}]}" 'duplicate'
wrong "$one{\"name\": \"a\", \"run\": {}}, {\"name\": \"a\", \"run\": {}}]}" 'the same name'
head -c 2000000 /dev/zero | tr '\0' ' ' >suite.json
expect 65 "$rift" gate suite.json
expect 65 "$rift" gate nowhere.json
expect 64 "$rift" gate suite.json --bug nonsense
