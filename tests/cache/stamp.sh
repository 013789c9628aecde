#!/bin/sh
# A code generator that changed in any way makes kernels anew, and its file is never opened where nothing changed.
# usage: stamp.sh WEFT LIBRARIES
set -eu
weft=$1 libraries=$2
[ -e "$libraries/libweft_llvm.so.0" ] || exit 77 # linked in
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/lib"
for name in libweft.so.0 libweft_runtime.so.0 libweft_llvm.so.0; do cp -L "$libraries/$name" "$folder/lib/$name"; done
echo 'pattern p { attend causal; }' > "$folder/p.weft"

# Makes or finds some kernels; prints how many are kept then.
kept() {
    LD_LIBRARY_PATH="$folder/lib" WEFT_CACHE="$folder/cache" "$weft" verify "$folder/p.weft" --lq 4 --lk 4 > "$folder/said" 2>&1 ||
        { cat "$folder/said" >&2; exit 1; }
    find "$folder/cache" -name '*.kernel' | wc -l
}
expect() { [ "$1" -eq "$2" ] || { echo "$3: $1 kernels are kept instead of $2" >&2; exit 1; }; }

first=$(kept)
[ "$first" -gt 0 ] || { echo "nothing is kept" >&2; exit 1; }
expect "$(kept)" "$first" "the same generator"
touch -d '2001-02-03' "$folder/lib/libweft_llvm.so.0"
expect "$(kept)" $((2 * first)) "a generator of another time"
echo >> "$folder/lib/libweft_llvm.so.0"
touch -d '2001-02-03' "$folder/lib/libweft_llvm.so.0"
expect "$(kept)" $((3 * first)) "a generator of another size"
size=$(stat -c %s "$folder/lib/libweft_llvm.so.0")
truncate -s 0 "$folder/lib/libweft_llvm.so.0"
truncate -s "$size" "$folder/lib/libweft_llvm.so.0"
touch -d '2001-02-03' "$folder/lib/libweft_llvm.so.0" # no library any more, but who needs it?
expect "$(kept)" $((3 * first)) "a generator that need not be opened"
