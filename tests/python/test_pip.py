"""pip installs the module from the tree, and what it installed works elsewhere. Nothing is fetched from anywhere."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile

if not all(importlib.util.find_spec(name) for name in ("pip", "setuptools", "wheel")):
    print("skipped: there is no pip, or no setuptools and wheel for it to build with")
    sys.exit(77)

project = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "compiler", "python")
script = """
import numpy, weft
q = numpy.ones((1, 4, 8), "float32")
assert weft.__file__.startswith({!r}), weft.__file__
assert (weft.compile_text("pattern p {{ attend causal; }}")(q, q, q) == 1).all()
"""
with tempfile.TemporaryDirectory() as folder:
    copy, site = os.path.join(folder, "copy"), os.path.join(folder, "site")
    shutil.copytree(project, copy)  # since building leaves files in the tree
    options = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--no-cache-dir", "--target", site]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, copy], check=True)
    environment = {**os.environ, "PYTHONPATH": site}
    subprocess.run([sys.executable, "-c", script.format(site)], check=True, env=environment, cwd=folder)
