#!/bin/sh
# gdb stops in a kernel at the line of the pattern file, and names it. usage: gdb.sh SOURCE WEFT
set -eu
command -v gdb >/dev/null || { echo "skipped: there is no gdb"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > near.weft <<'END'
# The kernel is where this pattern says what it attends to.
pattern near(w: int = 9) {
    attend past(w) | cols(0);
}
END
data=$1/tests/data/smollm2
export WEFT_DEBUG=gdb WEFT_CACHE= ASAN_OPTIONS=detect_leaks=0
gdb -nx -batch -ex 'set breakpoint pending on' -ex 'set pagination off' -ex 'break near.weft:3' -ex run -ex 'backtrace 2' \
    -ex 'info symbol $pc' --args "$2" run near.weft --q "$data/layer02_q.npy" --k "$data/layer02_k.npy" \
    --v "$data/layer02_v.npy" -o o.npy --threads 1 >said 2>&1 || true
cat said
if grep -q 'ptrace: Operation not permitted\|Could not trace the inferior\|Cannot PTRACE' said; then
    echo "skipped: this place lets nobody be traced"
    exit 77
fi
grep -qE '^#0 +(0x[0-9a-f]+ in )?weft_near_(tall|strip) \(\) at near.weft:3' said
grep -q 'attend past(w) | cols(0);' said
grep -qE '^weft_near_(tall|strip) in section .text' said
