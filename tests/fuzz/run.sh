#!/bin/sh
# promise: fuzz
# Builds all fuzz targets with clang and lets libFuzzer run each row of their table for SECONDS, as many at once as there
# are processors. What it learns stays in build-fuzz/corpus; inputs that break something are kept in build-fuzz/found.
#   sh tests/fuzz/run.sh SECONDS [NAME...]
set -eu
cd "$(dirname "$0")/../.."
build=$PWD/build-fuzz here=$PWD/tests/fuzz

# One row of the table: name, target, most bytes, seconds. An input that is slow or breaks something only because the
# machine is busy does not do so again, and is not kept.
fuzz_row() {
    name=$1 target=$build/tests/fuzz/fuzz_$2 log=$build/found/$1.log crashes=0 end=$(($(date +%s) + $4))
    set -- "-max_len=$3" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 "-artifact_prefix=$build/found/$name-"
    [ ! -f "$here/$name.dict" ] || set -- "-dict=$here/$name.dict" "$@"
    mkdir -p "$build/corpus/$name"
    : >"$log"
    while [ $crashes -eq 0 ] && [ "$(date +%s)" -lt $end ]; do
        left=$((end - $(date +%s)))
        "$target" "$build/corpus/$name" "$here/corpus/$name" "$@" -max_total_time=$left >>"$log" 2>&1 && continue
        for input in "$build/found/$name"-*; do
            [ -f "$input" ] || continue
            if "$target" -timeout=10 "$input" >>"$log" 2>&1; then
                rm "$input"
            else
                crashes=$((crashes + 1))
                echo "$name: $input" >&2
            fi
        done
    done
    runs=$(awk '/^stat::number_of_executed_units/ { n += $2 } END { print n + 0 }' "$log")
    edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
    printf '%-12s %10d runs %6d edges %3d crashes\n' "$name" "$runs" "${edges:-0}" $crashes
}

if [ "${1-}" = --row ]; then
    shift
    TMPDIR=$build/work/$1 LSAN_OPTIONS=suppressions=$here/leaks.supp:print_suppressions=0
    export TMPDIR LSAN_OPTIONS
    # HDF5 asks for as much memory as a file says, and can do without it.
    [ "$1" != hdf5 ] || export ASAN_OPTIONS=allocator_may_return_null=1
    mkdir -p "$TMPDIR"
    fuzz_row "$@"
    rm -rf "$TMPDIR"
    exit
fi
seconds=${1-}
case $seconds in '' | *[!0-9]* | 0*) echo "usage: sh tests/run fuzz SECONDS [NAME...]" >&2; exit 2 ;; esac
shift
command -v clang >/dev/null || { echo "fuzz: clang is not there; sh .ci/setup --fuzz installs it" >&2; exit 1; }
echo "fuzz: building"
log=$(mktemp)
if ! { cmake --preset fuzz && cmake --build --preset fuzz; } >"$log" 2>&1; then
    cat "$log"
    rm -f "$log"
    exit 1
fi
mkdir -p "$build/found"
while read -r name target most; do
    for wanted in "${@:-$name}"; do
        [ "$wanted" != "$name" ] || echo "--row $name $target $most $seconds"
    done
done <"$build/tests/fuzz/targets" | xargs -L 1 -P "$(nproc)" sh tests/fuzz/run.sh | tee "$log"
awk '{ n++; runs += $2; crashes += $6 } END { printf "%d targets, %d runs, %d crashes\n", n, runs, crashes; exit crashes > 0 || n == 0 }' "$log"
