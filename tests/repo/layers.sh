#!/bin/sh
# Dependencies point one way (DESIGN: support <- set <- kernel, select, lowrank <- plan <- exec; runtime <- compiler; …). usage: layers.sh SOURCE BUILD
set -eu
cd "$1"
failed=0
# forbid FOLDER REGEX: no file under FOLDER includes anything that matches.
forbid() {
    found=$(grep -rnE "#include [\"<]($2)" "$1" --include='*.[chly]' || true)
    [ -z "$found" ] && return
    printf '%s must not include %s:\n%s\n' "$1" "$2" "$found"
    failed=1
}
forbid runtime 'weft/weft.h|ast/|sema/|passes/|codegen/|compile.h|support/names.h'
forbid runtime/support 'set/|kernel/|select/|lowrank/|plan/|exec/'
forbid runtime/set 'kernel/|select/|lowrank/|plan/|exec/'
forbid runtime/kernel 'select/|lowrank/|plan/|exec/'
forbid runtime/select 'kernel/|lowrank/|plan/|exec/'
forbid runtime/lowrank 'select/|plan/|exec/'
forbid runtime/plan 'exec/'
forbid compiler/support 'ast/|sema/|passes/|codegen/|set/|kernel/|select/|lowrank/|plan/|exec/'
forbid compiler/ast 'sema/|passes/|codegen/|set/|kernel/|select/|lowrank/|plan/|exec/'
forbid grammar 'sema/|passes/|codegen/|set/|kernel/|select/|lowrank/|plan/|exec/'
forbid compiler/fmt 'sema/|passes/|codegen/|set/|kernel/|select/|lowrank/|plan/|exec/'
forbid compiler/sema 'passes/|codegen/|kernel/|select/|lowrank/|plan/|exec/'
forbid compiler/passes 'ast/|sema/|codegen/|kernel/|select/|lowrank/|plan/|exec/'
forbid compiler/cache 'ast/|sema/|passes/|select/|lowrank/|plan/|exec/|compile.h'
forbid compiler/cli 'ast/|sema/|passes/|codegen/|cache/|support/|set/|kernel/|select/|lowrank/|plan/|exec/|compile.h'
forbid examples 'ast/|sema/|passes/|codegen/|cache/|support/|set/|kernel/|select/|lowrank/|plan/|exec/|compile.h'
llvm=$(grep -rlE '#include [<"]llvm-c/' compiler runtime grammar examples bench tests --include='*.[chly]' | grep -v '^compiler/codegen/llvm/' || true)
[ -z "$llvm" ] || { printf 'llvm-c outside compiler/codegen/llvm:\n%s\n' "$llvm"; failed=1; }
printers=$(grep -rnwE 'printf|fprintf|puts|exit|abort|getenv' runtime compiler/support compiler/ast compiler/fmt compiler/sema compiler/passes compiler/cache compiler/*.c --include='*.c' |
    grep -vE '^\S+\s*(/?\*|//)' || true)
[ -z "$printers" ] || { printf 'libraries that print, exit or read the environment:\n%s\n' "$printers"; failed=1; }
exit $failed
