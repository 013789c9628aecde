"""The module with NumPy's arrays, and with objects that have nothing but __dlpack__."""

import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile
import unittest
import warnings

import numpy
import reference
import weft

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
LONGFORMER = os.path.join(SOURCE, "patterns", "longformer.weft")
WINDOW = "pattern window_of(w: int = 5) { attend past(w); }"


def draw(*shape, seed=0, dtype="float32"):
    return numpy.random.default_rng(seed).standard_normal(shape).astype(dtype)


def past(lq, lk, w):
    i, j = numpy.arange(lq)[:, None] + lk - lq, numpy.arange(lk)
    return (i - w < j) & (j <= i)


class Test(unittest.TestCase):
    def near(self, found, wanted, error=2e-5):
        self.assertEqual(found.shape, wanted.shape)
        finite = numpy.isfinite(wanted)
        numpy.testing.assert_array_equal(found[~finite], wanted[~finite])
        self.assertLessEqual(abs(found[finite].astype("float64") - wanted[finite]).max(), error)


class Results(Test):
    def test_shapes(self):
        attention = weft.compile_text(WINDOW)
        for batch, heads, kv, lq, lk, d, dv in (((), 1, 1, 1, 1, 8, 8), ((), 4, 2, 70, 90, 16, 24),
                                                ((3,), 2, 1, 33, 20, 8, 8)):
            q, k, v = draw(*batch, heads, lq, d), draw(*batch, kv, lk, d, seed=1), draw(*batch, kv, lk, dv, seed=2)
            o, lse = attention(q, k, v, return_lse=True, w=7)
            self.assertEqual((o.dtype, lse.dtype), ("float32", "float32"))
            for found, wanted in zip((o, lse), reference.attention(q, k, v, past(lq, lk, 7))):
                self.near(found, wanted)
            numpy.testing.assert_array_equal(attention(q, k, v, w=7), o)

    def test_float16(self):
        q, k, v = (draw(2, 50, 32, seed=n, dtype="float16") for n in range(3))
        o = weft.compile_text(WINDOW)(q, k, v)
        self.assertEqual(o.dtype, "float16")
        self.near(o, reference.attention(q, k, v, past(50, 50, 5))[0], 4e-3)

    def test_strides(self):
        """Nothing is copied, whatever the strides, and read-only memory will do."""
        attention = weft.compile_text(WINDOW)
        compact = [draw(2, 40, 16, seed=n) for n in range(3)]
        wanted = attention(*compact)
        for change in (lambda a: numpy.asfortranarray(a), lambda a: a[:, ::-1].copy()[:, ::-1],
                       lambda a: a.repeat(3, axis=2)[:, :, ::3],
                       lambda a: a.transpose(1, 0, 2).copy().transpose(1, 0, 2)):
            changed = [change(a) for a in compact]
            for a in changed:
                a.flags.writeable = False
                self.assertEqual(weft._view("a", a).data, a.ctypes.data)
            numpy.testing.assert_array_equal(attention(*changed), wanted)
        shared = numpy.broadcast_to(compact[0][:1], (2, 40, 16))
        numpy.testing.assert_array_equal(attention(shared, *compact[1:]), attention(shared.copy(), *compact[1:]))

    def test_threads(self):
        attention = weft.compile_text(WINDOW, threads=2)
        inputs = [[draw(2, 100 + n, 16, seed=n + m) for m in range(3)] for n in range(12)]
        wanted = [weft.compile_text(WINDOW)(*arrays) for arrays in inputs]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for found, right in zip(pool.map(lambda arrays: attention(*arrays), inputs), wanted):
                numpy.testing.assert_array_equal(found, right)

    def test_nothing_is_held(self):
        attention = weft.compile_text(WINDOW)
        q = draw(1, 10, 8)
        before = sys.getrefcount(q)
        attention(q, q, q)
        self.assertEqual(sys.getrefcount(q), before)


class Parameters(Test):
    def test_numbers(self):
        attention = weft.compile_text("pattern p(w: int, c: float = 1.0, b: bool = false) {"
                                      " attend b ? all : past(w); scale c; }")
        self.assertEqual(attention.parameters, {"w": "int", "c": "float", "b": "bool"})
        q, k, v = (draw(1, 30, 16, seed=n) for n in range(3))
        self.near(attention(q, k, v, w=numpy.int64(4), c=0.25), reference.attention(q, k, v, past(30, 30, 4))[0])
        everything = reference.attention(q, k, v, numpy.full((30, 30), True))[0]
        for true in (True, numpy.True_, numpy.array(True)):
            self.near(attention(q, k, v, w=4, c=numpy.float32(0.25), b=true), everything)

    def test_arrays_that_decide_pairs(self):
        """They are read when they are given: a change is seen by the next call, and not by plans that were kept."""
        attention = weft.compile_text("pattern p(doc: labels, far: tokens, m: mask) {"
                                      " attend same(doc) | cols(far) | given(m); }")
        q, k, v = (draw(2, 24, 8, seed=n) for n in range(3))
        doc, m = numpy.arange(24, dtype="int32") // 5, draw(24, 24) > 1
        for first in (0, 3, 0):
            doc[:9] = first
            mask = (doc[:, None] == doc) | numpy.isin(numpy.arange(24), [first, 20]) | m
            wanted = reference.attention(q, k, v, mask)[0]
            self.near(attention(q, k, v, doc=doc, far=[first, 20], m=m), wanted)
            numpy.testing.assert_array_equal(attention.mask(24, heads=2, doc=doc, far=[first, 20], m=m)[1], mask)
        self.assertEqual(len(attention._plans), 2)

    def test_arrays_of_a_run(self):
        attention = weft.compile_text("pattern p(pick: keys, b: per_head, t: table) {"
                                      " attend listed(pick); bias b[h] * (i - j) + t[0]; }")
        q, k, v = (draw(2, 20, 8, seed=n) for n in range(3))
        i, j = numpy.arange(20)[:, None], numpy.arange(20)
        for seed in range(3):
            pick = numpy.random.default_rng(seed).integers(0, 20, (2, 20, 4)).astype("int32")
            slopes = draw(2, seed=seed)
            mask = (pick[..., None] == j).any(2)
            bias = slopes[:, None, None].astype("float64") * (i - j) + seed
            o = attention(q, k, v, pick=pick.tolist(), b=slopes, t=[float(seed)])
            self.near(o, reference.attention(q, k, v, mask, bias)[0], 1e-4)
            numpy.testing.assert_array_equal(attention.mask(20, heads=2, pick=pick, b=slopes, t=[0.0]), mask)

    def test_plans_are_kept(self):
        attention = weft.compile_text(WINDOW)
        attention.MOST_PLANS = 3
        q = draw(1, 10, 8)
        attention(q, q, q, w=1)
        kept = next(iter(attention._plans.values()))
        for w in (2, 3, 1, 4):  # 1 is used again, so 2 goes
            attention(q, q, q, w=w)
        self.assertEqual(len(attention._plans), 3)
        self.assertIn(kept, attention._plans.values())

    def test_no_keys(self):
        attention = weft.compile_text("pattern p { attend all; shared_qk; }")
        q = draw(1, 12, 8)
        norm = numpy.linalg.norm(q, axis=-1, keepdims=True)
        mask = ~numpy.eye(12, dtype=bool)
        self.near(attention(q, None, q), reference.attention(q, q / norm, q, mask)[0])


class Looking(Test):
    def test_mask(self):
        attention = weft.compile(LONGFORMER, "longformer")
        i, j = numpy.arange(50)[:, None], numpy.arange(50)
        mask = attention.mask(50, w=4, g=2)
        self.assertEqual((mask.dtype, mask.shape), (bool, (1, 50, 50)))
        numpy.testing.assert_array_equal(mask[0], (abs(i - j) <= 4) | (i < 2) | (j < 2))
        numpy.testing.assert_array_equal(weft.compile_text(WINDOW).mask(7, 12, heads=3, w=3), [past(7, 12, 3)] * 3)

    def test_heads_that_are_named(self):
        attention = weft.compile_text("pattern p { heads 2..3: causal; attend all; }")
        numpy.testing.assert_array_equal(attention.mask(9).all((1, 2)), [True, True, False])

    def test_what_data_decides(self):
        attention = weft.compile_text("pattern p { attend topk(1, 4, by = mean, force = none); }")
        q, k = draw(2, 2, 10, 8), draw(2, 1, 12, 8, seed=1)
        best = numpy.einsum("bhid,bjd->bhij", q, k.reshape(2, 3, 4, 8).mean(2)).argmax(-1)
        numpy.testing.assert_array_equal(attention.mask(q, k), best[..., None] == numpy.arange(12) // 4)
        numpy.testing.assert_array_equal(attention.mask(q[1], k[1]), attention.mask(q, k)[1])
        with self.assertRaisesRegex(weft.Error, "E0401"):
            attention.mask(10, 12)

    def test_show(self):
        attention = weft.compile_text(WINDOW)
        mask = attention.mask(64, w=9)[0]
        numpy.testing.assert_array_equal(attention.show(64, w=9)[0], mask)
        share = attention.show(64, resolution=(16, 8), w=9)
        self.assertEqual((share.dtype, share.shape), ("float32", (1, 16, 8)))
        numpy.testing.assert_array_equal(share[0], mask.reshape(16, 4, 8, 8).mean((1, 3), dtype="float32"))
        q = draw(2, 1, 30, 8)
        self.assertEqual(attention.show(q, q).shape, (2, 1, 30, 30))


class OnlyDLPack:
    """What other libraries' arrays are to the module."""

    def __init__(self, array, device=1):
        self.array, self.device = array, device

    def __dlpack_device__(self):
        return self.device, 0

    def __dlpack__(self):
        return self.array.__dlpack__()


class Versioned(OnlyDLPack):
    """Of version 1, of a library with a namespace."""

    def __dlpack__(self, *, max_version=None):
        try:
            return self.array.__dlpack__(max_version=max_version)
        except TypeError:  # NumPy 1 has only the old one
            return self.array.__dlpack__()

    def __array_namespace__(self):
        class Namespace:
            from_dlpack = staticmethod(Versioned)
        return Namespace


class Protocol(Test):
    def test_results(self):
        attention = weft.compile_text(WINDOW)
        arrays = [draw(2, 40, 16, seed=n).transpose(0, 2, 1).copy().transpose(0, 2, 1) for n in range(3)]
        wanted = attention(*arrays)
        o = attention(*map(OnlyDLPack, arrays))
        self.assertIsInstance(o, numpy.ndarray)
        numpy.testing.assert_array_equal(o, wanted)
        o, lse = attention(*map(Versioned, arrays), return_lse=True)
        self.assertIsInstance(o, Versioned)
        numpy.testing.assert_array_equal(o.array, wanted)
        numpy.testing.assert_array_equal(lse.array, attention(*arrays, return_lse=True)[1])

    def test_parameters(self):
        attention = weft.compile_text("pattern p(doc: labels, pick: keys) { attend same(doc) | listed(pick); }")
        doc, pick = numpy.arange(12, dtype="int32") // 4, numpy.zeros((12, 1), dtype="int32")
        wanted = attention.mask(12, doc=doc, pick=pick)
        numpy.testing.assert_array_equal(attention.mask(12, doc=OnlyDLPack(doc), pick=Versioned(pick)), wanted)

    def test_memory_is_given_back(self):
        attention = weft.compile_text(WINDOW)
        q = draw(1, 10, 8)
        before = sys.getrefcount(q)
        for kind in (OnlyDLPack, Versioned):
            attention(kind(q), kind(q), kind(q))
            self.assertEqual(sys.getrefcount(q), before)

    def test_other_devices(self):
        q = draw(1, 10, 8)
        with self.assertRaisesRegex(weft.ArgumentError, "k is not in the memory of the CPU"):
            weft.compile_text(WINDOW)(q, OnlyDLPack(q, device=2), q)


class Mistakes(Test):
    def test_text(self):
        words = r"(?s)<text>:1:20: error\[E0101\].*\^.*did you mean `window`"
        with self.assertRaisesRegex(weft.PatternError, words) as found:
            weft.compile_text("pattern p { attend windo(3); }")
        diagnostic, = found.exception.diagnostics
        self.assertEqual(diagnostic, weft.Diagnostic("E0101", True, "<text>", 1, 20, "unknown name `windo`", "window"))
        with self.assertRaisesRegex(weft.PatternError, "mine.weft:1:"):
            weft.compile_text("pattern", name="mine.weft")

    def test_files(self):
        with self.assertRaisesRegex(weft.FileError, "nowhere.weft") as found:
            weft.compile("nowhere.weft")
        self.assertIsInstance(found.exception, OSError)

    def test_imports(self):
        text = 'import "longformer.weft"; pattern p { attend longformer(3); }'
        attention = weft.compile_text(text, import_paths=[os.path.join(SOURCE, "patterns")])
        self.assertEqual(attention.name, "p")
        with self.assertRaisesRegex(weft.Error, "longformer.weft"):
            weft.compile_text(text)

    def test_names(self):
        for pattern, words in ((None, "which pattern.*longformer, .*longformer_causal"), ("q", "no pattern of that")):
            with self.assertRaisesRegex(weft.ArgumentError, words):
                weft.compile(LONGFORMER, pattern)
        with self.assertRaisesRegex(weft.ArgumentError, "no pattern"):
            weft.compile_text("set s = all;")

    def test_warnings(self):
        with self.assertWarnsRegex(weft.PatternWarning, r"warning\[W") as found:
            weft.compile_text("pattern p { attend past(0); }")
        self.assertEqual(found.filename, __file__)

    def test_calls(self):
        attention = weft.compile_text(WINDOW)
        q = draw(2, 10, 8)
        odd = numpy.zeros((2, 10, 8), dtype=[("x", "f4"), ("y", "u1")])["x"]
        for arrays, parameters, words in (
                ((q, q, q), {"x": 3}, "no parameter `x`"), ((q, q, q), {"w": 2.5}, "w"),
                ((q, q, q), {"w": 1 << 63}, "64 bits"), ((q, q, q), {"w": "3"}, "neither a number"),
                ((q, q, q), {"w": q}, "w"), ((q.astype("float64"),) * 3, {}, "neither float32"),
                ((q, q.astype("float16"), q), {}, "k has elements of float16"),
                ((q.astype(">f4"), q, q), {}, "q has elements of >f4"), ((odd, q, q), {}, "no multiples"),
                ((q[0], q, q), {}, "three dimensions"), ((q, q, q[:, :5]), {}, "v has the shape"),
                ((q, None, q), {}, "k is missing"), ((q[..., 0],) * 3, {}, "three dimensions")):
            with self.subTest(words), self.assertRaisesRegex(weft.ArgumentError, words) as found:
                attention(*arrays, **parameters)
            self.assertIsInstance(found.exception, ValueError)
        with self.assertRaisesRegex(TypeError, "q is of type list"):
            attention([[1.0]], q, q)
        with self.assertRaisesRegex(weft.ArgumentError, "heads goes with lengths"):
            attention.mask(q, q, heads=2)
        with self.assertRaisesRegex(weft.Error, "head"):
            attention(draw(1, 10, 300), draw(1, 10, 300), draw(1, 10, 300))
        demanding = weft.compile_text('pattern p(w: int = 1) { require w > 0, "positive, please"; attend past(w); }')
        with self.assertRaisesRegex(weft.PatternError, "positive"):
            demanding.mask(9, w=-1)

    def test_no_library(self):
        script = "import weft\ntry:\n    weft.version()\nexcept OSError as reason:\n    print(reason)"
        environment = {**os.environ, "WEFT_LIBRARY": "/nowhere/libweft.so"}
        said = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True)
        self.assertRegex(said.stdout.decode(), "nowhere.*set WEFT_LIBRARY")

    def test_version(self):
        with open(os.path.join(SOURCE, "compiler", "python", "pyproject.toml"), encoding="utf-8") as project:
            self.assertEqual(weft.version(), re.search('version = "(.*)"', project.read()).group(1))


class Cache(Test):
    def test_folder(self):
        with tempfile.TemporaryDirectory() as folder:
            q = draw(1, 10, 8)
            weft.compile_text(WINDOW, cache=os.path.join(folder, "a"))(q, q, q)
            self.assertEqual([os.path.splitext(name)[1] for name in os.listdir(os.path.join(folder, "a"))], [".kernel"])


if __name__ == "__main__":
    warnings.simplefilter("error")
    unittest.main()
