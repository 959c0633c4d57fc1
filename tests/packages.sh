#!/bin/sh
# Builds the Debian packages, installs them into a bare system, runs the demonstration there and compiles an example.
#   packages.sh SOURCE [SUITE...]
# SUITE: bookworm, trixie ...; by default that of this machine. For another one the packages are built within it. 77 where
# bare systems cannot be made (they need root, debootstrap and the network) or this one lacks dpkg-dev or file.
set -eu
[ -z "${PASTICHE_UNTIL-}" ] || [ "$(date +%s)" -lt "$PASTICHE_UNTIL" ] || exit 77 # too late to begin
source=$(cd "$1" && pwd)
shift
own=$(. /etc/os-release 2>/dev/null && echo "${VERSION_CODENAME-}")
[ $# -gt 0 ] || set -- "$own"
mirror=${PASTICHE_DEBIAN_MIRROR-http://deb.debian.org/debian}
[ "$(id -u)" = 0 ] && command -v debootstrap >/dev/null && [ -n "$own" ] || exit 77
work=$(mktemp -d)
leave() {
    umount "$work"/*/proc "$work"/*/sys 2>/dev/null || true
    rm -rf --one-file-system "$work"
}
trap leave EXIT
trap 'exit 1' INT TERM
fail() {
    echo "packages: $*" >&2
    exit 1
}
quietly() {
    "$@" >"$work/said" 2>&1 || { tail -40 "$work/said" >&2; fail "failed: $*"; }
}

bare_system() { # SUITE FOLDER
    debootstrap --variant=minbase "$1" "$2" "$mirror" >"$work/said" 2>&1 || { tail -3 "$work/said" >&2; exit 77; }
    cp /etc/resolv.conf "$2/etc/" 2>/dev/null || true
    mount -t proc proc "$2/proc" && mount -t sysfs sys "$2/sys" || exit 77 # OpenCL drivers look there
}
inside() { # FOLDER COMMAND
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive chroot "$1" sh -c "$2"
}
build='cmake --preset packages && cmake --build --preset packages && cpack --preset packages'

for suite in "$@"; do
    root=$work/$suite
    mkdir "$work/source.$suite"
    (cd "$source" && tar -cf - --exclude=./.git --exclude='./build*' .) | tar -xf - -C "$work/source.$suite"
    bare_system "$suite" "$root"
    if [ "$suite" = "$own" ]; then
        command -v dpkg-shlibdeps >/dev/null && command -v file >/dev/null || exit 77
        (cd "$work/source.$suite" && quietly sh -c "$build")
    else
        bare_system "$suite" "$root.build"
        mv "$work/source.$suite" "$root.build/root/source"
        quietly inside "$root.build" "cd /root/source && sh .ci/setup && apt-get install -qq -y --no-install-recommends dpkg-dev file && $build"
        mv "$root.build/root/source" "$work/source.$suite"
    fi
    mkdir "$root/root/packages"
    cp "$work/source.$suite"/build-packages/*.deb "$root/root/packages"
    if command -v lintian >/dev/null; then
        lintian --allow-root --fail-on error "$root"/root/packages/*.deb >"$work/said" 2>&1 ||
            { grep '^E' "$work/said" >&2; fail "lintian finds errors"; }
    fi

    # Small, but for the networks that it carries.
    package=$(wc -c <"$(echo "$root"/root/packages/pastiche_*.deb)") networks=0
    for network in "$source"/weights/*.safetensors; do
        networks=$((networks + $(gzip -9nc "$network" | wc -c)))
    done
    [ $((package - networks)) -lt 3000000 ] || fail "$suite: a package of $package bytes, $networks of them for networks"

    # From nothing to the first image.
    quietly inside "$root" 'apt-get update -qq'
    begun=$(date +%s)
    quietly inside "$root" 'apt-get install -qq -y /root/packages/pastiche_*.deb'
    installed=$(date +%s)
    quietly inside "$root" 'cd /root && pastiche demo --image-size 256 --iterations 30'
    painted=$(date +%s)
    [ "$(od -An -c -j1 -N3 "$root/root/pastiche-demo.png" | tr -d ' \n')" = PNG ] || fail "$suite: no image is painted"
    quietly inside "$root" 'zcat /usr/share/man/man1/pastiche.1.gz 2>/dev/null | grep -q PASTICHE || test ! -d /usr/share/man/man1'
    quietly inside "$root" 'grep -q "model medium" /usr/share/doc/pastiche/copyright &&
        grep -q "small medium" /usr/share/bash-completion/completions/pastiche &&
        grep -q "small medium" /usr/share/fish/vendor_completions.d/pastiche.fish'

    # What a developer installs.
    quietly inside "$root" 'apt-get install -qq -y --no-install-recommends gcc libc6-dev pkg-config /root/packages/libpastiche*.deb'
    cp "$source/tests/examples/photo.c" "$root/root/"
    quietly inside "$root" 'cd /root && cc -std=c17 photo.c -o photo $(pkg-config --cflags --libs pastiche) &&
        ./photo pastiche-landscape.png pastiche-strokes.png photo.png 64 2'
    # The program for MPI beside the others; and nothing is left of them in the end.
    if [ "${PASTICHE_LONG-}" = 1 ] && ls "$root"/root/packages/pastiche-mpi_*.deb >/dev/null 2>&1; then
        quietly inside "$root" 'apt-get install -qq -y --no-install-recommends /root/packages/pastiche-mpi_*.deb &&
            pastiche-mpi --version'
    fi
    quietly inside "$root" 'apt-get remove -qq -y "pastiche*" "libpastiche*"'
    [ ! -e "$root/usr/bin/pastiche" ] || fail "$suite: the program is left after its removal"
    umount "$root/proc" "$root/sys"
    echo "packages: $suite: installed in $((installed - begun)) s, painted in $((painted - installed)) s;" \
        "program's package of $package bytes, $((package - networks)) without networks"
done
