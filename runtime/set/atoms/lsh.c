/* lsh(buckets, rounds, seed, chunk): q_i and k_j fall into one bucket in some round. The buckets are chosen when q and
 * k are there (runtime/select/hash.c). Keys in order of their buckets give a row's keys as one range a round. In the
 * chunked form a bucket is the number of a chunk, and a row sees the chunk before its own too. */
#include "set/chosen.h"

/* How many buckets before its own a row sees. */
static uint32_t back_of(const weft_atom *atom) { return weft_operand_int(&atom->bound->dag, atom->id, 3) > 0; }
static int64_t rounds_of(const weft_atom *atom) { return weft_operand_int(&atom->bound->dag, atom->id, 1); }

bool weft_lsh_contains(const weft_atom *atom, int64_t i, int64_t j) {
    const weft_choice *choice = weft_choice_of(atom);
    if (!choice) return false;
    const weft_space space = atom->space;
    uint32_t back = back_of(atom);
    for (int64_t round = 0; round < rounds_of(atom); round++) {
        uint32_t row = choice->row_buckets[round * space.queries + i - space.first];
        uint32_t key = choice->key_buckets[round * space.keys + j];
        if (key <= row && row - key <= back) return true;
    }
    return false;
}

int64_t weft_count_below(const uint32_t *order, const uint32_t *bucket_of, int64_t count, uint64_t bucket) {
    int64_t lo = 0, hi = count;
    while (lo < hi) {
        int64_t middle = lo + (hi - lo) / 2;
        if (bucket_of[order[middle]] < bucket)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

void weft_lsh_keys(const weft_atom *atom, const weft_choice *choice, int64_t i, weft_keys_hook *hook, void *user) {
    const weft_space space = atom->space;
    for (int64_t round = 0; round < rounds_of(atom); round++) {
        uint64_t bucket = choice->row_buckets[round * space.queries + i - space.first], back = back_of(atom);
        const uint32_t *order = choice->keys_by_bucket + round * space.keys;
        const uint32_t *of = choice->key_buckets + round * space.keys;
        int64_t end = weft_count_below(order, of, space.keys, bucket + 1);
        for (int64_t n = weft_count_below(order, of, space.keys, bucket > back ? bucket - back : 0); n < end; n++)
            hook(user, order[n], (int64_t)order[n] + 1);
    }
}

bool weft_lsh_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_spans *out) {
    return weft_chosen_spans(atom, i0, i1, out);
}
