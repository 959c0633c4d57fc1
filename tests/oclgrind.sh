#!/bin/sh
# Runs a test program under Oclgrind and fails if that reports anything: it exits with 0 whatever it finds.
#   oclgrind.sh PROGRAM [OPTION-OF-OCLGRIND...]
#
# Kernels are compiled without optimization. What LLVM makes of them otherwise, Oclgrind 21.10 gets wrong: it widens a vector
# of true to -1 where 1 is meant, and crashes on shuffles with lanes that do not matter.
set -u
command -v oclgrind >/dev/null || exit 77
program=$1
shift
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
oclgrind --data-races --uninitialized --check-api --build-options -cl-opt-disable "$@" "$program" 2>"$log"
code=$?
if [ -s "$log" ]; then
    head -n 100 "$log" >&2
    exit 1
fi
exit $code
