"""Attention over a boolean mask in float64, pair by pair as LANGUAGE has it."""

import numpy


def attention(q, k, v, mask, bias=None):
    """q [..., H, Lq, D], k and v [..., KV, Lk, D], mask [H, Lq, Lk] -> o, lse. An empty row gives 0 and -inf."""
    q, k, v = (numpy.asarray(array, dtype="float64") for array in (q, k, v))
    group = q.shape[-3] // k.shape[-3]
    k, v = k.repeat(group, axis=-3), v.repeat(group, axis=-3)
    scores = q @ k.swapaxes(-1, -2) / q.shape[-1] ** 0.5
    if bias is not None:
        scores = scores + bias
    scores = numpy.where(mask, scores, -numpy.inf)
    highest = scores.max(-1, keepdims=True)
    weights = numpy.exp(scores - numpy.where(numpy.isfinite(highest), highest, 0))
    total = weights.sum(-1, keepdims=True)
    o = numpy.divide(weights @ v, total, out=numpy.zeros(q.shape[:-1] + v.shape[-1:]), where=total > 0)
    with numpy.errstate(divide="ignore"):
        return o, (numpy.log(total) + numpy.where(numpy.isfinite(highest), highest, 0))[..., 0]
