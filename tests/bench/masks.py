"""The patterns of bench/cases.weft and the functions of bench/masks.py are the same sets. usage: masks.py WEFT SOURCE"""

import os
import random
import subprocess
import sys
import tempfile

weft, source = sys.argv[1:]
sys.path.insert(0, os.path.join(source, "bench"))
import masks  # noqa: E402

N = 1300  # more than the longest reach, and no multiple of a block


def mask_of(pattern):
    """The rows of the tool's mask, each as bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "mask.npy")
        command = [weft, "mask", os.path.join(source, "bench/cases.weft"), "-p", pattern, "-o", path]
        subprocess.run(command + ["--lq", str(N), "--lk", str(N), "--heads", "1"], check=True)
        with open(path, "rb") as file:
            data = file.read()[-N * N :]
    return [data[i * N : (i + 1) * N] for i in range(N)]


def compare(pattern, function):
    for i, row in enumerate(mask_of(pattern)):
        wanted = bytes(bool(function(i, j, N)) for j in range(N))
        if row != wanted:
            sys.exit("%s differs in row %d" % (pattern, i))


def compare_bigbird():
    """Which blocks are chosen at random differs; that there are as many, beside the same others, does not."""
    size, blocks = masks.BLOCK, -(-N // masks.BLOCK)
    chosen = masks.random_blocks(N, random.Random(1))
    for i, row in enumerate(mask_of("bigbird")):
        a = i // size
        for j in range(N):
            if row[j] != row[j // size * size] or (masks.near_blocks(a, j // size, blocks) and not row[j]):
                sys.exit("bigbird differs at %d, %d" % (i, j))
        far = [b for b in range(blocks) if row[b * size] and not masks.near_blocks(a, b, blocks)]
        if len(far) != len(chosen[a]):
            sys.exit("bigbird has %d random blocks in row %d, not %d" % (len(far), i, len(chosen[a])))


for name, mask in masks.MASKS.items():
    compare(name, mask)
compare_bigbird()
