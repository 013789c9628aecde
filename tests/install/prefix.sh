#!/bin/sh
# Installs everything into BUILD/tests/prefix, and each component alone, which holds what it should. usage: prefix.sh SOURCE BUILD
set -eu
source=$1 build=$2
prefix=$build/tests/prefix
failed=0
rm -rf "$prefix" "$prefix".*
# expect COMPONENT REGEX...: every file of the component matches one of them, and all of them do.
expect() {
    component=$1
    shift
    cmake --install "$build" --prefix "$prefix.$component" --component "$component" >/dev/null
    (cd "$prefix.$component" && find . ! -type d | sed 's|^\./||' | sort) >"$prefix.files"
    for wanted; do
        grep -qE "^($wanted)\$" "$prefix.files" || { echo "$component lacks $wanted"; failed=1; }
        grep -vE "^($wanted)\$" "$prefix.files" >"$prefix.rest" || true
        mv "$prefix.rest" "$prefix.files"
    done
    [ ! -s "$prefix.files" ] || { echo "$component has what is not its own:"; cat "$prefix.files"; failed=1; }
}
lib='lib[a-z0-9_/-]*'
pages='' page=''
if [ -e "$build/man" ]; then pages='share/man/man[15]/weft\.[15]' page='share/man/man3/weft\.3'; fi
expect runtime "$lib/libweft_runtime\.so\.[0-9.]+"
expect command bin/weft "$lib/libweft\.so\.[0-9.]+" "$lib/libweft_llvm\.so\.[0-9.]+" "share/weft/patterns/[a-z0-9_]+\.weft" \
    "$lib/cmake/weft/weft-(compiler|command)[a-z-]*\.cmake" ${pages:+"$pages"} share/bash-completion/completions/weft
expect development "$lib/libweft(_runtime|_llvm|)\.so" 'include/weft/(runtime|weft|half)\.h' "$lib/pkgconfig/weft(-runtime|)\.pc" \
    "$lib/cmake/weft/weft(-runtime|-config|_kernels)[a-z-]*\.cmake" ${page:+"$page"}
cmake --install "$build" --prefix "$prefix" >/dev/null
found=$(grep -rlE "$source|$build" "$prefix"/lib*/cmake "$prefix"/lib*/pkgconfig "$prefix/include" || true)
[ -z "$found" ] || { printf 'these name the folder that Weft was built in:\n%s\n' "$found"; failed=1; }
exit $failed
