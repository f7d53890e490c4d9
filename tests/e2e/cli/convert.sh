#!/bin/bash
# rift convert: between all formats, what it says of what is left out, and what it refuses.
samples=$(realpath "$(dirname "$0")/../../../histories/samples")
. "$(dirname "$0")/lib.sh"

# There and back: the same verdict in every format, the same bytes where nothing is left out.
for name in linearizable stale-read lost-write many-unknown; do
    sample=$samples/$name.msgpack
    "$rift" check "$sample" >/dev/null
    verdict=$?
    for format in edn jsonl; do
        expect 0 "$rift" convert "$sample" $name.$format
        expect $verdict "$rift" check $name.$format
        expect 0 "$rift" convert $name.$format $name.$format.msgpack
        expect $verdict "$rift" check $name.$format.msgpack
    done
    expect 0 "$rift" convert "$sample" $name.now.msgpack # the sample may be of an older version
    cmp -s $name.now.msgpack $name.jsonl.msgpack || fail "$name: JSON lines lost something"
done

# What is left out is said; standard output is a place to write to.
expect 0 "$rift" convert --to edn "$samples/stale-read.msgpack" -
says "left out: requests to nodes"
says ":f :rift/header"

# Nothing is overwritten unless that is asked for, and a failure leaves no file.
expect 64 "$rift" convert "$samples/stale-read.msgpack" stale-read.edn
says "there already"
expect 0 "$rift" convert --force "$samples/stale-read.msgpack" stale-read.edn
expect 64 "$rift" convert "$samples/stale-read.msgpack" somewhere
says "--to says which"
expect 65 "$rift" convert "$samples/stale-read.msgpack" out.log
says "operation 0 ("
expect 65 "$rift" convert missing out.edn
[ ! -e out.log ] && [ ! -e out.log.new ] && [ ! -e out.edn ] || fail "something was left behind"
expect 3 "$rift" convert "$samples/stale-read.msgpack" no-such-folder/out.edn

# Jepsen's own: the model from the functions, from --model, and why it cannot be told.
cat >history.edn <<'END'
{:type :invoke, :f :add, :value 1, :process 0, :time 10, :index 0}
{:type :info, :f :start, :value nil, :process :nemesis, :time 11, :index 1}
{:type :ok, :f :add, :value 1, :process 0, :time 12, :index 2}
{:type :invoke, :f :read, :value nil, :process 0, :time 13, :index 3}
{:type :ok, :f :read, :value #{}, :process 0, :time 14, :index 4}
END
expect 65 "$rift" check history.edn
says "fit several models (set, counter): --model says which"
expect 1 "$rift" check --model set history.edn
expect 0 "$rift" convert --model set history.edn - --to jsonl
says '":nemesis :start"'
expect 0 "$rift" convert --model set history.edn history.jsonl
expect 1 "$rift" check history.jsonl

# What was not checked is no good news, and times that do not fit the order are mentioned.
printf '{:type :info, :f :start, :process :nemesis, :time 11}\n' >nobody.edn
expect 0 "$rift" check nobody.edn
says "Nothing was checked: the file holds no operation (1 other events)"
printf '{:type :invoke, :f :read, :process "a"}\n' >named.edn
expect 65 "$rift" check named.edn
says "named.edn:1:36: expected the number of a process"
cat >falling.jsonl <<'END'
{"type":"invoke","process":1,"f":"put","value":"v","time":5}
{"type":"ok","process":1,"time":4}
END
expect 0 "$rift" check falling.jsonl
says "1 events have a time before that of the event above them"

# A bank is told what it starts with in every format, and nothing else is.
printf '{"type":"invoke","process":1,"f":"transfer","value":[0,1,2]}\n{"type":"ok","process":1}\n' >bank.jsonl
expect 65 "$rift" check bank.jsonl
expect 1 "$rift" check --accounts '{0 1}' bank.jsonl
expect 0 "$rift" convert --accounts '{0 2}' bank.jsonl bank.msgpack
expect 0 "$rift" check bank.msgpack
expect 1 "$rift" check --accounts '{0 1}' bank.msgpack
expect 64 "$rift" check --accounts '{0 1}' falling.jsonl

# A mistake is named by its place; a pipe is a file too.
printf '{:type :invoke, :f :read, :value nil, :process 0}\n{:type :okay}\n' >broken.edn
expect 65 "$rift" check broken.edn
says "broken.edn:2:8: expected :invoke, :ok, :fail or :info"
expect 0 "$rift" convert --to rift <(cat stale-read.jsonl) piped.msgpack
expect 1 "$rift" check piped.msgpack

# What a failed cas means can be said.
cat >cas.edn <<'END'
{:type :invoke, :f :write, :value 1, :process 0}
{:type :ok, :f :write, :value 1, :process 0}
{:type :invoke, :f :cas, :value [1 2], :process 0}
{:type :fail, :f :cas, :value [1 2], :process 0}
END
expect 1 "$rift" check cas.edn
expect 0 "$rift" check --failed-cas never-ran cas.edn
expect 65 "$rift" check --from jsonl cas.edn
expect 65 "$rift" check --keys yes cas.edn

# What proves a verdict is read with the same options; a bank is told what it starts with.
printf '{:type :invoke, :f :add, :value 1, :process 0}\n{:type :ok, :f :add, :value 1, :process 0}\n' >add.edn
expect 0 "$rift" check --model counter --witness order add.edn
expect 0 "$rift" verify --model counter add.edn order
expect 65 "$rift" verify add.edn order
printf '{:type :invoke, :f :transfer, :value {:from 0 :to 1 :amount 2}, :process 0}\n
{:type :ok, :f :transfer, :value nil, :process 0}\n' >bank.edn
expect 65 "$rift" check bank.edn
says "--accounts"
expect 0 "$rift" check --accounts '{0 2}' bank.edn
expect 1 "$rift" check --accounts '{0 1}' bank.edn

# A proof does not take the place of the history.
cp falling.jsonl precious.jsonl
expect 64 "$rift" check --witness ./precious.jsonl precious.jsonl
expect 64 "$rift" check --minimal ./precious.jsonl precious.jsonl
cmp -s falling.jsonl precious.jsonl || fail "the history was overwritten"

# A pipe is written to, and stays one.
mkfifo pipe
"$rift" convert --force --to jsonl "$samples/stale-read.msgpack" pipe 2>err &
cat pipe >through.jsonl
wait $!
[ -p pipe ] || fail "the pipe was replaced"
cmp -s through.jsonl stale-read.jsonl || fail "the pipe got something else"
expect 1 timeout 10 "$rift" check --minimal pipe stale-read.jsonl &
cat pipe >minimal.msgpack
wait $!
[ -p pipe ] || fail "the pipe was replaced"
[ -s minimal.msgpack ] || fail "the pipe got nothing"
