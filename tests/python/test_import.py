"""What `weft import` makes of masks: patterns that have exactly their pairs, of atoms where a few will do."""

import os
import random
import re
import subprocess
import tempfile
import unittest

import numpy
import weft

TOOL = os.environ["WEFT_TOOL"]

# Sets that are found again as they were written, at 96 queries and keys.
FOUND = (
    "all", "none", "causal", "past(9)", "window(5)", "band(3, 9)", "dilated(4, 3)", "rows(5..9)",
    "cols({1, 7, 30..40})",
    "(past(20) | cols(0..4)) & causal", "window(6) | global(0..2)", "window(1) | band(-30, -20)",
    "(past(8) | stride(16)) & causal", "(past(9) | where(j % 16 == 3)) & causal",
    "(where(j % 16 >= 14) | chunk(16)) & causal", "chunk(24)", "chunk(25, back = 1)", "blocks(16, window(1) | global({0, 5}))", "blocks(32, past(2)) & causal")


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def run_import(self, mask, *options, code=0):
        numpy.save(self.path("mask.npy"), mask)
        command = [TOOL, "import", self.path("mask.npy"), "-o", self.path("out.weft"), *options]
        done = subprocess.run(command, capture_output=True, check=False)
        self.assertEqual(done.returncode, code, done.stderr.decode())
        return done.stderr.decode()

    def imported(self, mask, *options):
        """The file's text, whose pattern has exactly the pairs of the mask."""
        self.run_import(mask, *options)
        with open(self.path("out.weft"), encoding="utf-8") as file:
            text = file.read()
        attention = weft.compile(self.path("out.weft"))
        arrays = {name: numpy.load(self.path(file)) for name, file in re.findall(r"--array (\w+)=(\S+)", text)}
        mask = mask if mask.ndim == 3 else mask[None]
        numpy.testing.assert_array_equal(attention.mask(*mask.shape[1:], heads=len(mask), **arrays), mask != 0)
        return text

    def set_of(self, mask, *options):
        return re.search("attend (.*);", self.imported(mask, *options)).group(1)


class Sets(Case):
    def test_found_again(self):
        for text in FOUND:
            with self.subTest(text):
                self.assertEqual(self.set_of(weft.compile_text("pattern p { attend %s; }" % text).mask(96)), text)

    def test_other_lengths(self):
        for text in FOUND:
            for lq, lk in ((50, 130), (90, 40), (1, 70), (3, 1)):
                with self.subTest(text, lq=lq, lk=lk):
                    self.imported(weft.compile_text("pattern p { attend %s; }" % text).mask(lq, lk))

    def test_random_unions(self):
        """Whatever is written has the pairs, or the file does not appear."""
        seed = random.SystemRandom().randrange(1 << 32)
        draw = random.Random(seed)
        terms = ("past({0})", "band(-{1}, {0})", "dilated({0}, {2})", "cols({0}..{1})", "rows({0})", "stride({2})",
                 "chunk({1}, back = {2})", "where(j % {1} < {2})", "blocks({2}, window({2}))", "random(1)")
        for _ in range(25):
            chosen = " | ".join(draw.choice(terms).format(draw.randint(0, 20), draw.randint(10, 40), draw.randint(1, 5))
                                for _ in range(draw.randint(1, 3)))
            text = "pattern p { attend (%s)%s; }" % (chosen, draw.choice(("", " & causal")))
            with self.subTest(text, seed=seed):
                self.imported(weft.compile_text(text).mask(draw.randint(1, 90), draw.randint(1, 90)))

    def test_documents(self):
        doc = numpy.sort(numpy.random.default_rng(0).integers(0, 5, 80))
        i, j = numpy.arange(80)[:, None], numpy.arange(80)
        same = doc[:, None] == doc
        self.assertEqual(self.set_of(same & (j <= i)), "causal & same(doc)")
        self.assertEqual(self.set_of(same & (abs(i - j) <= 3)), "window(3) & same(doc)")
        self.assertEqual(self.set_of(same & (abs(i - j - 4) <= 4)), "past(9) & same(doc)")
        self.assertEqual(self.set_of(same & ((abs(i - j) <= 3) | (j < 2)) & (j <= i)),
                         "(past(4) | cols(0..2)) & causal & same(doc)")
        self.assertEqual(self.set_of(same), "same(doc)")
        labels = numpy.load(self.path("imported_doc.npy"))
        numpy.testing.assert_array_equal(labels, numpy.unique(doc, return_inverse=True)[1])

    def test_what_no_atoms_hold(self):
        noise = numpy.random.default_rng(0)
        self.assertEqual(self.set_of(noise.random((40, 50)) < 0.3), "given(pairs)")
        blocks = noise.random((6, 6)) < 0.4
        self.assertEqual(self.set_of(blocks.repeat(16, 0).repeat(16, 1)), "blocks(16, given(tiles))")
        numpy.testing.assert_array_equal(numpy.load(self.path("imported_tiles.npy")), blocks)

    def test_heads(self):
        near, far = (weft.compile_text("pattern p { attend %s; }" % text).mask(64)[0]
                     for text in ("past(5)", "stride(8)"))
        noise = numpy.random.default_rng(0).random((64, 64)) < 0.5
        text = self.imported(numpy.stack([near, far, near, far, near, noise]), "--name", "six")
        self.assertIn("pattern six(pairs: mask) {\n    heads {1, 3}: stride(8);\n    heads 5: given(pairs);\n"
                      "    attend past(5);\n}\n", text)
        self.assertIn("6 heads", text)

    def test_types(self):
        mask = numpy.tri(9, dtype="uint8") * 7
        self.assertEqual(self.set_of(mask), "causal")
        self.run_import(mask[None, None])
        for wrong, words in ((mask.astype("int32"), "booleans"), (mask.astype("int8"), "booleans"), (numpy.asfortranarray(mask), "Fortran"),
                             (mask[None, None].repeat(2, 0), "one batch element"), (mask[0], r"\[Lq, Lk\]"),
                             (mask[:0], "empty")):
            self.assertRegex(self.run_import(wrong, "-o", self.path("no.weft"), code=1), words)
            self.assertFalse(os.path.exists(self.path("no.weft")))
        self.assertRegex(self.run_import(mask, "--name", "attend", code=2), "no name for a pattern")


class BlockMasks(Case):
    def test_there_and_back(self):
        try:
            from torch.nn.attention.flex_attention import create_block_mask
        except ImportError:
            self.skipTest("there is no PyTorch")
        rule = lambda batch, head, i, j: (i >= j) & (i - j < 100 + 50 * head)
        block_mask = create_block_mask(rule, 1, 2, 300, 300, device="cpu")
        weft.save_mask(self.path("flex.npy"), block_mask)
        text = self.imported(numpy.load(self.path("flex.npy"))[0])
        self.assertIn("    heads 1: past(150);\n    attend past(100);\n", text)


if __name__ == "__main__":
    unittest.main(warnings="ignore")
