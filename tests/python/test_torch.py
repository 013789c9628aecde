"""The module with PyTorch's tensors, against PyTorch's own attention."""

import sys
import unittest

import weft

try:
    import torch
except ImportError:
    print("skipped: there is no PyTorch")
    sys.exit(77)

CAUSAL = "pattern near(w: int = 9) { attend past(w); }"


def draw(*shape, dtype=torch.float32, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


def dense(q, k, v, mask):
    group = q.shape[-3] // k.shape[-3]
    k, v = (x.double().repeat_interleave(group, -3) for x in (k, v))
    return torch.nn.functional.scaled_dot_product_attention(q.double(), k, v, attn_mask=mask)


def past(n, w):
    i, j = torch.arange(n)[:, None], torch.arange(n)
    return (i - w < j) & (j <= i)


class Test(unittest.TestCase):
    def test_types(self):
        attention = weft.compile_text(CAUSAL)
        for dtype, error in ((torch.float32, 2e-5), (torch.float16, 4e-3), (torch.bfloat16, 3e-2)):
            q, k = draw(2, 4, 60, 32, dtype=dtype), draw(2, 2, 60, 32, dtype=dtype, seed=1)
            v = draw(2, 2, 60, 16, dtype=dtype, seed=2)
            o, lse = attention(q, k, v, return_lse=True)
            self.assertEqual((o.dtype, o.shape), (dtype, (2, 4, 60, 16)))
            self.assertEqual((lse.dtype, lse.shape), (torch.float32, (2, 4, 60)))
            self.assertLessEqual((o.double() - dense(q, k, v, past(60, 9))).abs().max().item(), error)

    def test_strides(self):
        attention = weft.compile_text(CAUSAL)
        q, k, v = (draw(1, 50, 3, 16, seed=n).transpose(1, 2) for n in range(3))  # as projections leave them
        self.assertEqual(weft._view("q", q).data, q.data_ptr())
        self.assertTrue(torch.equal(attention(q, k, v), attention(*(x.contiguous() for x in (q, k, v)))))
        self.assertTrue(torch.equal(attention(q[:, :1].expand(1, 3, 50, 16), k, v)[:, :1], attention(q, k, v)[:, :1]))

    def test_parameters(self):
        attention = weft.compile_text("pattern p(doc: labels, w: int) { attend same(doc) & past(w); }")
        q, doc = draw(1, 40, 8), torch.arange(40, dtype=torch.int32) // 7
        mask = past(40, 11) & (doc[:, None] == doc)
        o = attention(q, q, q, doc=doc, w=torch.tensor(11))
        self.assertLessEqual((o.double() - dense(q, q, q, mask)).abs().max().item(), 2e-5)
        self.assertTrue((torch.from_numpy(attention.mask(40, doc=doc, w=11))[0] == mask).all())

    def test_gradients(self):
        attention = weft.compile_text(CAUSAL)
        q = draw(1, 10, 8)
        wanted = attention(q, q, q)
        q.requires_grad_()
        with self.assertRaisesRegex(weft.ArgumentError, "requires a gradient"):
            attention(q, q, q)
        for off in (torch.no_grad, torch.inference_mode):
            with off():
                self.assertTrue(torch.equal(attention(q, q, q), wanted))

    def test_devices(self):
        q = torch.empty(1, 10, 8, device="meta")
        with self.assertRaises((weft.ArgumentError, BufferError, ValueError)):
            weft.compile_text(CAUSAL)(q, q, q)

    def test_operator(self):
        attention = weft.compile_text(CAUSAL)
        operator = attention.operator("near", w=5)
        inputs = tuple(draw(1, 2, 30, 8, seed=n) for n in range(3))
        wanted = attention(*inputs, w=5)
        self.assertTrue(torch.equal(operator(*inputs), wanted))
        self.assertTrue(torch.equal(torch.ops.weft.near(*inputs), wanted))
        torch.library.opcheck(operator, inputs)
        compiled = torch.compile(lambda q, k, v: operator(q * 2, k, v) + 1, backend="aot_eager", fullgraph=True)
        self.assertTrue(torch.equal(compiled(*inputs), attention(inputs[0] * 2, *inputs[1:], w=5) + 1))


if __name__ == "__main__":
    unittest.main()
