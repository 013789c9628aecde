#!/bin/sh
# Debian packages: what they need, and that the tool runs from where they are unpacked. usage: package.sh SOURCE BUILD
set -eu
build=$2
command -v dpkg-shlibdeps >/dev/null || { echo "skipped: packages need dpkg-dev"; exit 77; }
folder=$build/tests/packages
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
cpack --config "$build/CPackConfig.cmake" -B "$folder" -D CPACK_DEBIAN_COMPRESSION_TYPE=gzip >log 2>&1 || { cat log; exit 1; }
needs() { dpkg-deb -f "$1"_*.deb Depends; }
for package in libweft-runtime0 weft libweft-dev; do
    echo "$package needs $(needs $package)"
    dpkg-deb -x "$package"_*.deb root
done
needs libweft-runtime0 | grep -q 'libpthreadpool' || { echo "the runtime needs pthreadpool"; exit 1; }
needs libweft-runtime0 | grep -qi 'llvm\|png' && { echo "the runtime needs a compiler"; exit 1; }
needs weft | grep -q 'libllvm19.*libweft-runtime0\|libweft-runtime0.*libllvm19' || { echo "the tool needs LLVM and the runtime"; exit 1; }
needs libweft-dev | grep -q 'libweft-runtime0.*weft\|weft.*libweft-runtime0' || { echo "headers need libraries"; exit 1; }
root/usr/bin/weft check "$1/patterns/hybrid.weft"
root/usr/bin/weft doctor | grep -q '^code generator: LLVM'
