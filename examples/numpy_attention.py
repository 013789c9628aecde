#!/usr/bin/env python3
"""Attention by a pattern of one's own on NumPy arrays, beside the same by a mask of all pairs.

    WEFT_LIBRARY=build/release/lib/libweft.so PYTHONPATH=compiler/python examples/numpy_attention.py
"""

import numpy
import weft

HEADS, TOKENS, DIM = 4, 600, 64

attention = weft.compile_text("""
pattern mine(w: int = 128, sinks: int = 4, doc: labels) {
    attend (past(w) ∪ cols(0..sinks)) ∩ causal ∩ same(doc);    # no token looks into another document
}""")

random = numpy.random.default_rng(0)
q, k, v = (random.standard_normal((HEADS, TOKENS, DIM), dtype="float32") for _ in range(3))
documents = numpy.repeat(numpy.arange(3, dtype="int32"), TOKENS // 3)

o, lse = attention(q, k, v, return_lse=True, w=64, doc=documents)

mask = attention.mask(TOKENS, heads=HEADS, w=64, doc=documents)
scores = numpy.where(mask, q @ k.transpose(0, 2, 1) / DIM**0.5, -numpy.inf)
weights = numpy.exp(scores - lse[:, :, None])
print("%s: %.1f %% of all pairs" % (attention.name, 100 * mask.mean()))
print("largest difference from attention over the mask: %.1e" % abs(weights @ v - o).max())
assert abs(weights @ v - o).max() < 1e-4

for row in attention.show(TOKENS, resolution=(12, 24), w=64, doc=documents)[0]:
    print("".join(" ░▒▓█"[int(numpy.ceil(4 * share))] for share in row))
