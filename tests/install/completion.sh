#!/bin/bash
# Completion offers what the installed tool has: commands, a command's options, what an option may be, and files.
# usage: completion.sh SOURCE BUILD
set -eu
PATH=$2/tests/prefix/bin:$PATH
cd "$1/patterns"
. "$2/tests/prefix/share/bash-completion/completions/weft"
failed=0
# offers WORD... = ANSWER...: completing the last of the words
offers() {
    COMP_WORDS=(weft)
    while [[ $1 != "=>" ]]; do COMP_WORDS+=("$1") && shift; done
    shift
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _weft weft "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    [[ $(printf '%s\n' "${COMPREPLY[@]}" | sort) == $(printf '%s\n' "$@" | sort) ]] && return
    echo "for ${COMP_WORDS[*]}: ${COMPREPLY[*]}; wanted $*"
    failed=1
}
mapfile -t commands < <(weft help | sed -n 's/^  \([a-z]*\)  *[a-z].*/\1/p')
offers "" "=>" "${commands[@]}" --help --version
offers help ben "=>" bench
offers build --he "=>" --head-dim --header --help
for command in "${commands[@]}"; do # its options, both ways of writing them
    mapfile -t options < <(weft "$command" --help | grep -E '^  -' | grep -oE '^  (-[a-zA-Z], )?--?[a-zA-Z-]+' | tr ',' '\n' | tr -d ' ')
    offers "$command" - "=>" "${options[@]}"
done
offers ir x.weft --stage "" "=>" ast set blocks llvm asm
offers run x.weft --dtype = b "=>" bf16
offers check hyb "=>" hybrid.weft hybrid_decoder.weft hybrid_encoder.weft hybrid_hashed.weft hybrid_low_rank.weft hybrid_topk.weft
offers show hybrid.weft -o mist "=>" mistral.weft
exit $failed
