#!/bin/bash
# A history is judged while it is being written: by `check --follow`, and beside a run.
samples=$(cd "$(dirname "$0")/../../../histories/samples" && pwd)
. "$(dirname "$0")/lib.sh"

# Nothing, half of a header, half of the events, half of a record: it waits for the rest.
follow_in_parts() {
    local sample=$1 code=$2 words=$3 size from=0 follower
    size=$(stat -c %s "$sample")
    : >"$work/growing"
    "$rift" check --follow --time 60 "$work/growing" >"$work/out" 2>"$work/err" &
    follower=$!
    for to in 7 $((size / 3)) $((size / 2 + 1)) "$size"; do
        sleep 0.2
        kill -0 "$follower" 2>/dev/null || [ "$code" = 1 ] || fail "it did not wait"
        tail -c +$((from + 1)) "$sample" | head -c $((to - from)) >>"$work/growing"
        from=$to
    done
    wait "$follower"
    [ $? -eq "$code" ] || fail "exit $? instead of $code for $sample"
    says "$words"
}
follow_in_parts "$samples/linearizable.msgpack" 0 "growing: linearizable: 505 operations"
follow_in_parts "$samples/many-unknown.msgpack" 0 "growing: linearizable: 1572 operations"
follow_in_parts "$samples/lost-write.msgpack" 1 "not linearizable: 147 operations"
says "process 2: get(k0.0)"
expect 1 "$rift" check --follow --json "$samples/stale-read.msgpack"
says '"verdict": "not linearizable"'
says '"operation": "process 0: get(x) = 1"'

# Interrupted, out of time, or unable to go on: the verdict so far.
head -c 8000 "$samples/linearizable.msgpack" >"$work/part"
setsid "$rift" check --follow "$work/part" >"$work/out" 2>"$work/err" &
follower=$!
within 30 grep -qs "following" "$work/err" || fail "it did not begin"
kill -INT "$follower"
wait "$follower"
[ $? -eq 130 ] || fail "Ctrl-C did not end in exit 130"
says "part: linearizable so far"
expect 2 "$rift" check --follow --time 0.2 "$work/part"
says "The time was over"
echo "no history" >"$work/text"
expect 65 "$rift" check --follow "$work/text"
expect 64 "$rift" check --follow --whole "$work/part"
expect 64 "$rift" check --follow "$work/part" "$work/part"

# A run ends at its first violation, long before its time, and says what that was.
expect 1 "$rift" run --online --reads local --check-quorum off --nemesis isolate-leader --time 90 \
    --clerks 10 --seed 5 --out "$work/stale"
says "online: the run ended early"
says "not linearizable: "
grep -q '"delay_s"' stale/result.json || fail "result.json does not say how long after"
none_left || fail "processes are left: $(ours)"

# One that is sound is judged to its end.
expect 0 "$rift" run --online --nemesis none --time 3 --seed 5 --out "$work/sound"
says "online: linearizable"
none_left || fail "processes are left: $(ours)"

# The checker dies with a run that is killed.
"$rift" run --online --nemesis none --time 60 --out "$work/killed" >"$work/out" 2>"$work/err" &
harness=$!
within 20 test -e "$work/killed/online.json" || fail "no checker was started"
kill -9 "$harness"
wait "$harness" 2>/dev/null
within 10 none_left || fail "processes are left: $(ours)"
