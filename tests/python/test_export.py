"""What `weft export` writes, read as the libraries read it, is the mask; in PyTorch, where it
is there, FlexAttention over it is attention over the mask."""

import os
import random
import subprocess
import tempfile
import unittest

import numpy
import weft

TOOL = os.environ["WEFT_TOOL"]
PATTERNS = {
    "window": "pattern p { attend window(20, 3); }",
    "empty_rows": "pattern p { attend where(i % 5 != 0) & past(9); }",
    "mixed": "pattern p { heads 0..2: (past(40) | cols(0..4)) & causal;"
             " heads 2..3: blocks(16, random(3)); attend all; }",
    "nothing": "pattern p { attend none; }",
    "everything": "pattern p { attend all; }",
}


def from_flex(file):
    """As create_block_mask's readers have it: full blocks count whole, of partial ones what the mask function says."""
    side, (lq, lk) = int(file["side"]), file["lengths"]
    heads, rows, columns = file["tile_of"].shape
    tiles = numpy.unpackbits(file["tiles"], axis=-1, bitorder="little").astype(bool)
    whole = tiles[file["tile_of"]].transpose(0, 1, 3, 2, 4).reshape(heads, rows * side, columns * side)
    mask = numpy.zeros_like(whole)
    for kind, all_of_it in (("kv", False), ("full_kv", True)):
        for (_, head, row), count in numpy.ndenumerate(file[kind + "_num_blocks"]):
            for column in file[kind + "_indices"][0, head, row, :count]:
                at = head, slice(row * side, (row + 1) * side), slice(column * side, (column + 1) * side)
                assert not mask[at].any() and whole[at].any()
                mask[at] = True if all_of_it else whole[at]
    assert (mask == whole).all()  # the mask function is right everywhere
    assert not mask[:, lq:].any() and not mask[:, :, lk:].any()
    return mask[:, :lq, :lk]


def from_flashinfer(file):
    """indptr, indices and packed bits, row of blocks after row of blocks, query after query in each."""
    lq, lk, rows, columns = file["sizes"]
    bits = numpy.unpackbits(file["packed_mask"], bitorder="little").astype(bool)
    mask = numpy.zeros((lq, lk), dtype=bool)
    for row in range(lq // rows):
        first, last = file["indptr"][row : row + 2]
        part = bits[first * rows * columns : last * rows * columns].reshape(rows, last - first, columns)
        for n, column in enumerate(file["indices"][first:last]):
            mask[row * rows : (row + 1) * rows, column * columns : (column + 1) * columns] = part[:, n]
    assert len(bits) == file["indptr"][-1] * rows * columns
    return mask


def from_intervals(array, lk):
    keys = numpy.arange(lk)
    inside = (array[..., :1] <= keys) & (keys < array[..., 1:])
    assert (inside.sum(2) <= 1).all()
    return inside.any(2)


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.source, self.out = (os.path.join(self.folder.name, name) for name in ("p.weft", "out"))

    def export(self, text, *options, code=0):
        with open(self.source, "w", encoding="utf-8") as file:
            file.write(text)
        done = subprocess.run([TOOL, "export", self.source, "-o", self.out, *map(str, options)], capture_output=True)
        self.assertEqual(done.returncode, code, done.stderr.decode())
        return done.stderr.decode() if code else numpy.load(self.out)


class Masks(Case):
    def test_masks(self):
        for name, text in PATTERNS.items():
            for lq, lk, side in ((130, 130, 128), (64, 200, 64), (33, 65, 8), (70, 50, 16)):
                with self.subTest(name, lq=lq, lk=lk):
                    shape = "--heads", 4, "--lq", lq, "--lk", lk
                    wanted = weft.compile_text(text).mask(lq, lk, heads=4)
                    with self.export(text, "--to", "flex", "--block", side, *shape) as file:
                        numpy.testing.assert_array_equal(from_flex(file), wanted)
                    numpy.testing.assert_array_equal(self.export(text, "--to", "npy", *shape), wanted)
                    one = self.export(text, "--to", "npy", "--head", 2, *shape)
                    numpy.testing.assert_array_equal(one, wanted[2:3])
                    if name != "mixed":
                        numpy.testing.assert_array_equal(
                            from_intervals(self.export(text, "--to", "intervals", *shape), lk), wanted)
                    if lq % side == 0 and lk % side == 0:
                        shape = "--head", 2, "--block", side, *shape
                        with self.export(text, "--to", "flashinfer", *shape) as file:
                            numpy.testing.assert_array_equal(from_flashinfer(file), wanted[2])

    def test_random_patterns(self):
        seed = random.SystemRandom().randrange(1 << 32)
        draw = random.Random(seed)
        terms = ["past({})", "window({})", "dilated({}, 3)", "cols(0..{})", "chunk({})", "blocks(8, random({}))"]
        for _ in range(20):
            text = "pattern p { attend %s; }" % " | ".join(
                draw.choice(terms).format(draw.randint(1, 30)) for _ in range(draw.randint(1, 3)))
            lq, lk, side = draw.randint(1, 12) * 16, draw.randint(1, 12) * 16, draw.choice((8, 16))
            with self.subTest(text, lq=lq, lk=lk, seed=seed):
                wanted = weft.compile_text(text).mask(lq, lk)
                shape = "--block", side, "--lq", lq, "--lk", lk
                with self.export(text, "--to", "flex", *shape) as file:
                    numpy.testing.assert_array_equal(from_flex(file), wanted)
                with self.export(text, "--to", "flashinfer", *shape) as file:
                    numpy.testing.assert_array_equal(from_flashinfer(file), wanted[0])

    def test_tiles_are_shared(self):
        with self.export(PATTERNS["window"], "--to", "flex", "--n", 2048, "--block", 64) as file:
            self.assertLessEqual(len(file["tiles"]), 8)
        text = "pattern p { heads 0..7: past(9); attend all; }"
        with self.export(text, "--to", "flex", "--n", 256, "--block", 64) as file:
            self.assertEqual(file["tile_of"].shape, (7, 4, 4))

    def test_what_data_decides(self):
        q, k = (numpy.random.default_rng(n).standard_normal((2, 96, 8), dtype="float32") for n in range(2))
        files = [os.path.join(self.folder.name, name) for name in ("q.npy", "k.npy")]
        for file, array in zip(files, (q, k)):
            numpy.save(file, array)
        text = "pattern p { attend topk(2, 16) & causal; }"
        with self.export(text, "--to", "flex", "--block", 32, "--q", files[0], "--k", files[1]) as file:
            numpy.testing.assert_array_equal(from_flex(file), weft.compile_text(text).mask(q, k))

    def test_refusals(self):
        for text, options, code, words in (
                (PATTERNS["mixed"], ("--to", "flashinfer", "--n", 64), 1, "one mask for all heads"),
                (PATTERNS["window"], ("--to", "flashinfer", "--n", 65), 1, "multiples of the block, 64"),
                ("pattern p { attend dilated(9, 2); }", ("--to", "intervals", "--n", 64), 1,
                 "row 0 of head 0 has 10 intervals of keys; at most 8"),
                (PATTERNS["window"], ("--to", "flex", "--n", 64, "--block", 12), 2, "multiple of 8"),
                (PATTERNS["window"], ("--to", "npy", "--n", 64, "--block", 8), 2, "--block goes with"),
                (PATTERNS["window"], ("--to", "flax", "--n", 64), 2, "flex"),
                (PATTERNS["window"], ("--n", 64), 2, "--to"),
                ("pattern p { attend topk(2, 16); }", ("--to", "flex", "--n", 64), 1, "depends on what a run is given"),
                (PATTERNS["nothing"], ("--to", "flex", "--n", 400000, "--block", 8), 1, "larger than 4 GiB")):
            with self.subTest(words):
                self.assertRegex(self.export(text, *options, code=code), words)
                self.assertFalse(os.path.exists(self.out))


class Flex(Case):
    def test_attention(self):
        try:
            import torch
            from torch.nn.attention.flex_attention import flex_attention
        except ImportError:
            self.skipTest("there is no PyTorch")
        compiled = torch.compile(flex_attention, backend="eager")
        for name, text in PATTERNS.items():
            for side in (16, 128):
                attention = weft.compile_text(text)
                q, k, v = (torch.randn(1, 4, 200, 16, generator=torch.Generator().manual_seed(n)) for n in range(3))
                self.export(text, "--to", "flex", "--heads", 4, "--n", 200, "--block", side)
                block_mask = weft.block_mask(self.out)
                self.assertEqual(block_mask.shape, (1, 4, 200, 200))
                mask = torch.from_numpy(attention.mask(200, heads=4))
                dense = block_mask.to_dense()[0].bool().repeat_interleave(side, 1).repeat_interleave(side, 2)
                self.assertFalse((mask & ~dense[:, :200, :200]).any().item())
                found = compiled(q, k, v, block_mask=block_mask)
                self.assertLessEqual((found - attention(q, k, v)).abs().max().item(), 2e-5, name)


if __name__ == "__main__":
    unittest.main(warnings="ignore")  # such as that rows are empty, or that a term adds no pair
