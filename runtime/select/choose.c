/* Choosing for all heads: stage after stage, workers claim parts by one counter. What a part finds and where it leaves
 * that is fixed by the selection, so the number of workers changes nothing. Memory holds the choices, then what they
 * point to, then each worker's own. */
#include "select/select.h"

enum { BOUNDARY = 64 };

void *weft_carve(weft_carving *carving, size_t bytes) {
    void *part = carving->at ? carving->at + carving->used : NULL;
    carving->used += (bytes + BOUNDARY - 1) / BOUNDARY * BOUNDARY;
    return part;
}

static const weft_selector *selector_of(const weft_selection *s, const weft_use *use) {
    return &s->selectors[use->selector];
}

static bool owns_keys(const weft_selection *s, const weft_use *use) { return use == &s->uses[use->keys_of]; }

/* Fills in the choices, where there is memory; in any case how much it takes. */
static void place_all(const weft_selection *s, weft_carving *carving) {
    weft_choice *choices = weft_carve(carving, s->use_count * sizeof *choices), counted;
    for (uint32_t n = 0; n < s->use_count; n++) {
        const weft_use *use = &s->uses[n];
        const weft_selector *selector = selector_of(s, use);
        weft_choice *choice = choices ? &choices[n] : &counted, none = {0};
        const weft_choice *shared = owns_keys(s, use) ? NULL : choices ? &choices[use->keys_of] : &none;
        *choice = (weft_choice){.atom = selector->number};
        selector->family->place(s, selector, shared, carving, choice);
    }
}

static size_t scratch_of(const weft_selection *s) {
    weft_carving most = {NULL, 0};
    for (uint32_t n = 0; n < s->selector_count; n++) {
        weft_carving one = {NULL, 0};
        weft_carve(&one, s->selectors[n].family->scratch(s, &s->selectors[n]));
        if (one.used > most.used) most = one;
    }
    return most.used;
}

size_t weft_selection_bytes(const weft_selection *selection, uint32_t workers) {
    weft_carving carving = {NULL, 0};
    if (!selection->use_count) return 0;
    place_all(selection, &carving);
    return carving.used + workers * scratch_of(selection);
}

void weft_see_choices(weft_bound *bound, const weft_selection *selection, const unsigned char *memory, size_t n) {
    if (!selection->use_count) return;
    uint32_t first = selection->first_use[n];
    bound->choices = (const weft_choice *)(const void *)memory + first;
    bound->choice_count = selection->first_use[n + 1] - first;
}

/* ---- parts ------------------------------------------------------------------------------------------------------- */

static int64_t parts_of(const weft_choosing *c, uint32_t n) {
    const weft_use *use = &c->selection->uses[n];
    const weft_selector *selector = selector_of(c->selection, use);
    return selector->family->parts(c->selection, selector, owns_keys(c->selection, use), c->stage);
}

/* Asks the host; once one worker was told to stop, all do. */
static bool stopped(weft_choosing *c) {
    if (atomic_load_explicit(&c->stopped, memory_order_relaxed)) return true;
    if (!weft_engine_cancelled(c->engine)) return false;
    atomic_store_explicit(&c->stopped, true, memory_order_relaxed);
    return true;
}

/* A worker's claims only rise, so it walks the uses once. */
static void work_until_done(void *user, size_t worker) {
    weft_choosing *c = user;
    const weft_selection *s = c->selection;
    const weft_choice *choices = (const weft_choice *)(const void *)c->memory;
    size_t step = scratch_of(s), own = weft_selection_bytes(s, c->workers) - (c->workers - worker) * step;
    int64_t before = 0;
    for (uint32_t n = 0; n < s->use_count;) {
        int64_t claim = atomic_fetch_add_explicit(&c->next, 1, memory_order_relaxed);
        for (int64_t parts; n < s->use_count && claim - before >= (parts = parts_of(c, n)); n++) before += parts;
        if (n == s->use_count || stopped(c)) return;
        selector_of(s, &s->uses[n])->family->compute(c, &s->uses[n], &choices[n], claim - before, c->memory + own);
    }
}

bool weft_choose(weft_choosing *choosing) {
    weft_carving carving = {choosing->memory, 0};
    if (!choosing->selection->use_count) return true;
    place_all(choosing->selection, &carving);
    atomic_init(&choosing->stopped, false);
    for (choosing->stage = 0; choosing->stage < WEFT_STAGES; choosing->stage++) {
        atomic_init(&choosing->next, 0);
        weft_engine_parallel(choosing->engine, choosing->workers, work_until_done, choosing);
    }
    return !atomic_load(&choosing->stopped);
}
