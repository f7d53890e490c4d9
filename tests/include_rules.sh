#!/usr/bin/env bash
# Who may include whom: the table of docs/architecture.md, enforced. Prints each offence as
# file:line: include, and fails if there is one. With an argument, checks that tree instead.
set -euo pipefail
cd "${1:-$(dirname "${BASH_SOURCE[0]}")/..}"

# folder: regular expression of the own headers it may include (besides its own folder's)
rules='
base            ^base/
histories       ^(base|histories)/
wire            ^(base|wire)/|^node/raft/message\.h$
node/raft       ^(base|node/raft)/
node/kv         ^(base|node/kv)/
node/store      ^(base|node/store)/|^node/raft/message\.h$
node            ^(base|wire|node)/
clerk           ^(base|wire|histories|clerk)/
workloads       ^(base|wire|histories|clerk|workloads)/
nemesis         ^(base|wire|nemesis)/|^node/raft/message\.h$
checker         ^(base|histories|checker)/
library         ^(base|histories|checker|library|rift)/
sim             ^(base|wire|histories|node|clerk|workloads|nemesis|sim)/
report          ^(base|histories|report)/
cli             .
'
# The pure parts may not touch the world.
pure='node/raft|node/kv|node/server[a-z_]*\.[ch]|clerk/clerk[a-z_]*\.[ch]|workloads/(workload|fleet)[a-z_]*\.[ch]|nemesis/(plan|plan_json|shapes|conductor|fault|names)\.[ch]|checker'
world='<(zmq|czmq|time|unistd|pthread|signal|fcntl|rocksdb/c|sys/(time|socket|stat|epoll|eventfd|timerfd|wait|mman))\.h>'
status=0

report() {
    printf '%s\n' "$1"
    status=1
}

# The longest rule whose folder is a prefix of the file's path.
rule_for() {
    local file=$1 best='' pattern='' folder allowed
    while read -r folder allowed; do
        [ -n "$folder" ] || continue
        if [[ $file == "$folder"/* && ${#folder} -gt ${#best} ]]; then
            best=$folder
            pattern=$allowed
        fi
    done <<<"$rules"
    printf '%s' "$pattern"
}

while IFS= read -r file; do
    allowed=$(rule_for "$file")
    if [ -z "$allowed" ]; then
        report "$file: no rule for this folder"
        continue
    fi
    while IFS=: read -r line include; do
        header=$(sed -E 's/.*"([^"]+)".*/\1/' <<<"$include")
        grep -qE "$allowed" <<<"$header" || report "$file:$line: may not include \"$header\""
    done < <(grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "$file" || true)
    if [[ $file =~ ^($pure) ]]; then
        while IFS=: read -r line include; do
            report "$file:$line: pure code may not use ${include#*include }"
        done < <(grep -nE "^[[:space:]]*#[[:space:]]*include[[:space:]]*$world" "$file" || true)
    fi
    if [[ $file =~ ^(node/raft|node/kv)/ ]]; then
        while IFS=: read -r line include; do
            report "$file:$line: may not include msgpack"
        done < <(grep -nE '<msgpack|"base/mp\.h"' "$file" || true)
    fi
done < <(find base histories wire node clerk workloads nemesis checker library sim report cli \
    -name '*.[ch]' 2>/dev/null | sort)
exit $status
