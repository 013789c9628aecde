#!/bin/sh
# The manual page of the tool: TEMPLATE with what `weft help` and `weft COMMAND --help` say, for scdoc. usage: commands.sh WEFT TEMPLATE
set -eu
weft=$1 template=$2
escape() { sed -e 's/[\\_*]/\\&/g' -e 's/^[][|.#-]/\\&/'; }
# "usage: weft NAME WORDS", the summary, perhaps more, then the options: two spaces, the option, at least two spaces, what it means.
describe() {
    "$weft" "$1" --help | escape | awk '
        NR == 1 { sub(/^usage: weft /, ""); print "## weft " $0 "\n"; next }
        /^  / {
            line = substr($0, 3); at = match(line, /  +/)
            if (!at) { split(line, word, " "); at = length(word[1] " " word[2]) + 1; RLENGTH = 1 }
            left = substr(line, 1, at - 1); right = substr(line, at + RLENGTH)
            value = ""; if (match(left, / [^ -][^ ]*$/)) { value = substr(left, RSTART + 1); left = substr(left, 1, RSTART - 1) }
            print (options++ ? "" : "\n") "*" left "*" (value == "" ? "" : " _" value "_") "\n\t" right "\n"; next
        }
        { print }'
}
list() {
    printf '# COMMANDS\n\n'
    for name in $("$weft" help | sed -n 's/^  \([a-z]\{1,\}\)  *[a-z].*/\1/p'); do describe "$name"; done
}
sed '/^@COMMANDS@$/,$d' "$template"
list
sed '1,/^@COMMANDS@$/d' "$template"
