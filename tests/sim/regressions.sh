#!/bin/sh
# Every replay file of tests/sim/regressions still shows what it was kept for: one that names a
# planted bug is violated with it and well without it; any other is well, and still comes to the
# point that once went wrong.
#
#     tests/sim/regressions.sh RIFT
set -u

rift=$1
replays=$(cd "$(dirname "$0")/regressions" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
failed=0

fail() {
    echo "regressions: $*" >&2
    failed=1
}

# expect CODE FILE: the exit code of its replay; what was said is in `out`.
expect() {
    "$rift" sim --replay "$2" >"$folder/out" 2>&1
    got=$?
    [ "$got" -eq "$1" ] || fail "$2: exit $got instead of $1: $(tail -n 3 "$folder/out")"
}

# point FILE: what the story of a sound run has to say, or the run goes past what it is kept for.
point() {
    case $1 in
    bad-request) echo 'failed (bad-request)' ;;
    clock-stall-outlives-healing) echo ' [1-9][0-9]* clock jumps' ;;
    late-leader) echo 'node 3 becomes leader of term 4' ;;
    expired-session) echo 'unknown (session-expired)' ;;
    *) fail "$1: nobody says what it is to show" ;;
    esac
}

with_bugs=$("$rift" bugs --names | wc -l)
for replay in "$replays"/*.json; do
    name=$(basename "$replay" .json)
    bug=$(sed -n 's/^  "bug": "\(.*\)",$/\1/p' "$replay")
    grep -q "^| \`$name\`" "$replays/README.md" || fail "$name: README.md does not say what it shows"
    if [ -z "$bug" ]; then
        expect 0 "$replay"
        grep -q -- "$(point "$name")" "$folder/out" || fail "$name: '$(point "$name")' was not said"
        continue
    fi
    sed '/^  "bug": /d' "$replay" >"$folder/$name.json"
    expect 0 "$folder/$name.json"
    [ "$with_bugs" -eq 0 ] || expect 1 "$replay"
done
exit $failed
