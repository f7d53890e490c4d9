#!/usr/bin/env bash
# The include rules hold in this tree, and each kind of offence is seen in a planted one.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
planted=$(mktemp -d)
trap 'rm -rf "$planted"' EXIT

"$here/include_rules.sh"

expect_offence() {
    local file=$1 line=$2
    mkdir -p "$planted/$(dirname "$file")"
    printf '%s\n' "$line" >"$planted/$file"
    if "$here/include_rules.sh" "$planted" >/dev/null; then
        printf 'not seen: %s in %s\n' "$line" "$file"
        exit 1
    fi
    rm "$planted/$file"
}

expect_offence base/x.c '#include "wire/wire.h"'
expect_offence node/raft/x.c '#include <time.h>'
expect_offence node/raft/x.c '#include "wire/wire.h"'
expect_offence node/kv/x.c '#include "base/mp.h"'
expect_offence node/server_x.c '#include <zmq.h>'
expect_offence wire/x.h '#include "node/raft/raft.h"'
expect_offence checker/x.c '#include "wire/wire.h"'
expect_offence clerk/clerk_x.c '#include <unistd.h>'
expect_offence nemesis/x.c '#include "node/server.h"'
expect_offence elsewhere.d/../sim/x.c '#include "cli/run.h"'
echo "include rules hold"
