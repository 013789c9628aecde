#!/bin/sh
# Runs every command of the README's ```sh blocks, as a reader would, in a copy of the build. The two commands that do everything
# (scripts/demo, scripts/test) are left out: this test is part of one, and the other has its own.
set -eu
source=$1 build=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/build"
ln -s "$source/patterns" "$source/tests" "$source/examples" "$source/scripts" "$source/compiler" "$folder/"
ln -s "$build" "$folder/build/release"
cd "$folder"
# First the files that the README has its reader write: ```weft blocks that begin with "# NAME.weft".
awk '/^```weft$/ {on = 1; name = ""; next} /^```$/ {on = 0; name = ""}
     on && name == "" && /^# [a-z_]+\.weft/ {name = $2; sub(/[:,]$/, "", name)} on && name != "" {print > name}' "$source/README.md"
awk '/^```sh$/ {on = 1; next} /^```$/ {on = 0} on' "$source/README.md" | grep -vE '^(scripts/|git |cmake |ctest |#|$)' > commands
[ -s commands ] || { echo "the README has no commands"; exit 1; }
cat commands
sh -eux commands
