#!/bin/sh
# Hosts in C11 and C++17, compiled by hand with what pkg-config says of the installed Weft. usage: pkgconfig.sh SOURCE BUILD
set -eu
source=$1 build=$2
prefix=$build/tests/prefix folder=$build/tests/consumers/pkgconfig
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name weft.pc)")
export PKG_CONFIG_PATH
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
strict="-Wall -Wextra -Wpedantic -Werror"
libraries=$(pkg-config --variable=libdir weft-runtime)
[ "$(pkg-config --modversion weft)" = "$(sed -n 's/^#define WEFT_VERSION_TEXT "\(.*\)"$/\1/p' "$prefix/include/weft/runtime.h")" ]
"$prefix/bin/weft" build "$source/patterns/sliding_window.weft" -o sliding_window.o --header sliding_window.h --head-dim 64 --no-cache
# shellcheck disable=SC2046,SC2086 # lists of words
cc -std=c11 $strict "$source/examples/ahead.c" sliding_window.o -I. $(pkg-config --cflags --libs weft-runtime) \
    -Wl,-rpath,"$libraries" -o ahead
./ahead
# shellcheck disable=SC2046,SC2086
cc -std=c11 $strict "$source/examples/host.c" $(pkg-config --cflags --libs weft) -Wl,-rpath,"$libraries" -o host
./host "$source/patterns/longformer.weft" longformer
# shellcheck disable=SC2046,SC2086
c++ -std=c++17 $strict "$source/tests/install/installed/host.cpp" sliding_window.o -I. $(pkg-config --cflags --libs weft) \
    -Wl,-rpath,"$libraries" -o host_cpp
./host_cpp
