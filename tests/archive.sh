#!/bin/sh
# Makes the source archive, unpacks it elsewhere, builds what is there without warnings, runs a handful of the tests and
# installs it.
#   archive.sh SOURCE PRESET [CMAKE-OPTION...]
# 77 where the preset's compiler is not installed.
set -eu
[ -z "${PASTICHE_UNTIL-}" ] || [ "$(date +%s)" -lt "$PASTICHE_UNTIL" ] || exit 77 # too late to begin
source=$(cd "$1" && pwd) preset=$2
shift 2
compiler=
case $preset in clang) compiler=clang ;; esac
for option in "$@"; do
    case $option in -DCMAKE_C_COMPILER=*) compiler=${option#*=} ;; esac
done
[ -z "$compiler" ] || command -v "$compiler" >/dev/null || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
fail() {
    echo "archive: $preset: $*" >&2
    exit 1
}
quietly() {
    "$@" >"$work/said" 2>&1 || { tail -60 "$work/said" >&2; fail "failed: $*"; }
}

sh "$source/host/package/archive.sh" "$work/source.tar.gz"
mkdir "$work/another place"
cd "$work/another place"
(umask 077 && tar -xzf "$work/source.tar.gz")
set -- "$work/another place"/pastiche-* "$@"
cd "$1"
shift
[ ! -e .git ] && [ -f .ci/setup ] && ! ls -d build* >/dev/null 2>&1 || fail "the archive is not the sources alone"
sh host/package/archive.sh "$work/again.tar.gz"
cmp "$work/source.tar.gz" "$work/again.tar.gz" || fail "an archive of the archive has other bytes"

unset PASTICHE_LONG
build=build-$preset
[ "$preset" != release ] || build=build
CI=true # warnings are errors
export CI
quietly cmake --preset "$preset" "$@"
quietly cmake --build --preset "$preset"
quietly ctest --test-dir "$build" --no-tests=error --output-on-failure \
    -R '^(base|image|image_files|formats|importers|model|fetch|option_rows|options|job|web_service|install|fuzz_png|fuzz_http)$'
tests=$(sed -n 's/^100% tests passed, 0 tests failed out of //p' "$work/said")

DESTDIR=$work/root
export DESTDIR
quietly cmake --install "$build" --prefix /usr
[ "$(ls "$DESTDIR")" = usr ] || fail "more than /usr is installed: $(ls "$DESTDIR")"
"$DESTDIR/usr/bin/pastiche" --version | grep -q '^pastiche ' || fail "what is installed does not run"
! grep -rlF "$work" "$DESTDIR" || fail "what is installed names the folder of its build"
echo "archive: $preset: $tests tests passed, $(wc -c <"$work/source.tar.gz") bytes"
