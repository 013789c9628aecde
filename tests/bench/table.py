"""bench/table.py runs, with the libraries that are here or without; its figures are not held against anything.
usage: table.py WEFT SOURCE"""

import json
import os
import subprocess
import sys
import tempfile

weft, source = sys.argv[1:]
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "bench.json")
    command = [sys.executable, os.path.join(source, "bench/table.py"), weft, "-o", path, "--quick", "--turns", "1"]
    done = subprocess.run(command + ["--only", "dilated", "--peers", "openblas"], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    with open(path, encoding="utf-8") as file:
        result = json.load(file)
for line in result["lines"]:
    run = line["weft"][0]["runs"][0]
    assert run["n"] == 1024 and run["pairs"] == 8 * sum(i // 16 + 1 for i in range(1024)), run
    assert "| dilated 64 × 16, causal | 1024 |" in done.stdout, done.stdout
assert result["lines"] and not result["skipped"], result
assert "* OpenBLAS" in done.stdout, done.stdout
