#!/usr/bin/env python3
"""Other libraries' attention, each in a process of its own that bench/table.py starts and asks for one run at a time, so
that runs are taken in turns and no library's threads are in another's way.

usage: peers.py NAME THREADS. Reads requests and writes answers, one JSON object a line:
    {"do": "prepare", "mask", "n", "heads", "head_dim"} -> {"version", "n_run", "setup_seconds"} or {"missing"} or {"refused"}
    {"do": "run"}                                       -> {"seconds"}: of one run, at n_run
Dense attention that would take too long is run at a shorter length, n_run; whoever asks scales it by the pairs.
"""

import json
import os
import random
import sys
import time

import masks

LONGEST = 2.0  # seconds that a dense run may take
SHORTEST = 0.05  # seconds that a turn takes at least, by repeating runs
PROBE = 1024  # the length from which the time of longer ones is estimated
FLEX_BYTES_A_PAIR = 13  # that building a block mask was seen to need at most


class Refused(Exception):
    pass


def available_bytes():
    with open("/proc/meminfo", encoding="ascii") as lines:
        fields = {line.split(":")[0]: line.split()[1] for line in lines}
    return 1024 * int(fields["MemAvailable"])


# ---- dense attention: each has version, prepare(n, heads, head_dim, causal) and run() --------------------------------


class OpenBLAS:
    """The two products alone, without the softmax between them, a block of rows at a time: less than attention needs."""

    dense = True

    def __init__(self, threads):
        import numpy

        with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
            if "openblas" not in maps.read():
                raise ImportError("NumPy is here, but not on OpenBLAS")
        self.numpy = numpy
        self.version = "NumPy " + numpy.__version__

    def prepare(self, n, heads, head_dim, causal):
        normal = self.numpy.random.default_rng(0).standard_normal
        self.q, self.k, self.v = (normal((heads, n, head_dim), dtype="float32") for _ in range(3))
        self.rows = min(n, 1920, max(64, (1 << 24) // n))
        self.scores = self.numpy.empty(self.rows * n, dtype="float32")
        self.out = self.numpy.empty_like(self.q)
        self.causal = causal

    def run(self):
        heads, n, _ = self.q.shape
        for head in range(heads):
            for first in range(0, n, self.rows):
                last = min(first + self.rows, n)
                keys = last if self.causal else n
                scores = self.scores[: (last - first) * keys].reshape(last - first, keys)
                self.numpy.matmul(self.q[head, first:last], self.k[head, :keys].T, out=scores)
                self.numpy.matmul(scores, self.v[head, :keys], out=self.out[head, first:last])


class ONNXRuntime:
    """com.microsoft.MultiHeadAttention on the CPU, float32."""

    dense = True

    def __init__(self, threads):
        import numpy
        import onnxruntime

        self.numpy, self.runtime, self.threads = numpy, onnxruntime, threads
        self.version = "ONNX Runtime " + onnxruntime.__version__

    def prepare(self, n, heads, head_dim, causal):
        options = self.runtime.SessionOptions()
        options.intra_op_num_threads = self.threads
        model = attention_model(heads, heads * head_dim, causal)
        self.session = self.runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        normal = self.numpy.random.default_rng(0).standard_normal
        self.inputs = {name: normal((1, n, heads * head_dim), dtype="float32") for name in ("q", "k", "v")}

    def run(self):
        return self.session.run(None, self.inputs)[0]


class SDPA:
    """torch.nn.functional.scaled_dot_product_attention."""

    dense = True

    def __init__(self, threads):
        import torch

        torch.set_num_threads(threads)
        self.torch = torch
        self.version = "PyTorch " + torch.__version__

    def prepare(self, n, heads, head_dim, causal):
        self.torch.manual_seed(0)
        self.q, self.k, self.v = (self.torch.randn(1, heads, n, head_dim) for _ in range(3))
        self.causal = causal

    def run(self):
        attention = self.torch.nn.functional.scaled_dot_product_attention
        with self.torch.inference_mode():
            return attention(self.q, self.k, self.v, is_causal=self.causal)


# ---- sparse attention: prepare(mask, n, heads, head_dim) --------------------------------------------------------------


class FlexAttention:
    dense = False

    def __init__(self, threads):
        import torch
        from torch.nn.attention import flex_attention

        torch.set_num_threads(threads)
        self.torch, self.flex = torch, flex_attention
        self.attention = torch.compile(flex_attention.flex_attention)
        self.version = "PyTorch " + torch.__version__

    def mask_function(self, mask, n):
        if mask != "bigbird":
            function = masks.MASKS[mask]
            return lambda batch, head, i, j: function(i, j, n)
        size, blocks = masks.BLOCK, -(-n // masks.BLOCK)
        table = self.torch.zeros(blocks, blocks, dtype=self.torch.bool)
        for a, chosen in enumerate(masks.random_blocks(n, random.Random(0))):
            table[a, chosen] = True
        return lambda batch, head, i, j: masks.near_blocks(i // size, j // size, blocks) | table[i // size, j // size]

    def prepare(self, mask, n, heads, head_dim):
        needs = FLEX_BYTES_A_PAIR * n * n
        if needs > 0.8 * available_bytes():
            raise Refused("its block mask needs about %d GiB" % (needs >> 30))
        self.torch.manual_seed(0)
        self.q, self.k, self.v = (self.torch.randn(1, heads, n, head_dim) for _ in range(3))
        function = self.mask_function(mask, n)
        self.block_mask = self.flex.create_block_mask(function, None, None, n, n, device="cpu")

    def run(self):
        with self.torch.no_grad():
            return self.attention(self.q, self.k, self.v, block_mask=self.block_mask)


PEERS = {"openblas": OpenBLAS, "onnxruntime": ONNXRuntime, "sdpa": SDPA, "flex": FlexAttention}


# ---- an ONNX model in its wire format, which is protocol buffers ------------------------------------------------------


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value)


def nested(field, *parts):
    data = b"".join(part.encode() if isinstance(part, str) else part for part in parts)
    return varint(field << 3 | 2) + varint(len(data)) + data


def attention_model(heads, width, causal):
    """ModelProto of q, k, v [1, n, width] -> o, by the fields' numbers in onnx.proto."""

    def integer(name, value):
        return nested(5, nested(1, name), number(3, value), number(20, 2))  # AttributeProto, of type INT

    def tensor(field, name):
        dims = nested(1, number(1, 1)), nested(1, nested(2, "n")), nested(1, number(1, width))
        return nested(field, nested(1, name), nested(2, nested(1, number(1, 1), nested(2, *dims))))  # FLOAT

    names = [nested(1, name) for name in ("q", "k", "v")]
    node = nested(1, *names, nested(2, "o"), nested(4, "MultiHeadAttention"), integer("num_heads", heads),
                  integer("unidirectional", int(causal)), nested(7, "com.microsoft"))
    inputs = [tensor(11, name) for name in ("q", "k", "v")]
    graph = nested(7, node, nested(2, "attention"), *inputs, tensor(12, "o"))
    sets = nested(8, nested(1, ""), number(2, 17)), nested(8, nested(1, "com.microsoft"), number(2, 1))
    return number(1, 8) + graph + sets[0] + sets[1]


# ---- requests -----------------------------------------------------------------------------------------------------------


def timed(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def pairs(n, causal):
    return n * (n + 1) / 2 if causal else n * n


def prepare_dense(peer, wanted):
    """At the greatest length, n or n halved some times, at which a run does not take too long."""
    causal = wanted["mask"] in masks.CAUSAL
    shape = wanted["heads"], wanted["head_dim"], causal
    n = wanted["n"]
    probe = n
    while probe > PROBE:
        probe //= 2
    peer.prepare(probe, *shape)
    timed(peer.run)
    seconds = timed(peer.run)
    while n > probe and seconds * pairs(n, causal) / pairs(probe, causal) > LONGEST:
        n //= 2
    if n != probe:
        peer.prepare(n, *shape)
        timed(peer.run)
    return n


def prepare(peer, wanted):
    start = time.perf_counter()
    n_run = wanted["n"]
    if peer.dense:
        n_run = prepare_dense(peer, wanted)
    else:
        peer.prepare(wanted["mask"], n_run, wanted["heads"], wanted["head_dim"])
        timed(peer.run)  # compiles
    return {"version": peer.version, "n_run": n_run, "setup_seconds": time.perf_counter() - start}


def run(peer):
    seconds = timed(peer.run)
    if seconds < SHORTEST:
        runs = int(SHORTEST / seconds) + 1
        seconds = timed(lambda: [peer.run() for _ in range(runs)]) / runs
    return {"seconds": seconds}


def main():
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever the libraries print is no answer
    name, threads = sys.argv[1], int(sys.argv[2])
    peer = None
    for line in sys.stdin:
        wanted = json.loads(line)
        try:
            peer = peer or PEERS[name](threads)
            answer = prepare(peer, wanted) if wanted["do"] == "prepare" else run(peer)
        except ImportError as reason:
            answer = {"missing": str(reason)}
        except (Refused, MemoryError) as reason:
            answer = {"refused": str(reason) or "out of memory"}
        except Exception as reason:  # a library that fails is a line of the table, not the end of it
            answer = {"refused": "%s: %s" % (type(reason).__name__, str(reason).splitlines()[0] if str(reason) else "")}
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
