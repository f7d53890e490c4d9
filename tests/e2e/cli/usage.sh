#!/bin/bash
# Every command explains itself, and a mistake in the usage is exit 64 with a hint.
. "$(dirname "$0")/lib.sh"

for command in run check gate demo cluster kv node bench; do
    expect 0 "$rift" "$command" --help
    says "exit codes:"
    expect 64 "$rift" "$command" --nonsense
    says "no option --nonsense"
done
expect 0 "$rift" --help
expect 0 "$rift" --version
expect 64 "$rift"
expect 64 "$rift" chekc
says "did you mean 'check'"
expect 64 "$rift" run --clerk 3
says "did you mean --clerks"
expect 64 "$rift" run --nodes many
expect 64 "$rift" run --nemesis sharks
expect 64 "$rift" run --election-ms 60 --heartbeat-ms 50
expect 64 "$rift" bench kv --clerks 1,,2
