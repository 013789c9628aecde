#!/bin/sh
# Projects that find the installed Weft by CMake: the examples, and a host in C++17. usage: cmake.sh SOURCE BUILD
set -eu
source=$1 build=$2
folder=$build/tests/consumers
make_project() { # SOURCE NAME
    rm -rf "${folder:?}/$2"
    cmake -S "$1" -B "$folder/$2" -G Ninja -DCMAKE_PREFIX_PATH="$build/tests/prefix" >"$folder.log" 2>&1 &&
        cmake --build "$folder/$2" >>"$folder.log" 2>&1 || { cat "$folder.log"; exit 1; }
}
make_project "$source/examples" examples
make_project "$source/tests/install/installed" installed
cd "$folder"
examples/ahead
examples/host "$source/patterns/longformer.weft" longformer
examples/layer "$source/patterns/hybrid.weft"
examples/parallel_for "$source/patterns/streaming_llm.weft"
installed/installed
readelf -d examples/ahead | grep NEEDED | grep -E 'LLVM|libweft\.' && { echo "a host without compiler needs one"; exit 1; }
readelf -d examples/ahead | grep TEXTREL && { echo "the code of a host is relocated when it is loaded"; exit 1; }
exit 0
