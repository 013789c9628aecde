#!/bin/sh
# The installed manual pages say what there is: commands and options as the tool has them, atoms as the language has them, functions
# as the headers declare them. usage: manual.sh SOURCE BUILD
set -eu
source=$1 build=$2
prefix=$build/tests/prefix weft=$build/tests/prefix/bin/weft
[ -e "$build/man" ] || { echo "skipped: there was no scdoc to make pages"; exit 77; }
failed=0
page() { # SECTION: its text, unformatted
    sed -e 's/\\f[A-Z]//g' -e 's/\\-/-/g' -e 's/\\&//g' "$prefix/share/man/man$1/weft.$1"
}
lacks() { echo "weft($1) lacks $2"; failed=1; }
page 1 >"$prefix.1"
page 5 >"$prefix.5"
commands=$("$weft" help | sed -n 's/^  \([a-z]\{1,\}\)  *[a-z].*/\1/p')
[ -n "$commands" ]
for command in $commands; do
    grep -q "^\.SS weft $command" "$prefix.1" || lacks 1 "$command"
    sed -n "/^\.SS weft $command/,/^\.S[SH] /p" "$prefix.1" >"$prefix.section"
    for option in $("$weft" "$command" --help | grep -oE '^  (-[a-zA-Z], )?--?[a-zA-Z][a-z-]*' | sed 's/.* //'); do
        grep -qE -- "(^|, )$option( |\$)" "$prefix.section" || lacks 1 "$command $option"
    done
done
for section in $(sed -n 's/^\.SS weft \([a-z]*\).*/\1/p' "$prefix.1"); do
    echo "$commands" | grep -qx "$section" || { echo "weft(1) has $section, which the tool has not"; failed=1; }
done
for atom in $(sed -n 's/^ATOM([A-Z0-9_]*, \([a-z0-9_]*\),.*/\1/p' "$source/runtime/set/atoms.def") blocks; do
    grep -qw -- "$atom" "$prefix.5" || lacks 5 "$atom"
done
for name in $(grep -ohE '\bweft_(context|module|kernel|plan|run|reference)[a-z_]*' "$source/docs/man/weft.3.scd" | sort -u); do
    grep -qE "^WEFT_API .*\b$name\(" "$prefix"/include/weft/*.h || grep -qE "^function\($name\b" "$source/cmake/weft_kernels.cmake" ||
        { echo "weft(3) has $name, which no header declares"; failed=1; }
done
exit $failed
