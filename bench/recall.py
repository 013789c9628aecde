#!/usr/bin/env python3
"""What the patterns of bench/recall.weft keep of causal attention on the tensors of tests/data/smollm2, as Markdown.
usage: recall.py WEFT [PATTERN…]"""

import json
import os
import re
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "../tests/data/smollm2")
PATTERNS = os.path.join(HERE, "recall.weft")


def ask(weft, command, pattern, tensors):
    options = [part for name, path in tensors.items() for part in ("--" + name, path)]
    done = subprocess.run([weft, command, PATTERNS, "-p", pattern, "--json", *options], check=True, capture_output=True,
                          text=True)
    return json.loads(done.stdout)


def cells(weft, pattern, layer):
    tensors = {name: os.path.join(DATA, "%s_%s.npy" % (layer, name)) for name in "qkv"}
    kept = ask(weft, "eval", pattern, tensors)["heads"]
    del tensors["v"]
    keys = ask(weft, "stats", pattern, tensors)["rows"]["mean_keys"]
    recall = [head["recall"] for head in kept]
    return ["%.0f" % keys, "%.1f %%" % (100 * statistics.mean(recall)), "%.1f %%" % (100 * min(recall)),
            "%.3f" % statistics.mean(head["error"] for head in kept)]


def main():
    weft = sys.argv[1]
    layers = ("layer02", "layer26")
    with open(PATTERNS, encoding="utf-8") as file:
        patterns = sys.argv[2:] or re.findall(r"^pattern (\w+)", file.read(), re.MULTILINE)
    head = ["pattern"]
    for layer in layers:
        head += ["%s: keys a row" % layer, "recall", "of the worst head", "‖Δo‖ / ‖o‖"]
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for pattern in patterns:
        line = [pattern] + [cell for layer in layers for cell in cells(weft, pattern, layer)]
        print("| " + " | ".join(line) + " |", flush=True)


if __name__ == "__main__":
    main()
