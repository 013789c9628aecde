#!/usr/bin/env python3
"""A pattern as an operator of PyTorch's, in a model that torch.compile sees whole; bfloat16, for inference.

    WEFT_LIBRARY=build/release/lib/libweft.so PYTHONPATH=compiler/python examples/torch_attention.py
"""

import sys

import weft

try:
    import torch
except ImportError:
    print("this example needs PyTorch")
    sys.exit(77)  # which the tests take for "skipped"

HEADS, DIM = 4, 32

window = weft.compile_text("pattern window_and_sinks(w: int = 64) { attend (past(w) | cols(0..4)) & causal; }")
attend = window.operator("window_and_sinks", w=48)


class Layer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.project = torch.nn.Linear(HEADS * DIM, 3 * HEADS * DIM)
        self.out = torch.nn.Linear(HEADS * DIM, HEADS * DIM)

    def forward(self, x, attention):
        batch, tokens, width = x.shape
        q, k, v = self.project(x).view(batch, tokens, 3, HEADS, DIM).permute(2, 0, 3, 1, 4)  # views; none is copied
        return self.out(attention(q, k, v).transpose(1, 2).reshape(batch, tokens, width))


def dense(q, k, v):
    mask = torch.from_numpy(window.mask(q.shape[-2], w=48)[0])
    return torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)


torch.manual_seed(0)
layer = Layer().bfloat16()
x = torch.randn(2, 300, HEADS * DIM).bfloat16()
with torch.inference_mode():
    wanted = layer(x, dense)
    found = torch.compile(layer, backend="aot_eager", fullgraph=True)(x, attend)  # any backend will do
error = ((found - wanted).float().norm() / wanted.float().norm()).item()
print("difference from PyTorch's attention over the mask: %.1e of the norm" % error)
assert error < 1e-2
