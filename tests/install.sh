#!/bin/sh
# Installs the project elsewhere, builds the examples with what is there, by pkg-config and by CMake, and runs them.
#   install.sh SOURCE BUILD
# 77 without the small network, pkg-config or a device.
set -eu
source=$1 build=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
    echo "install: $*" >&2
    exit 1
}
network=$source/weights/small.safetensors
[ -f "$network" ] && command -v pkg-config >/dev/null || exit 77
flags="-std=c17 -Wall -Wextra -Wpedantic${CI:+ -Werror}"

cmake --install "$build" --prefix "$work/first" >/dev/null
mv "$work/first" "$work/moved" # an installed tree may be
home=$work/moved
for file in bin/pastiche include/pastiche.h share/man/man1/pastiche.1; do
    [ -f "$home/$file" ] || fail "$file is not installed"
done
found=$(dirname "$(find "$home" -name pastiche.pc)")
PKG_CONFIG_PATH=$found
export PKG_CONFIG_PATH
[ "$(pkg-config --modversion pastiche)" = "$("$home/bin/pastiche" --version | sed 's/[^0-9]*\([0-9.]*\).*/\1/')" ] || fail "the versions differ"

# The shared library by pkg-config, the static one by CMake.
mkdir "$work/pc"
for name in photo series; do
    # shellcheck disable=SC2046,SC2086 # lists of words
    ${CC:-cc} $flags "$source/tests/examples/$name.c" -o "$work/pc/$name" $(pkg-config --cflags --libs pastiche)
done
LD_LIBRARY_PATH=$(pkg-config --variable=libdir pastiche)${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH
generator=$(sed -n 's/^CMAKE_GENERATOR:INTERNAL=//p' "$build/CMakeCache.txt")
cmake -S "$source/tests/examples" -B "$work/cmake" -G "$generator" -DCMAKE_PREFIX_PATH="$home" -DCMAKE_C_FLAGS="$flags" \
    -DEXAMPLES_LIBRARY=pastiche::pastiche_static >"$work/said" 2>&1 && cmake --build "$work/cmake" >>"$work/said" 2>&1 ||
    { cat "$work/said" >&2; fail "the examples are not built with find_package"; }

# An image of 64x44 pixels is whole: a PNG of that width and height.
is_image() {
    [ -f "$1" ] && [ "$(od -An -tu1 -j1 -N23 "$1" | tr -s ' \n' ' ')" = " 80 78 71 13 10 26 10 0 0 0 13 73 72 68 82 0 0 0 64 0 0 0 44 " ]
}
cd "$work"
! pc/photo absent.jpg absent.jpg no.png 64 2>said || fail "photo paints what is not there"
grep -q 'photo: absent.jpg' said && [ ! -f no.png ] || fail "photo does not say what is absent"
[ "${PASTICHE_LONG-}" = 1 ] || exit 0

"$home/bin/pastiche" demo --model "$network" --image-size 64 --iterations 1 --quiet || fail "the program does not run"
is_image pastiche-demo.png || fail "the program's image is wrong"
content=pastiche-landscape.png style=pastiche-strokes.png

PASTICHE_MODEL=small
export PASTICHE_MODEL
pc/photo $content $style shared.png 64 >printed || fail "photo fails"
is_image shared.png || fail "photo's image is wrong"
grep -q '^200 of 200: loss' printed && ! grep -q 'time is over' printed || fail "photo does not tell of its end"
cmake/photo $content $style static.png 64 >printed || fail "photo fails with the static library"
cmp shared.png static.png || fail "the static library paints otherwise"
pc/photo $content $style short.png 64 0 >printed || fail "photo fails when it is stopped"
is_image short.png && grep -q 'time is over' printed && ! grep -q ' of 200' printed || fail "photo is not stopped"
cmp -s short.png shared.png && fail "photo has painted after it was stopped"

cmake/series "$network" $content $style 64 10 100 1000 >printed || fail "series fails"
is_image series_1.png && is_image series_2.png && is_image series_3.png && [ ! -f series_4.png ] || fail "the series is not whole"
cmp series_2.png shared.png || fail "the default weight gives another image in a series"
cmp -s series_1.png series_2.png && fail "the weight does not matter"
cmp -s series_2.png series_3.png && fail "the weight does not matter"
[ "$(grep -c 'style weight 100$' printed)" = 1 ] || fail "the series does not tell what it is"
exit 0
