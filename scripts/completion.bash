# Completion of weft's command line in bash. It asks the tool for its commands, options and choices, and so never knows others.

# The first column of `weft help`.
_weft_commands() { "$1" help | sed -n 's/^  \([a-z]\{1,\}\)  *[a-z].*/\1/p'; }

# "--name ARGUMENT" and "-x ARGUMENT", one a line, of a command.
_weft_options() {
    "$1" "$2" --help 2>/dev/null | sed -n 's/^  \(-.*\)/\1/p' | awk '
        { argument = ""; for (n = 1; n <= NF && $n ~ /^-/; n++) name[n] = $n
          if (match($0, "^(-[a-zA-Z], )?-[-a-zA-Z]+ [^ ]")) argument = $n
          for (k = 1; k < n; k++) { sub(/,$/, "", name[k]); print name[k], argument } }'
}

_weft() {
    local weft=$1 current=$2 previous=$3 command=${COMP_WORDS[1]} argument
    COMPREPLY=()
    [[ $current == = ]] && current=""
    [[ $previous == = ]] && previous=${COMP_WORDS[COMP_CWORD - 2]}
    if ((COMP_CWORD == 1)) || [[ $command == help && $current != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_weft_commands "$weft") --help --version" -- "$current")
        return
    fi
    if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_weft_options "$weft" "$command" | cut -d' ' -f1)" -- "$current")
        return
    fi
    argument=$(_weft_options "$weft" "$command" | awk -v name="$previous" '$1 == name {print $2}')
    case $argument in
    *'|'*) mapfile -t COMPREPLY < <(compgen -W "${argument//|/ }" -- "$current") ;;
    FOLDER) mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
    '' | *FILE*) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    esac
    return 0
}

complete -o filenames -F _weft weft
