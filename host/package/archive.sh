#!/bin/sh
# Writes the source archive: the same bytes from the same files, whoever makes it, with git and without (GNU tar).
#   archive.sh FILE.tar.gz
set -eu
cd "$(dirname "$0")/../.."
to=$1
version=$(sed -n 's/^#define PST_VERSION "\(.*\)".*/\1/p' include/pastiche.h)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What is known to git; or all but what builds leave, as in an unpacked archive, where each file is as old as the commit.
if git ls-files -z >"$work/list" 2>/dev/null && [ -s "$work/list" ]; then
    epoch=$(git log -1 --format=%ct)
else
    find . -name .git -prune -o -path './build*' -prune -o -name __pycache__ -prune -o -type f -printf '%P\0' >"$work/list"
    epoch=$(find . -path ./CMakeLists.txt -printf '%Ts')
fi
LC_ALL=C sort -z "$work/list" >"$work/sorted"
tar -cf "$work/archive" --format=ustar --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --no-recursion \
    --mtime="@${SOURCE_DATE_EPOCH:-$epoch}" --transform="s|^|pastiche-$version/|" --null --verbatim-files-from -T "$work/sorted"
gzip -9nc "$work/archive" >"$to.part"
mv "$to.part" "$to"
