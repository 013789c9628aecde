/* Patterns that queries and keys decide. What is chosen is worked out a head at a time, in float64; where two
 * candidates are too close to tell, nothing is said. */
#include "definitions.h"

#include <math.h>
#include <stdlib.h>

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

static double product(const question *q, int64_t row, int64_t key) {
    double sum = 0;
    for (int64_t d = 0; d < q->dims; d++) sum += (double)q->q[row * q->dims + d] * (double)q->k[key * q->dims + d];
    return sum;
}

static int8_t *chosen_at(const question *q, int64_t row, int64_t key) { return q->chosen + row * q->keys + key; }
static bool chosen(const question *q) { return *chosen_at(q, q->i - (q->keys - q->queries), q->j) == 1; }
static bool past_only(const question *q) { return q->j <= q->i; }

/* Is x among the `wanted` best of those that may be? Of equal zeros the lower is; near ones cannot be told: -1. */
static int among_best(const double *scores, const bool *may, int64_t count, int64_t wanted, int64_t x) {
    int64_t surely = 0, maybe = 0;
    if (may && !may[x]) return 0;
    for (int64_t n = 0; n < count; n++) {
        if (n == x || (may && !may[n])) continue;
        bool zeros = scores[n] == 0 && scores[x] == 0;
        surely += zeros ? n < x : scores[n] > scores[x] + 1e-4;
        maybe += zeros ? n < x : scores[n] >= scores[x] - 1e-4;
    }
    return maybe < wanted ? 1 : surely >= wanted ? 0 : -1;
}

/* ---- blocks ----------------------------------------------------------------------------------------------------- */

/* By the mean of a block's keys, or by what its bounds allow. */
static double score_block(const question *q, int64_t row, int64_t first, int64_t end, bool bounds) {
    double score = 0;
    for (int64_t d = 0; d < q->dims; d++) {
        double x = (double)q->q[row * q->dims + d], mean = 0, low = INFINITY, high = -INFINITY;
        for (int64_t j = first; j < end; j++) {
            double key = (double)q->k[j * q->dims + d];
            mean += key / (double)(end - first);
            low = fmin(low, key);
            high = fmax(high, key);
        }
        score += bounds ? fmax(x * low, x * high) : x * mean;
    }
    return score;
}

/* The k best blocks among those that begin at or before i; `forced`, unless -1, is one of them whatever its score. */
static void choose_row(const question *q, int64_t row, int64_t size, int64_t k, bool bounds, int64_t forced) {
    int64_t blocks = (q->keys + size - 1) / size, i = row + q->keys - q->queries;
    double *scores = malloc((size_t)blocks * sizeof *scores);
    bool *may = malloc((size_t)blocks * sizeof *may);
    for (int64_t b = 0; b < blocks; b++) {
        may[b] = b * size <= i && b != forced;
        scores[b] = score_block(q, row, b * size, least((b + 1) * size, q->keys), bounds);
    }
    for (int64_t j = 0; j < q->keys; j++) {
        int64_t b = j / size;
        int in = k < 1 ? 0 : b == forced ? 1 : among_best(scores, may, blocks, k - (forced >= 0), b);
        *chosen_at(q, row, j) = (int8_t)(j <= i ? in : 0);
    }
    free(scores);
    free(may);
}

static void choose_moba(const question *q) {
    for (int64_t row = 0; row < q->queries; row++) {
        int64_t i = row + q->keys - q->queries;
        choose_row(q, row, q->p[0], q->p[1], false, i < 0 ? -1 : i / q->p[0]);
    }
}

static void choose_quest(const question *q) {
    for (int64_t row = 0; row < q->queries; row++) {
        int64_t i = row + q->keys - q->queries;
        choose_row(q, row, q->p[0], q->p[1], true, i < 0 ? -1 : i / q->p[0]); /* the last page that there is */
    }
}

static void choose_blocks(const question *q) {
    for (int64_t row = 0; row < q->queries; row++) choose_row(q, row, q->p[1], q->p[0], false, -1);
}

static bool hybrid_topk(const question *q) {
    bool sink = q->j < q->p[2], near = q->i - q->j < q->p[3];
    return past_only(q) && (chosen(q) || sink || near);
}

/* ---- columns and diagonals --------------------------------------------------------------------------------------- */

/* Adds the weights of one row to its columns and distances. */
static void weigh_row(const question *q, int64_t row, double *columns, double *distances) {
    int64_t i = row + q->keys - q->queries;
    double largest = -INFINITY, total = 0;
    for (int64_t j = 0; j <= i; j++) largest = fmax(largest, product(q, row, j));
    double scale = 1 / sqrt((double)q->dims);
    for (int64_t j = 0; j <= i; j++) total += exp(scale * (product(q, row, j) - largest));
    for (int64_t j = 0; j <= i; j++) {
        double weight = exp(scale * (product(q, row, j) - largest)) / total;
        columns[j] += weight;
        distances[i - j] += weight;
    }
}

static void choose_lines(const question *q) {
    enum { PROBED = 64 };
    double *columns = calloc((size_t)q->keys, sizeof *columns), *distances = calloc((size_t)q->keys, sizeof *distances);
    int *column = malloc((size_t)q->keys * sizeof *column), *distance = malloc((size_t)q->keys * sizeof *distance);
    for (int64_t row = most(0, q->queries - PROBED); row < q->queries; row++) weigh_row(q, row, columns, distances);
    for (int64_t n = 0; n < q->keys; n++) {
        column[n] = among_best(columns, NULL, q->keys, q->p[0], n);
        distance[n] = among_best(distances, NULL, q->keys, q->p[1], n);
    }
    for (int64_t row = 0; row < q->queries; row++)
        for (int64_t j = 0; j < q->keys; j++) {
            int64_t away = row + q->keys - q->queries - j;
            int in = away < 0 ? 0 : column[j] == 1 || distance[away] == 1 ? 1 : column[j] | distance[away];
            *chosen_at(q, row, j) = (int8_t)in;
        }
    free(columns), free(distances), free(column), free(distance);
}

static bool vertical_slash(const question *q) {
    return past_only(q) && (chosen(q) || q->j < q->p[2] || q->i - q->j < q->p[3]);
}

/* ---- hashing ----------------------------------------------------------------------------------------------------- */

static double gaussian(int64_t element, int64_t round) {
    uint32_t counter[4] = {(uint32_t)element, 0, (uint32_t)round, 0x4C534821}, words[4];
    philox(counter, 0, words);
    double turn = ldexp((double)words[1], -32), u = ldexp((double)words[0] + 1, -32);
    return sqrt(-2 * log(u)) * cos(2 * acos(-1) * turn);
}

/* argmax [xR; -xR]; -1 where two are nearly the same. */
static int64_t bucket_of(const question *q, const float *x, int64_t buckets, int64_t round) {
    double best = -INFINITY, second = -INFINITY;
    int64_t bucket = 0, half = buckets / 2;
    for (int64_t n = 0; n < buckets; n++) {
        double sum = 0;
        for (int64_t d = 0; d < q->dims; d++) sum += (double)x[d] * gaussian(d * half + n % half, round);
        if (n >= half) sum = -sum;
        if (sum > best)
            second = best, best = sum, bucket = n;
        else if (sum > second)
            second = sum;
    }
    return best - second < 1e-4 ? -1 : bucket;
}

static void find_buckets(const question *q, const float *x, int64_t rows, int64_t buckets, int64_t round,
                         int64_t *out) {
    for (int64_t row = 0; row < rows; row++) out[row] = bucket_of(q, x + row * q->dims, buckets, round);
}

static void note(int8_t *at, bool in, bool close) {
    if (in)
        *at = 1;
    else if (close && *at == 0)
        *at = -1;
}

static void hash_all(const question *q, int64_t buckets, int64_t rounds) {
    int64_t *rows = malloc((size_t)q->queries * sizeof *rows), *keys = malloc((size_t)q->keys * sizeof *keys);
    for (int64_t n = 0; n < q->queries * q->keys; n++) q->chosen[n] = 0;
    for (int64_t round = 0; round < rounds; round++) {
        find_buckets(q, q->q, q->queries, buckets, round, rows);
        find_buckets(q, q->k, q->keys, buckets, round, keys);
        for (int64_t n = 0; n < q->queries * q->keys; n++) {
            int64_t a = rows[n / q->keys], b = keys[n % q->keys];
            note(&q->chosen[n], a >= 0 && a == b, a < 0 || b < 0);
        }
    }
    free(rows), free(keys);
}

static void choose_buckets(const question *q) { hash_all(q, q->p[1], q->p[2]); }
static void choose_scattered(const question *q) { hash_all(q, q->p[0], q->p[1]); }

static bool hybrid_hashed(const question *q) {
    bool global = q->j < q->p[3] || (q->i >= 0 && q->i < q->p[3]);
    return past_only(q) && (q->i - q->j < q->p[0] || chosen(q) || global);
}

/* Sorted by bucket, then by position; chunks of m; a query sees its own and the one before. Queries are keys here, and
 * their lengths change no bucket. */
static void choose_chunks(const question *q) {
    int64_t length = q->keys, m = q->p[0], buckets = 2 * most(1, length / (2 * m));
    int64_t *of = malloc((size_t)length * sizeof *of), *chunk = malloc((size_t)length * sizeof *chunk);
    for (int64_t n = 0; n < length * length; n++) q->chosen[n] = 0;
    for (int64_t round = 0; round < q->p[1]; round++) {
        bool close = false;
        find_buckets(q, q->q, length, buckets, round, of);
        for (int64_t i = 0; i < length; i++) {
            int64_t before = 0;
            close = close || of[i] < 0;
            for (int64_t j = 0; j < length; j++) before += of[j] < of[i] || (of[j] == of[i] && j < i);
            chunk[i] = before / m;
        }
        for (int64_t n = 0; n < length * length; n++) {
            int64_t back = chunk[n / length] - chunk[n % length];
            note(&q->chosen[n], !close && (back == 0 || back == 1), close);
        }
    }
    free(of), free(chunk);
}

static bool reformer_causal(const question *q) { return chosen(q) && past_only(q); }

/* ---- all of them ------------------------------------------------------------------------------------------------- */

static const definition patterns[] = {
    {.file = "reformer",
     .pattern = "reformer",
     .holds = chosen,
     .choose = choose_chunks,
     .heads = 2,
     .square = 1,
     .usual = {64, 8},
     .queries = 192,
     .keys = 192,
     .trial = {{16, 2}, {8, 1}},
     .trials = 2},
    {.file = "reformer",
     .pattern = "reformer_causal",
     .holds = reformer_causal,
     .choose = choose_chunks,
     .heads = 2,
     .square = 1,
     .usual = {64, 8},
     .queries = 192,
     .keys = 192,
     .trial = {{16, 2}, {8, 1}},
     .trials = 2},
    {.file = "moba",
     .pattern = "moba",
     .holds = chosen,
     .choose = choose_moba,
     .heads = 2,
     .usual = {2048, 3},
     .queries = 4,
     .keys = 8200,
     .trial = {{16, 3}, {5, 2}, {64, 1}},
     .trials = 3},
    {.file = "quest",
     .pattern = "quest",
     .holds = chosen,
     .choose = choose_quest,
     .heads = 2,
     .usual = {16, 128},
     .queries = 2,
     .keys = 2500,
     .trial = {{16, 3}, {4, 7}},
     .trials = 2},
    {.file = "minference_vertical_slash",
     .pattern = "minference_vertical_slash",
     .holds = vertical_slash,
     .choose = choose_lines,
     .heads = 2,
     .usual = {1000, 6096, 30, 100},
     .trial = {{5, 7, 2, 3}, {0, 9, 0, 1}, {9, 0, 1, 0}},
     .trials = 3},
    {.file = "hybrid_hashed",
     .pattern = "hybrid_hashed",
     .holds = hybrid_hashed,
     .choose = choose_buckets,
     .heads = 2,
     .usual = {256, 32, 2, 4},
     .queries = 300,
     .keys = 600,
     .trial = {{8, 8, 2, 1}, {3, 16, 3, 0}},
     .trials = 2},
    {.file = "scatterbrain_lsh",
     .pattern = "scatterbrain_lsh",
     .holds = chosen,
     .choose = choose_scattered,
     .heads = 2,
     .usual = {64, 2, 128},
     .queries = 300,
     .keys = 600,
     .trial = {{8, 2, 16}, {16, 3, 5}},
     .trials = 2},
    {.file = "hybrid_topk",
     .pattern = "hybrid_topk",
     .holds = hybrid_topk,
     .choose = choose_blocks,
     .heads = 2,
     .usual = {16, 64, 4, 512},
     .queries = 8,
     .keys = 2000,
     .trial = {{3, 16, 2, 5}, {2, 7, 0, 1}},
     .trials = 2},
};

const definitions choice_patterns = {patterns, sizeof patterns / sizeof *patterns};
