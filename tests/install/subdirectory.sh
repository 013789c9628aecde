#!/bin/sh
# A project that has Weft's runtime as a part of it, static and with kernels made ahead of time, for AArch64, run under qemu; for this
# machine where the tools for that are not installed. usage: subdirectory.sh SOURCE BUILD
set -eu
source=$1 build=$2
folder=$build/tests/consumers/subdirectory headers=$build/tests/consumers/headers
missing=""
for tool in aarch64-linux-gnu-gcc qemu-aarch64; do command -v $tool >/dev/null || missing="$missing $tool"; done
set -- -DKERNEL_OPTIONS="--dtype;f32,bf16,f16;--head-dim;64"
if [ -z "$missing" ]; then
    # Headers that are the same everywhere, apart from those of this machine.
    mkdir -p "$headers"
    ln -sfn /usr/include/dlpack /usr/include/xxhash.h "$headers/"
    set -- "$@" -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc \
        -DDLPACK_INCLUDE_DIR="$headers" -DXXHASH_INCLUDE_DIR="$headers"
    export WEFT_TARGET=aarch64
fi
mkdir -p "$folder"
cmake -S "$source/tests/install/subdirectory" -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=None -DWEFT_SOURCE="$source" \
    -DWEFT_COMMAND="$build/bin/weft" "$@" >"$folder.log" 2>&1 &&
    cmake --build "$folder" >>"$folder.log" 2>&1 || { cat "$folder.log"; exit 1; }
if [ -z "$missing" ]; then
    qemu-aarch64 "$folder/ahead" | tee "$folder.out"
    grep -q 'code for aarch64' "$folder.out"
else
    "$folder/ahead"
    echo "skipped: AArch64, for want of$missing"
    exit 77
fi
