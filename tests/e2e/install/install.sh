#!/usr/bin/env bash
# What is installed can be used: installs a build into an empty folder, builds the example against
# it with CMake and with pkg-config, runs both, and looks at what the library exports.
#     install.sh BUILD_FOLDER SOURCE_FOLDER
set -euo pipefail
build=$1
source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix

fail() {
    printf 'install: %s\n' "$1" >&2
    exit 1
}

cmake --install "$build" --prefix "$prefix" >"$work/install.log" || fail "cmake --install failed"
library=$(find "$prefix" -name 'librift.so' | head -n 1)
[ -n "$library" ] || fail "no librift.so"
libdir=$(dirname "$library")

strangers=$(nm -D --defined-only "$library" | awk '$2 != "A" && $3 !~ /^rift_/ { print $3 }')
[ -z "$strangers" ] || fail "the library exports $strangers"
unversioned=$(nm -D --defined-only "$library" | awk '$2 != "A" && $3 !~ /@@RIFT_/ { print $3 }')
[ -z "$unversioned" ] || fail "without a version: $unversioned"

expect_violation() {
    grep -q '^librift [0-9.]*: not linearizable$' <<<"$1" || fail "the example said: $1"
}

cmake -S "$source/examples/library" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$prefix" >"$work/log" ||
    { cat "$work/log"; fail "find_package(rift) failed"; }
cmake --build "$work/cmake" >"$work/log" || { cat "$work/log"; fail "the example does not build"; }
expect_violation "$("$work/cmake/check_my_store")"

cmake -S "$source/examples/model" -B "$work/model" -DCMAKE_PREFIX_PATH="$prefix" >"$work/log" ||
    { cat "$work/log"; fail "find_package(rift) failed for the model"; }
cmake --build "$work/model" >"$work/log" || { cat "$work/log"; fail "the model does not build"; }
said=$("$work/model/check_my_cache")
grep -q '^evicted: linearizable$' <<<"$said" || fail "the model said: $said"
grep -q '^back from nowhere: not linearizable$' <<<"$said" || fail "the model said: $said"
grep -q 'is certainly absent' <<<"$said" || fail "the model said: $said"

export PKG_CONFIG_PATH=$libdir/pkgconfig
# shellcheck disable=SC2046 # flags are words
cc -std=c99 -Wall -Wextra -Werror -pedantic -o "$work/by_pkg_config" \
    "$source/examples/library/check_my_store.c" $(pkg-config --cflags --libs rift)
expect_violation "$(LD_LIBRARY_PATH=$libdir "$work/by_pkg_config")"

"$prefix/bin/rift" check "$source/histories/samples/linearizable.msgpack" >/dev/null ||
    fail "the installed rift does not run"

for page in rift rift-run rift-check rift-bench-check; do
    grep -q '^\.TH RIFT' "$prefix/share/man/man1/$page.1" || fail "no page of the manual: $page"
done

# What bash would offer; the words come from the program that was just installed.
complete_bash() {
    PATH=$prefix/bin:$PATH bash -c '
        source "$0"
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _rift
        printf "%s " "${COMPREPLY[@]}"' "$prefix/share/bash-completion/completions/rift" "$@"
}
expect_completion() {
    local expected=$1 got
    shift
    got=$(complete_bash "$@")
    [ "$got" = "$expected " ] || fail "after '$*' bash offers '$got', expected '$expected'"
}
expect_completion "check" rift che
expect_completion "--engine --explain" rift check --e
expect_completion "porcupine" rift check --engine po
expect_completion "on off" rift run --check-quorum ""
expect_completion "up status down" rift cluster ""

if command -v dpkg-shlibdeps >/dev/null; then
    (cd "$work" && cpack -G DEB --config "$build/CPackConfig.cmake" -B "$work/deb" >"$work/log") ||
        { cat "$work/log"; fail "cpack failed"; }
    dpkg-deb -x "$work"/deb/*.deb "$work/unpacked"
    "$(find "$work/unpacked" -name rift -path '*/bin/*')" --version | grep -q '^rift [0-9]' ||
        fail "the program in the package does not run"
    dpkg-deb -f "$work"/deb/*.deb Depends | grep -q librocksdb ||
        fail "the package does not say what it needs"
else
    echo "skipped: the Debian package (dpkg-dev is missing)"
fi
echo "installed, found, linked, run"
