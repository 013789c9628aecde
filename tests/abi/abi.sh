#!/bin/sh
# What programs that were compiled against the headers rely on, as text: functions, the values of enumerators, the sizes and fields of
# structs. It must be weft.abi, and the libraries export these functions as version WEFT_0 and no others. --update writes weft.abi.
# usage: abi.sh SOURCE BUILD [--update]
set -eu
source=$1 build=$2
[ -e "$build/lib/libweft_runtime.so" ] || { echo "skipped: static libraries export nothing"; exit 77; }
folder=$build/tests/abi
mkdir -p "$folder"
headers="$source/runtime/include/weft/runtime.h $source/compiler/include/weft/weft.h"
dlpack=$(sed -n 's/^DLPACK_INCLUDE_DIR:PATH=//p' "$build/CMakeCache.txt")

# Declarations, each on a line.
functions() {
    # shellcheck disable=SC2086 # a list of files
    sed 's|/\*.*\*/||' $headers | awk '/^WEFT_API / {on = 1; text = ""}
        on {text = text " " $0} on && /;/ {gsub(/ +/, " ", text); sub(/^ WEFT_API /, "", text); sub(/;.*/, ";", text); print text; on = 0}'
}

# From the debugger's view of the headers: enumerators, then structs with their fields, as the compiler lays them out.
types() {
    echo '#include <weft/weft.h>' | gcc -std=c11 -g -fno-eliminate-unused-debug-types -I"$source/runtime/include" \
        -I"$source/compiler/include" -isystem "$dlpack" -x c -c - -o "$folder/types.o"
    readelf --debug-dump=info "$folder/types.o" | awk '
        function flush() {
            if (tag == "DW_TAG_enumerator" && name ~ /^WEFT_/) print name " = " value
            if (tag == "DW_TAG_structure_type") { ours = name ~ /^weft_/ && size != ""; if (ours) print "struct " name ", " size " bytes" }
            if (tag == "DW_TAG_union_type") { ours = depth > 1 || name ~ /^weft_/; if (ours) print "union " name ", " size " bytes" }
            if (tag == "DW_TAG_member" && ours && depth == 2) print "    " name " at " (at == "" ? 0 : at)
            name = size = at = value = ""
        }
        /Abbrev Number:/ { flush(); tag = $NF; gsub(/[()]/, "", tag); depth = $1; sub(/^ *</, "", depth); sub(/>.*/, "", depth) }
        /DW_AT_name/ { name = $NF }
        /DW_AT_byte_size/ { size = $NF }
        /DW_AT_const_value/ { value = $NF }
        /DW_AT_data_member_location/ { at = $NF }
        END { flush() }'
}

{ functions; types; } >"$folder/weft.abi"
[ "${3-}" != --update ] || cp "$folder/weft.abi" "$source/tests/abi/weft.abi"
diff -u "$source/tests/abi/weft.abi" "$folder/weft.abi" || {
    echo "The interface changed. Where programs that were compiled before still work: tests/abi/abi.sh SOURCE BUILD --update"
    exit 1
}
for library in weft_runtime weft; do
    nm -D --defined-only "$build/lib/lib$library.so" | sed -n 's/.* T \(weft_.*\)@@WEFT_0$/\1/p'
done | sort >"$folder/exported"
sed -n 's/^[^=]*\b\(weft_[a-z0-9_]*\)(.*/\1/p' "$source/tests/abi/weft.abi" | sort >"$folder/declared"
diff -u "$folder/declared" "$folder/exported" || { echo "what is declared is not what is exported"; exit 1; }
