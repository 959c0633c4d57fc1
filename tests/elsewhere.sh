#!/bin/sh
# Compiles all of host/ for systems that this one is not: with the cross compilers that are installed, against this
# system's headers of the libraries. Nothing is linked or run.
#   elsewhere.sh SOURCE
# 77 without such a compiler.
set -u
[ -z "${PASTICHE_UNTIL-}" ] || [ "$(date +%s)" -lt "$PASTICHE_UNTIL" ] || exit 77 # too late to begin
cd "$1" || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/headers"

# The libraries' headers alone: those of the C library beside them are this system's.
link() {
    for header in "$@"; do
        [ -e "$header" ] && ln -sf "$header" "$work/headers/"
    done
}
multiarch=/usr/include/$(${CC:-cc} -print-multiarch 2>/dev/null)
link /usr/include/CL /usr/include/clblast_c.h /usr/include/clblast_half.h /usr/include/clblast_export.h /usr/include/jansson*.h \
    /usr/include/png.h /usr/include/pngconf.h /usr/include/pnglibconf.h /usr/include/j*.h "$multiarch"/jconfig.h "$multiarch"/jansson*.h \
    /usr/include/stb /usr/include/tiff*.h "$multiarch"/tiff*.h /usr/include/webp /usr/include/lcms2*.h /usr/include/zlib.h \
    /usr/include/zconf.h "$multiarch"/zconf.h /usr/include/zip.h /usr/include/zipconf.h "$multiarch"/zipconf.h \
    /usr/include/curl "$multiarch"/curl /usr/include/microhttpd.h
optional=
[ -e "$work/headers/tiffio.h" ] && optional="$optional -DPST_WITH_LIBTIFF"
[ -e "$work/headers/webp" ] && optional="$optional -DPST_WITH_WEBP"
[ -e "$work/headers/lcms2.h" ] && optional="$optional -DPST_WITH_LCMS2"
[ -e "$work/headers/zlib.h" ] && optional="$optional -DPST_WITH_ZLIB"
[ -e "$work/headers/zip.h" ] && optional="$optional -DPST_WITH_LIBZIP"
[ -e "$work/headers/curl" ] && optional="$optional -DPST_WITH_CURL"

# HDF5's headers are of one system; MPI is no system's own.
sources=$(find host -name '*.c' ! -path host/model/keras.c ! -path host/cli/ranks/transport_mpi.c ! -path 'host/package/*')
[ -e "$work/headers/microhttpd.h" ] || sources=$(echo "$sources" | grep -v '^host/web/server\.c$')
warnings="-Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wno-missing-field-initializers -Werror"

seen=0 wrong=0
for compiler in x86_64-w64-mingw32-gcc aarch64-linux-gnu-gcc arm-linux-gnueabihf-gcc musl-gcc; do
    command -v "$compiler" >/dev/null || continue
    seen=$((seen + 1))
    system= these=$sources
    case $compiler in
        *mingw32*) # pastiche-mpi is not built for Windows
            system="-D__USE_MINGW_ANSI_STDIO=1"
            these=$(echo "$sources" | grep -v '^host/cli/ranks/peers\.c$')
            ;;
    esac
    # shellcheck disable=SC2086
    echo "$these" | xargs -P "$(nproc)" -I '{}' "$compiler" -std=c17 -O1 $warnings $system $optional -DCL_TARGET_OPENCL_VERSION=120 \
        -DPST_BUILD_SHARED -Ihost -Iinclude -isystem "$work/headers" -isystem "$work/headers/stb" -c -o /dev/null '{}' \
        >"$work/$compiler" 2>&1
    if [ -s "$work/$compiler" ]; then
        echo "elsewhere: $compiler:" >&2
        grep -E 'error|warning' "$work/$compiler" | head -20 >&2
        wrong=1
    else
        echo "elsewhere: $compiler: $(echo "$these" | wc -l) files"
    fi
done
[ "$seen" -gt 0 ] || exit 77
exit "$wrong"
