#!/bin/sh
# promise: compile rooms analysis
# The rules of the house that a compiler does not know.
#   house.sh imports FOLDER          which room may include which; sizes and names of files; vendors' names in one place
#   house.sh format FOLDER           the dialect of .clang-format; 77 without clang-format 14
#   house.sh symbols LIBRARY...      every symbol that a library gives away begins with pst_
#   house.sh kernels FOLDER          every kernel compiles as OpenCL C 1.2 without a device, and every function that is
#                                    called without inlining is defined; 77 without clang
#   house.sh analyze FOLDER BUILD    clang-tidy 14 and cppcheck find nothing; 77 without them
#   house.sh promises FOLDER [write] each line of tests/promises has a test, and tests/README.md lists them; write: it does
#                                    afterwards
set -u
wrong=0
complain() {
    echo "$*" >&2
    wrong=1
}

# A room and all that it may use, at any depth. A room within a room has a line of its own.
rooms() {
    cat <<'END'
package package cli/options
base base
image image base
model model base
cl cl base
blas blas cl base
op op blas cl base
net net op model blas cl base
loss loss net op image model blas cl base
optim optim base
spread spread loss net optim op image model blas cl base
tune tune net op model blas cl base
transfer transfer spread loss net tune optim image op model blas cl base
web web
cli/options cli/options
cli/ranks cli/ranks cli/options
cli/run cli/run cli/ranks cli/options web
cli/draw cli/draw cli/run cli/ranks cli/options web
cli/bench cli/bench cli/draw cli/run cli/ranks cli/options web
cli/studio cli/studio cli/run cli/draw cli/ranks cli/options web
cli cli cli/studio cli/bench cli/draw cli/run cli/ranks cli/options web
END
}

# Libraries, and the files that may include their headers.
libraries() {
    cat <<'END'
clblast* host/blas/gemm.c
CL/* host/cl/*
curl/* host/model/fetch.c
hdf5.h host/model/keras.c
zip.h host/model/zip_archive.c
zlib.h host/model/mat5*.c host/image/inflate.c
jansson.h host/model/* host/tune/* host/cli/* host/web/*
stb_* host/image/codec_stb.c
png.h host/image/codec_png.c
jpeglib.h host/image/codec_jpeg.c
jerror.h host/image/codec_jpeg.c
tiffio.h host/image/codec_tiff.c host/image/tiff_*
webp/* host/image/codec_webp.c
lcms2.h host/image/profile.c
microhttpd.h host/web/serve*
mpi.h host/cli/ranks/transport_mpi.c
END
}

# Code without comments, for what comments may mention.
without_comments() {
    sed -e 's|//.*||' -e 's|/\*.*\*/||g' "$1" | sed -e '/\/\*/,/\*\//d'
}

# Which room may include which, and which file which library.
check_includes() {
    known=$(libraries | cut -d' ' -f1 | tr -d '*' | paste -s -d '|' -)
    find host -name '*.[ch]' | sort | while read -r file; do
        folder=$(dirname "$file") room=${folder#host/}
        allowed=$(rooms | sed -n "s|^$room ||p")
        [ -n "$allowed" ] || echo "$file: the room $room is not in the plan"
        sed -n 's/^ *# *include *"\([^"]*\)".*/\1/p' "$file" | while read -r header; do
            case $header in pastiche.h | pastiche_ranks.h | package/*) continue ;; esac # every room may
            [ -f "host/$header" ] || echo "$file: includes $header, which is not in the house (names begin at host/)"
            case " $allowed " in *" $(dirname "$header") "*) ;; *) echo "$file: the room $room may not use $header" ;; esac
        done
        sed -n 's/^ *# *include *<\([^>]*\)>.*/\1/p' "$file" | grep -E "^($known)" | while read -r header; do
            libraries | while read -r pattern places; do
                # shellcheck disable=SC2254 # a pattern
                case $header in $pattern) ;; *) continue ;; esac
                found=no
                for place in $places; do
                    # shellcheck disable=SC2254
                    case $file in $place) found=yes ;; esac
                done
                [ $found = yes ] || echo "$file: <$header> belongs to $places"
            done
        done
    done
}

check_vendors() {
    find host -name '*.[ch]' ! -name quirks.c | while read -r file; do
        without_comments "$file" | sed 's/pocl-opencl-icd//g' |
            grep -niwE 'nvidia|geforce|amd|radeon|intel|qualcomm|adreno|mali|powervr|apple|mesa|rusticl|pocl|portable computing language' |
            sed "s|^|$file: a vendor's name: |"
    done
}

# What is random in a result comes from the seed: host/base/random.c. The page's key is the system's.
check_random() {
    find host cl -name '*.[ch]' -o -name '*.cl' | sort | xargs grep -nE \
        '\b(s?rand|rand_r|s?random|[dlm]rand48|arc4random[a-z_]*|getrandom|getentropy)\(|/dev/u?random' |
        grep -v '^host/web/platform\.c:.*"/dev/urandom"' | sed 's|$|: randomness that is not of the seed|'
}

# Files are small, and no two in the house have one name.
check_files() {
    find host include -name '*.[ch]' | while read -r file; do
        most=450
        [ "$file" = include/pastiche.h ] && most=1100 # there is to be only one, and most of it is prose
        [ "$(wc -l <"$file")" -gt $most ] && echo "$file: more than $most lines"
    done
    for file in cl/*.cl; do
        [ "$(wc -l <"$file")" -gt 250 ] && echo "$file: more than 250 lines"
    done
    find host -name '*.[ch]' | sed 's|.*/||' | sort | uniq -d | sed 's|$|: two files of the house have this name|'
    find tests -maxdepth 1 -name '*.[ch]' -o -maxdepth 1 -name '*.py' |
        sed 's/$/: tests lie in folders: fixtures, library, program, device/'
}

# No files include each other in a circle, where a .c file and its header count as one.
check_circles() {
    find host -name '*.[ch]' | sort | xargs awk '
        FNR == 1 { own = FILENAME; sub(/^host\//, "", own); sub(/\.[ch]$/, "", own) }
        /^ *# *include *"/ { split($0, part, "\""); sub(/\.h$/, "", part[2]); if (part[2] != own) print own, part[2] }' |
        tsort 2>&1 >/dev/null |
        awk '/loop/ { if (circle) print circle; circle = "a circle of includes:"; next }
             { circle = circle " " $NF }
             END { if (circle) print circle }'
}

imports() {
    cd "$1" || exit 1
    set -f # the tables have patterns
    check_includes >"$findings"
    check_vendors >>"$findings"
    check_random >>"$findings"
    set +f
    check_files >>"$findings"
    check_circles >>"$findings"
    [ -s "$findings" ] && complain "$(cat "$findings")"
}

# One dialect: .clang-format, of one version of the formatter.
format() {
    cd "$1" || exit 1
    formatter=$(command -v clang-format-14 || command -v clang-format) || exit 77
    "$formatter" --version | grep -q 'version 14\.' || exit 77
    find host include tests cl -name '*.[ch]' -o -name '*.cl' | xargs "$formatter" --dry-run --Werror 2>"$findings" ||
        complain "$(grep -m 20 error "$findings")
run: clang-format -i FILE"
}

symbols() {
    for library in "$@"; do
        case $library in
            *.a) list="nm -g --defined-only" ;;
            *) list="nm -gD --defined-only" ;;
        esac
        $list "$library" | awk 'NF == 3 { print $3 }' | sort -u >"$findings"
        [ -s "$findings" ] || complain "$library: nm finds no symbols"
        # Address sanitizers add symbols of their own.
        strays=$(grep -vE '^(pst_|__odr_asan|__asan_|asan\.|_init$|_fini$)' "$findings")
        [ -z "$strays" ] || complain "$library: symbols without pst_: $strays"
    done
}

# The programs as host/ builds them: sources behind common.cl, then defines.
programs() {
    tile="-DVEC=16 -DNV=2 -DRT=14 -DNP=1 -DCB=16 -DC=32"
    narrow="-DVEC=8 -DNV=2 -DRT=6 -DNP=2 -DCB=32 -DC=32"
    paired="-DVEC=8 -DNV=1 -DRT=6 -DNP=4 -DCB=32 -DC=32"
    cat <<END
activation
border
ceiling
gemm
gram -DT=16
gram -DT=64
guide
im2col -DTRANSPOSED=0
im2col -DTRANSPOSED=1
loss
native_cpu
smoothness
statistics
pixels
spread
vector
wasserstein
END
    for shape in "$tile" "$narrow" "$paired"; do
        [ "$shape" = "$tile" ] && rows=8 || rows=4
        for direction in "-DRELU=1 -DMASK_OUT=1 -DMASK_IN=0 -DINJECT=0" "-DRELU=0 -DMASK_OUT=0 -DMASK_IN=1 -DINJECT=1"; do
            echo "vector_cpu+conv_direct_cpu $shape $direction -DK=64"
            for pools in "-DPOOL=0 -DUNPOOL=0" "-DPOOL=1 -DUNPOOL=0" "-DPOOL=2 -DUNPOOL=0" "-DPOOL=0 -DUNPOOL=1" "-DPOOL=0 -DUNPOOL=2"; do
                for form in "-DM=4 -DDEEP=0" "-DM=4 -DDEEP=1" "-DM=2 -DDEEP=0" "-DM=6 -DDEEP=0" "-DM=6 -DDEEP=1" "-DM=6 -DDEEP=1 -DSTREAM=1"; do
                    echo "vector_cpu+winograd_points+winograd_tile_cpu+conv_winograd_cpu $shape $direction $pools -DTB=28 -DK=64 $form"
                done
            done
        done
        echo "vector_cpu+roots+roots_cpu $shape"
        echo "vector_cpu+gram_cpu $shape -DTB=28 -DGB=32 -DGR=$rows -DGV=2 -DGP=16 -DINJECT=1 -DMASK_IN=0"
    done
    units="-DMATRIX=1 -DVEC=16 -DNV=2 -DRT=32 -DNP=1"
    echo "matrix_cpu+vector_cpu+matrix_answer_cpu $units -DCB=64"
    echo "matrix_cpu+vector_cpu+gram_cpu $units -DC=64 -DCB=64 -DTB=64 -DGB=64 -DGR=8 -DGV=2 -DGP=16 -DINJECT=1 -DMASK_IN=0"
    for unpool in 0 1 2; do
        for deep in 0 1; do
            echo "matrix_cpu+vector_cpu+winograd_points+winograd_tile_cpu+conv_winograd_cpu $units -DC=64 -DCB=64 -DTB=32 -DK=64 -DM=4 -DRELU=0 -DMASK_OUT=0 -DMASK_IN=1 -DINJECT=1 -DPOOL=0 -DUNPOOL=$unpool -DDEEP=$deep"
        done
    done
    for m in 2 4 6; do
        for lanes in 8 16; do
            echo "vector_cpu+winograd_points+winograd_filters_cpu -DM=$m -DVEC=$lanes -DLINE=1 -DMATRIX=0"
        done
        echo "vector_cpu+winograd_points+winograd_filters_cpu -DM=$m -DVEC=8 -DLINE=2 -DSTREAM=1 -DMATRIX=0"
    done
    echo "matrix_cpu+vector_cpu+winograd_points+winograd_filters_cpu $units -DCB=32 -DLINE=1 -DM=4"
    for m in 2 4; do
        echo "winograd_points+winograd_filters_gpu -DM=$m"
        for unpool in 0 1 2; do
            echo "lanes_gpu+winograd_points+winograd_input_gpu -DVN=2 -DM=$m -DLX=16 -DUNPOOL=$unpool"
        done
        echo "lanes_gpu+winograd_points+winograd_input_gpu -DVN=2 -DM=$m -DLX=16 -DUNPOOL=0 -DMASKED"
        for bits in 0 1; do
            for end in "-DFORWARD=1 -DPOOL=0 -DADD=0" "-DFORWARD=1 -DPOOL=1 -DADD=0" "-DFORWARD=1 -DPOOL=2 -DADD=0" "-DFORWARD=0 -DPOOL=0 -DADD=0" "-DFORWARD=0 -DPOOL=0 -DADD=1"; do
                echo "lanes_gpu+winograd_points+winograd_output_gpu -DVN=2 -DM=$m -DLX=16 $end -DBITS=$bits"
                echo "lanes_gpu+winograd_points+winograd_input_gpu+winograd_output_gpu+winograd_between_gpu -DVN=2 -DM=$m -DLX=8 -DDOWN=16 $end -DBITS=$bits -DUNPOOL=0"
            done
        done
        echo "lanes_gpu+winograd_points+winograd_input_gpu+winograd_output_gpu+winograd_between_gpu -DVN=2 -DM=$m -DLX=8 -DDOWN=16 -DFORWARD=0 -DPOOL=0 -DADD=0 -DBITS=0 -DUNPOOL=1"
    done
    for block in "-DGX=8 -DGY=16 -DRM=8 -DBN=64" "-DGX=8 -DGY=16 -DRM=4 -DBN=64" "-DGX=16 -DGY=16 -DRM=8 -DBN=64" "-DGX=16 -DGY=16 -DRM=4 -DBN=64" "-DGX=8 -DGY=4 -DRM=8 -DBN=16"; do
        for turned in 0 1; do
            for side in 4 6; do
                echo "block_gpu+winograd_products_gpu $block -DBK=16 -DTURNED=$turned -DSIDE=$side"
            done
            echo "block_gpu+lanes_gpu+conv_direct_gpu $block -DBK=8 -DCB=8 -DTURNED=$turned"
        done
    done
    echo "block_gpu+gram_gpu -DGX=8 -DGY=8 -DRM=8 -DBN=64 -DBK=16"
    echo "block_gpu+roots+roots_gpu -DGX=8 -DGY=8 -DRM=8 -DBN=64 -DBK=16"
    echo "block_gpu+products_gpu -DGX=8 -DGY=8 -DRM=8 -DBN=64 -DBK=16"
    echo "block_gpu+gram_gpu -DGX=8 -DGY=8 -DRM=8 -DBN=64 -DBK=16 -DMAPS=5"
    echo "lanes_gpu+conv_rgb_gpu -DVN=4"
    echo "vector_cpu+conv_rgb_cpu -DVEC=16 -DNV=2 -DRT=6 -DNP=1 -DCB=16 -DC=32 -DD=3"
    echo "vector_cpu+conv_rgb_cpu -DVEC=8 -DNV=2 -DRT=6 -DNP=2 -DCB=16 -DC=32 -DD=3"
}

kernels() {
    command -v clang >/dev/null || exit 77
    cd "$1"/cl || exit 1
    for file in *.cl; do
        case $file in built_ins.cl | common.cl) continue ;; esac
        programs | cut -d' ' -f1 | tr + '\n' | grep -qx "${file%.cl}" ||
            complain "cl/$file: in no program of house.sh"
    done
    programs | while read -r names defines; do
        for cpu in 0 1; do
            case $names:$cpu in *_cpu*:0 | *_gpu*:1) continue ;; esac
            case $names in matrix_cpu*) target="x86_64-linux-gnu -mavx512f" ;; *) target=spir64 ;; esac
            files=common.cl
            for name in $(echo "$names" | tr + ' '); do
                [ -f "$name.cl" ] && files="$files $name.cl"
            done
            # shellcheck disable=SC2086 # lists of words
            cat $files | clang -x cl -cl-std=CL1.2 --target=$target -Xclang -finclude-default-header -Wall -Werror -Wno-unused-function -Wno-unused-variable \
                -Wno-unknown-pragmas -O0 -S -emit-llvm -o "$findings.llvm" -DPST_CPU=$cpu -DPST_NATIVE=8 -DPST_FAST_FMA=$cpu -DPST_GROUP=$((64 - 63 * cpu)) -DPST_SUM_GROUP=$((256 - 255 * cpu)) $defines - >"$findings.clang" 2>&1 &&
                ! grep -E '^declare ' "$findings.llvm" | grep -vE '@(_Z|llvm\.)' >"$findings.clang" || # built-in ones
                { echo "$names (PST_CPU=$cpu $defines):" && head -n 20 "$findings.clang"; }
            [ $cpu = 0 ] || # with the declarations of built_ins.cl alone
                # shellcheck disable=SC2086
                cat built_ins.cl $files | clang -x cl -cl-std=CL1.2 --target=$target -cl-no-stdinc -include opencl-c-base.h -w -fsyntax-only \
                    -DPST_CPU=1 -DPST_NATIVE=8 -DPST_FAST_FMA=1 -DPST_GROUP=1 -DPST_SUM_GROUP=1 $defines - >"$findings.clang" 2>&1 ||
                { echo "$names with built_ins.cl ($defines):" && head -n 20 "$findings.clang"; }
        done
    done >"$findings"
    [ -s "$findings" ] && complain "$(cat "$findings")"
}

# Static analysis of host/: .clang-tidy and .cppcheck have the checks, and a reason for each exception.
analyze() {
    cd "$1" || exit 1
    tidy=$(command -v clang-tidy-14 || command -v clang-tidy) || exit 77
    command -v cppcheck >/dev/null || exit 77
    "$tidy" --version | grep -q 'version 14\.' || exit 77
    [ -f "$2/compile_commands.json" ] || exit 77
    find host -name '*.c' | xargs -P 2 -n 8 "$tidy" -p "$2" --quiet 2>"$findings.tidy" |
        grep -E ' (warning|error): ' | sort -u >"$findings"
    grep -E '^(Error|error)' "$findings.tidy" >>"$findings" # of the tool itself
    cppcheck --std=c11 --enable=warning,performance,portability --inline-suppr --quiet -j 2 \
        --suppressions-list=.cppcheck --suppress=missingIncludeSystem -I host -I include -DCL_TARGET_OPENCL_VERSION=120 \
        --template='{file}:{line}: {id}: {message}' host 2>>"$findings"
    [ -s "$findings" ] && complain "$(cat "$findings")"
}

# The table of promises: each with the files whose comments name it.
promises() {
    cd "$1/tests" || exit 1
    grep -rhoE '(/\*|#) promise: [a-z -]+' . | sed 's/.*promise: //' | tr ' ' '\n' | sort -u | while read -r key; do
        [ -z "$key" ] || grep -q "^$key |" promises || echo "tests: a file names the promise $key, which promises has not"
    done >"$findings"
    { echo '| promise | held by |' && echo '| --- | --- |'; } >"$findings.table"
    grep -v '^#' promises | while read -r line; do
        key=${line%% *}
        files=$(grep -rlE "(/\*|#) promise: ([a-z-]+ )*$key( |\$)" . | sed 's|^\./||' | sort | sed 's/.*/`&`/' | paste -sd ' ' -)
        [ -n "$files" ] || echo "tests/promises: no test holds $key"
        echo "| ${line#* | } | $files |"
    done >>"$findings.table"
    grep '^tests/promises: ' "$findings.table" >>"$findings"
    awk -v table="$findings.table" '/^<!-- promises/ { print; print ""; while ((getline line <table) > 0) print line; print ""; skip = 1 }
        /^<!-- end/ { skip = 0 }
        !skip { print }' README.md >"$findings.readme"
    if [ "${2-}" = write ]; then
        cat "$findings.readme" >README.md
    elif ! cmp -s "$findings.readme" README.md; then
        echo "tests/README.md: not the present promises; run: sh tests/house.sh promises . write" >>"$findings"
    fi
    [ -s "$findings" ] && complain "$(cat "$findings")"
}

findings=$(mktemp) || exit 1
trap 'rm -f "$findings" "$findings.clang" "$findings.llvm" "$findings.tidy" "$findings.table" "$findings.readme"' EXIT
case ${1-} in
    imports | format | symbols | kernels | analyze | promises) "$@" ;;
    *) echo "usage: house.sh imports FOLDER | format FOLDER | symbols LIBRARY... | kernels FOLDER | analyze FOLDER BUILD | promises FOLDER [write]" >&2; exit 2 ;;
esac
exit $wrong
