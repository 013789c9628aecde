"""bench/table.py's figures as Markdown on standard output."""

import statistics

SECTIONS = {
    "dense": "Dense, one head",
    "sparse": "Sparse, 8 heads, D = 64",
    "rests": "Low-rank rests, 8 heads, D = 64",
    "hard": "What tiles suit worst, one head, beside dense attention",
    "decided": "What queries and keys decide, 8 heads, D = 64; choosing is part of the work",
    "lengths": "Lengths, 8 heads, D = 64",
}
PEERS = {
    "openblas": "OpenBLAS, two products",
    "onnxruntime": "ONNX Runtime",
    "sdpa": "PyTorch SDPA",
    "flex": "FlexAttention",
}

def of_runs(line, *names):
    """The median over weft's runs of a field of theirs."""
    values = []
    for run in line["weft"]:
        value = run["runs"][0]
        for name in names:
            value = value[name]
        values.append(value)
    return statistics.median(values) if None not in values else None


def in_words(seconds):
    if seconds >= 1:
        return "%.2f s" % seconds
    return "%.*f ms" % (2 if seconds < 0.1 else 1, 1e3 * seconds)


def percent(fraction):
    return "–" if fraction is None else "%.1f %%" % (100 * fraction)


def versus(line, seconds, scaled):
    """Another's time, and how many times weft's it is."""
    return "%s%s (%.1f ×)" % ("~" if scaled else "", in_words(seconds), seconds / of_runs(line, "seconds", "median"))


def peer_cell(line, name):
    said = line["peers"].get(name)
    if not said or not said["seconds"]:
        return "–"
    return versus(line, statistics.median(said["seconds"]), said["n_run"] < line["case"]["n"])


def row(line, names):
    case, first = line["case"], line["weft"][0]["runs"][0]
    cells = [case["name"], case["n"], case["head_dim"], case["threads"]]
    cells += ["%s, %d B" % (in_words(of_runs(line, "plan_seconds")), first["plan_bytes"])]
    cells += [in_words(of_runs(line, "seconds", "median")), "%.0f" % of_runs(line, "gflops")]
    goal = " (goal %d)" % case["goal"] if case["goal"] else ""
    cells += [percent(of_runs(line, "seconds", "peak_fraction")) + goal]
    roofline = of_runs(line, "roofline_seconds")
    cells += ["%.2f" % (of_runs(line, "seconds", "median") / roofline) if roofline else "–"]
    cells += ["%.2f" % (first["computed_pairs"] / first["pairs"] if first["pairs"] else 1)]
    cells += [versus(line, of_runs(line, "dense_seconds"), first["dense_is_extrapolated"])]
    return cells + [peer_cell(line, name) for name in names]


NOTES = """
Float32, unless a line says another type. GFLOP/s and the share of the peak (multiply-adds on registers, in turn with the
runs) count allowed pairs, the share also what choosing takes. × roofline
is the time over the larger of two: the pairs at that peak, the tensors at the speed of copies. Computed is the pairs that are
computed for each allowed one. In brackets: how many times Weft's time. ~: measured at a shorter length, scaled by the pairs.
"""
HEAD = ["case", "n", "D", "threads", "plan", "time", "GFLOP/s", "of peak", "× roofline", "computed", "dense"]


def write_row(cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def write_line(result, line, names):
    """A line of the table, after the machine and a new section's head where it is the first of them."""
    section = line["case"]["section"]
    lines = result["lines"]
    names = [name for name in names if name not in result["missing"]]
    if not lines:
        machine = line["weft"][0]["machine"]
        facts = ["%s, %d cores" % (machine["processor"], machine["cores"]), machine["target"],
                 "weft %s, %s" % (machine["weft"], machine["code_generator"]), result["date"]]
        print("; ".join(facts), flush=True)
    if not lines or lines[-1]["case"]["section"] != section:
        print("\n## %s\n" % SECTIONS[section])
        write_row(HEAD + [PEERS[name] for name in names])
        write_row(["---"] * (len(HEAD) + len(names)))
    write_row(row(line, names))


def write_notes(result):
    print(NOTES)
    versions, remarks = {}, []
    for line in result["lines"]:
        case = "%s, n = %d, threads = %d" % (line["case"]["name"], line["case"]["n"], line["case"]["threads"])
        for name, said in line["peers"].items():
            if "version" in said:
                versions[name] = said["version"]
            if "refused" in said:
                remarks.append("%s, %s: %s" % (PEERS[name], case, said["refused"]))
            elif name == "flex":
                remarks.append("%s, %s: mask, compilation and first run %s" % (PEERS[name], case,
                                                                               in_words(said["setup_seconds"])))
    for name, title in PEERS.items():
        if name in versions:
            print("* %s: %s" % (title, versions[name]))
        elif name in result["missing"]:
            print("* %s: not here (%s)" % (title, result["missing"][name]))
    for remark in remarks + ["skipped: " + text for text in result["skipped"]]:
        print("* " + remark)
