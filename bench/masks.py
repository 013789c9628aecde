"""The sets of bench/cases.weft as functions of positions, on integers or arrays of any library."""

BLOCK, RANDOM = 64, 3


def window(i, j, n):
    return abs(i - j) <= 256


def longformer(i, j, n):
    return (abs(i - j) <= 256) | (i < 16) | (j < 16)


def near_blocks(a, b, blocks):
    return (abs(a - b) <= 1) | (a == 0) | (b == 0) | (a == blocks - 1) | (b == blocks - 1)


def random_blocks(n, rng):
    """For each row of blocks three blocks that are not near; which ones makes no difference to the time."""
    blocks = -(-n // BLOCK)
    chosen = []
    for a in range(blocks):
        far = [b for b in range(blocks) if not near_blocks(a, b, blocks)]
        chosen.append(rng.sample(far, min(RANDOM, len(far))))
    return chosen


def sinks(i, j, n):
    return (j <= i) & ((i - j < 1024) | (j < 4))


def dilated(i, j, n):
    return (j <= i) & (i - j <= 64 * 16) & ((i - j) % 16 == 0)


def dense_causal(i, j, n):
    return j <= i


def dense_all(i, j, n):
    return (i >= 0) & (j >= 0)


def performer(i, j, n):
    return (i < 0) & (j < 0)


performer_256 = performer_causal = performer


def past_256(i, j, n):
    return (j <= i) & (i - j < 256)


scatterbrain_causal = past_256


def checkered(i, j, n):
    return (i + j) % 2 == 0


def lone_rows(i, j, n):
    return (i % 16 == 0) & (j >= 0)


def diagonals(i, j, n):
    return (j - i) % 65 == 0


def two_classes(i, j, n):
    return ((j - i) % 2 == 0) | ((j - i) % 3 == 0)


# Whose dense attention is causal.
CAUSAL = ("dense_causal", "sinks", "dilated", "top_blocks", "lines", "past_256", "performer_causal", "scatterbrain_causal")

# bigbird is near_blocks or random_blocks of positions // BLOCK
MASKS = {f.__name__: f for f in (window, longformer, sinks, dilated, dense_causal, dense_all, checkered, lone_rows,
                                diagonals, two_classes, past_256)}
MASKS.update(performer=performer, performer_256=performer, performer_causal=performer, scatterbrain_causal=past_256)
