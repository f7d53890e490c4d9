# Sourced by the scripts beside it, which take the path of rift as their first argument. Each works
# in a folder of its own and leaves no process behind.

set -u
rift=$1
work=$(mktemp -d "${TMPDIR:-/tmp}/rift-e2e.XXXXXX")
cd "$work" || exit 1

# Processes of this test: every one of them has our folder in its command line.
ours() {
    local line
    for line in /proc/[0-9]*/cmdline; do
        if tr '\0' ' ' 2>/dev/null <"$line" | grep -qF "$work/"; then
            line=${line#/proc/}
            echo "${line%/cmdline}"
        fi
    done
}

cleanup() {
    local pid
    for pid in $(ours); do
        kill -9 "$pid" 2>/dev/null
    done
    cd / && rm -rf "$work"
}
trap cleanup EXIT

fail() {
    echo "FAILED: $*"
    for f in "$work"/out "$work"/err; do
        [ -f "$f" ] && { echo "--- $f"; cat "$f"; }
    done
    exit 1
}

# expect CODE COMMAND...: the command ends with that exit code; what it prints is in out and err.
expect() {
    local code=$1 got
    shift
    "$@" >"$work/out" 2>"$work/err"
    got=$?
    [ "$got" -eq "$code" ] || fail "exit $got instead of $code: $*"
}

# says WORDS: the last command said so, on either output.
says() {
    grep -qF -- "$1" "$work/out" "$work/err" || fail "nothing about '$1'"
}

# within SECONDS COMMAND...: the command succeeds before the time is over; asked again and again.
within() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -ge "$end" ] && return 1
        sleep 0.05
    done
}

none_left() {
    [ -z "$(ours)" ]
}

# The number behind a name in a JSON file that rift wrote (the first of that name).
json_number() {
    sed -n "s/.*\"$2\": \([0-9.]*\).*/\1/p" "$1" | head -n 1
}
