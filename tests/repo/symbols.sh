#!/bin/sh
# The shared libraries export names that begin with weft_ and nothing else, and the runtime needs neither LLVM nor the compiler.
set -eu
failed=0
[ -e "$2/lib/libweft_runtime.so" ] || exit 77
for library in weft_runtime weft weft_llvm; do
    file="$2/lib/lib$library.so"
    foreign=$(nm -D --defined-only --without-symbol-versions "$file" | awk '$2 != "A" {print $NF}' | grep -vE '^(weft_|__asan|__odr_asan|__tsan|__ubsan|_init$|_fini$)' || true)
    [ -z "$foreign" ] || { printf '%s exports:\n%s\n' "$library" "$foreign"; failed=1; }
done
only=$(nm -D --defined-only --without-symbol-versions "$2/lib/libweft_llvm.so" | awk '{print $NF}' | grep -E '^weft_' | grep -v '^weft_llvm_codegen$' || true)
[ -z "$only" ] || { printf 'the plugin exports more than its entry:\n%s\n' "$only"; failed=1; }
for library in weft_runtime weft; do
    readelf -d "$2/lib/lib$library.so" | grep -q 'NEEDED.*LLVM' && { echo "$library needs LLVM"; failed=1; }
done
readelf -d "$2/lib/libweft_runtime.so" | grep -q 'NEEDED.*libweft\.so' && { echo "the runtime needs the compiler"; failed=1; }
exit $failed
