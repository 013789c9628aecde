#!/usr/bin/env python3
"""The whole table in one command: dense and sparse cases, and lengths from 1k to 1M, each beside other libraries where
Python can import them (bench/peers.py). Everything of a line is measured in turns, and ratios are what counts.

Markdown goes to standard output, all figures as JSON to a file, progress to standard error.
"""

import argparse
import collections
import datetime
import json
import os
import subprocess
import sys

import masks
import report

HERE = os.path.dirname(os.path.abspath(__file__))
PATTERNS = os.path.join(HERE, "cases.weft")

# goal: percent of the peak, on allowed pairs
Case = collections.namedtuple("Case", "section name pattern n heads head_dim threads goal dtype", defaults=("f32",))

SPARSE = (
    ("window ±256", "window", 16384, 78),
    ("Longformer ±256, 16 global", "longformer", 16384, 76),
    ("BigBird, 64-blocks, 3 random", "bigbird", 16384, 75),
    ("past 1024 + 4 sinks", "sinks", 32768, 84),
    ("Longformer ±256, 16 global", "longformer", 65536, 74),
    ("dilated 64 × 16, causal", "dilated", 16384, None),
)


# Pairs that are estimated: other libraries have none.
RESTS = (
    ("Performer, 128 features", "performer", 70),
    ("Performer, 256 features", "performer_256", 70),
    ("Performer, 128 features, causal", "performer_causal", None),
    ("past 256", "past_256", None),
    ("Scatterbrain, past 256, 128 features", "scatterbrain_causal", None),
)

HARD = (
    ("checkered", "checkered"),
    ("one row in 16", "lone_rows"),
    ("one diagonal in 65", "diagonals"),
    ("two residue classes", "two_classes"),
)

# what q and k decide: random ones; choosing counts as work
DECIDED = (
    ("LSH, 2 rounds, 16 × 16 buckets", "hash_256", 16384, 62),
    ("LSH, 2 rounds, 32 × 32 buckets", "hash_1024", 65536, 62),
    ("top 16 blocks of 64, causal", "top_blocks", 16384, 62),
    ("top 16 blocks of 64, causal", "top_blocks", 65536, 62),
    ("1000 columns, 200 diagonals", "lines", 16384, 59),
    ("1000 columns, 200 diagonals", "lines", 65536, 59),
)


def list_cases(quick):
    cores = len(os.sched_getaffinity(0))
    for head_dim in (64, 128):
        for name, pattern in (("all", "dense_all"), ("causal", "dense_causal")):
            for n in (1024,) if quick else (4096, 16384):
                yield Case("dense", name, pattern, n, 1, head_dim, 1, 90)
    for name, pattern, n, goal in SPARSE:
        for threads in (1, 2) if cores > 1 else (1,):
            yield Case("sparse", name, pattern, 1024 if quick else n, 8, 64, threads, goal if threads == 2 else None)
    for name, pattern, goal in RESTS:
        for n in (1024,) if quick else (16384, 65536):
            yield Case("rests", name, pattern, n, 8, 64, 1, goal)
    for name, pattern in HARD:
        yield Case("hard", name, pattern, 1024 if quick else 4096, 1, 64, 1, None)
    for name, pattern, n, goal in DECIDED:
        for dtype in ("f32", "bf16"):
            yield Case("decided", name + ", " + dtype, pattern, 2048 if quick else n, 8, 64, cores, goal, dtype)
    for name, pattern in (("window ±256", "window"), ("Longformer ±256, 16 global", "longformer")):
        for power in (10, 11) if quick else range(10, 21):
            yield Case("lengths", name, pattern, 1 << power, 8, 64, cores, None)


# ---- measuring ----------------------------------------------------------------------------------------------------------


class Skipped(Exception):
    pass


def run_weft(weft, case):
    command = [weft, "bench", PATTERNS, "-p", case.pattern, "--json", "--n", str(case.n), "--heads", str(case.heads)]
    command += ["--head-dim", str(case.head_dim), "--threads", str(case.threads), "--dtype", case.dtype]
    command += ["--against", "causal" if case.pattern in masks.CAUSAL else "all"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return json.loads(done.stdout)
    lines = [line for line in done.stderr.splitlines() if line] or ["weft bench exits with %d" % done.returncode]
    raise Skipped(next((line for line in lines if "error" in line), lines[0]).replace(HERE + os.sep, ""))


class Worker:
    """A library in a process of its own, with so many threads."""

    def __init__(self, name, threads):
        unwanted = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")  # they choose slower kernels than the processor's
        environment = {key: value for key, value in os.environ.items() if key not in unwanted}
        for key in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
            environment[key] = str(threads)
        command = [sys.executable, os.path.join(HERE, "peers.py"), name, str(threads)]
        self.process = subprocess.Popen(command, env=environment, text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def ask(self, **request):
        line = ""
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            pass
        return json.loads(line) if line else {"refused": "its process ended with %d" % self.process.wait()}

    def close(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.process.wait()


def prepare_peers(case, names, missing):
    """Workers that are ready for a case, and what each said; a library that cannot be imported is not asked again."""
    ready, said = {}, {}
    for name in names:
        if name in missing:
            continue
        worker = Worker(name, case.threads)
        answer = worker.ask(do="prepare", mask=case.pattern, n=case.n, heads=case.heads, head_dim=case.head_dim)
        if "n_run" in answer:
            ready[name] = worker
        else:
            worker.close()
        if "missing" in answer:
            missing[name] = answer["missing"]
        else:
            said[name] = dict(answer, seconds=[])
    return ready, said


def pairs(case, n):
    return n * (n + 1) / 2 if case.pattern in masks.CAUSAL else n * n


def measure(case, options, missing):
    """One line: weft and every library, in turns."""
    runs = [run_weft(options.weft, case)]
    ready, peers = prepare_peers(case, [] if case.section in ("decided", "rests") else options.peers, missing)
    for turn in range(options.turns):
        if turn:
            runs.append(run_weft(options.weft, case))
        for name, worker in ready.items():
            answer = worker.ask(do="run")
            if "seconds" in answer:
                scale = pairs(case, case.n) / pairs(case, peers[name]["n_run"])
                peers[name]["seconds"].append(answer["seconds"] * scale)
            else:
                peers[name].update(answer)
    for worker in ready.values():
        worker.close()
    return {"case": case._asdict(), "weft": runs, "peers": peers}


# ---- the command --------------------------------------------------------------------------------------------------------


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weft", help="the tool")
    parser.add_argument("-o", "--output", default="bench.json", help="where all figures go, as JSON")
    parser.add_argument("--turns", type=int, default=3, help="runs of every library")
    parser.add_argument("--only", action="append", metavar="NAME",
                        help="a section (%s) or a pattern; may be repeated" % ", ".join(report.SECTIONS))
    parser.add_argument("--peers", default=",".join(report.PEERS), help="libraries, with commas; empty: none")
    parser.add_argument("--quick", action="store_true", help="short lengths, to try the command itself")
    options = parser.parse_args()
    options.peers = [name for name in options.peers.split(",") if name]
    for name in options.peers:
        if name not in report.PEERS:
            parser.error("there is no library %s, but %s" % (name, ", ".join(report.PEERS)))
    if options.turns < 1:
        parser.error("--turns is at least 1")
    return options


def choose_cases(options):
    cases = list(list_cases(options.quick))
    if not options.only:
        return cases
    return [case for case in cases if case.section in options.only or case.pattern in options.only]


def main():
    options = read_options()
    cases = choose_cases(options)
    result = {"date": datetime.date.today().isoformat(), "lines": [], "skipped": [], "missing": {}}
    for at, case in enumerate(cases):
        print("%d of %d: %s, n = %d, D = %d, threads = %d" % (at + 1, len(cases), case.name, case.n, case.head_dim,
                                                              case.threads), file=sys.stderr)
        try:
            line = measure(case, options, result["missing"])
        except Skipped as reason:
            result["skipped"].append("%s, n = %d: %s" % (case.name, case.n, reason))
            print("skipped: %s" % reason, file=sys.stderr)
            continue
        report.write_line(result, line, options.peers)
        result["lines"].append(line)
        with open(options.output, "w", encoding="utf-8") as out:  # after each line: an end half way loses nothing
            json.dump(result, out, indent=1, ensure_ascii=False)
    report.write_notes(result)
    return 0 if result["lines"] else 1


if __name__ == "__main__":
    sys.exit(main())
