#!/bin/sh
# promise: accesses
# Counts what a GPU's memory does for the accesses of the library's kernels, in Oclgrind (accesses.cpp), and fails where
# the kernels that take most of an evaluation need more than a quarter more than their numbers do.
#   accesses.sh PROGRAM PHOTO STYLE [OPTION-OF-PASTICHE...]
# PASTICHE_KERNELS names a folder of kernels instead of the embedded ones. Of each launch the first and the last group
# run, so the losses are nonsense. Needs the header files of Oclgrind and of its LLVM (Debian: liboclgrind-dev).
set -u
judged="winograd_input winograd_products winograd_output winograd_between gram_partial gram_backward conv_direct"
here=$(dirname "$0")
[ $# -ge 3 ] || { echo "usage: accesses.sh PROGRAM PHOTO STYLE [OPTION-OF-PASTICHE...]" >&2; exit 2; }
program=$1 photo=$2 style=$3
shift 3
command -v oclgrind >/dev/null || { echo "accesses: skipped: no oclgrind"; exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
llvm=$(find /usr/include -maxdepth 1 -name 'llvm-[0-9]*' | sort -V | head -n 1)
"${CXX:-c++}" -std=c++17 -O2 -fPIC -shared -fno-rtti -isystem "$llvm" -isystem "/usr/include/llvm-c-${llvm##*-}" -isystem /usr/include/oclgrind \
    -o "$work/accesses.so" "$here/accesses.cpp" 2>"$work/said" || {
    grep -q 'fatal error: .*No such file' "$work/said" && { echo "accesses: skipped: no header files of Oclgrind"; exit 77; }
    cat "$work/said"
    exit 1
}
# A GPU of 132 units. Kernels are compiled without optimization: see fixtures/oclgrind.sh.
ACCESSES=$work/accesses PASTICHE_KERNELS_FORM=gpu PASTICHE_BINARIES=none PASTICHE_CHOICES=none \
    oclgrind --quick --num-threads 1 --compute-units 132 --max-wgsize 1024 --local-mem-size 49152 \
    --build-options -cl-opt-disable --plugins "$work/accesses.so" \
    "$program" "$photo" "$style" --scales 1 --iterations 1 -o "$work/out.png" "$@" >"$work/said" 2>&1
[ -s "$work/accesses" ] || { cat "$work/said"; echo "accesses: no kernel ran"; exit 1; }
awk -F '\t' -v judged=" $judged " '
    { part = $6 ? $5 / $6 : 1 }
    $3 == 0 {
        printf "%-24s %-14s %9d accesses, %.2f of the least\n", $1, $2, $4, part
        kernels[$1]
        if (index(judged, " " $1 " ") && part > 1.25) { bad++; print "accesses: " $1 " needs too much for its " $2 }
    }
    $3 > 0 && part > 1.25 { printf "    line %4d of the program %9d accesses, %.2f of the least\n", $3, $4, part }
    END { # what a device does not take by default is not there
        split(judged, names, " ")
        for (i in names) seen += names[i] in kernels
        print seen " of " length(names) " kernels judged, " bad + 0 " of their kinds of access complained of"
        exit bad > 0 || seen < 4
    }' "$work/accesses"
