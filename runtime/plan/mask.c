/* The mask of one head as bytes: from the definition of its set, or from the tiles as a run would visit them. */
#include <string.h>

#include "plan/build.h"

static weft_status fail(const weft_plan *plan, weft_status status, weft_code code, const char *what) {
    weft_diagnostics diagnostics;
    weft_diagnostics_init(&diagnostics, weft_engine_allocator(plan->kernel->engine), NULL);
    weft_diagnose(&diagnostics, code, WEFT_NO_SPAN, "%s", what);
    weft_message_set((weft_message *)&plan->message, &diagnostics);
    weft_diagnostics_free(&diagnostics);
    return status;
}

static bool fill_from_oracle(const weft_plan *plan, size_t n, uint8_t *mask) {
    weft_space space = weft_space_of(plan->shape.queries, plan->shape.keys);
    weft_opened opened;
    weft_scratch scratch;
    bool done = weft_plan_open(plan, n, &opened);
    weft_scratch_init(&scratch, &opened.bound);
    for (int64_t r = 0; done && r < space.queries; r++)
        for (int64_t j = 0; j < space.keys; j++)
            *mask++ = weft_contains_with(&scratch, plan->meaning_of[n], space, r + space.first, j);
    done = done && !scratch.failed;
    weft_scratch_free(&scratch);
    weft_plan_close(plan, &opened);
    return done;
}

/* Part of a plan: the rows and keys of one class of one stage. */
typedef struct weft_visit {
    const weft_plan *plan;
    const weft_stage *stage;
    const weft_layout *layout;
    int64_t residue;
} weft_visit;

/* One query row of an item against one block. False when a pair comes twice, or is not there at all. */
static bool visit_block(const weft_visit *visit, const weft_tile *tile, int64_t block, int q, uint8_t *row) {
    for (int k = tile->first; k < tile->last; k++) {
        int64_t key = block * WEFT_TILE_KEYS + k, j = key * visit->stage->stride + visit->residue;
        if (tile->masked && !(visit->plan->masks[tile->many].key[k] >> q & 1)) continue;
        if (key >= visit->layout->space.keys || row[j]) return false;
        row[j] = 1;
    }
    return true;
}

static bool visit_item(const weft_visit *visit, const weft_item *item, uint8_t *mask) {
    const weft_plan *plan = visit->plan;
    for (int q = 0; q < item->rows; q++) {
        uint8_t *row = mask + weft_stage_row(plan, visit->stage, visit->residue, item->row + q) * plan->shape.keys;
        for (uint32_t n = 0; n < item->tile_count; n++) {
            const weft_tile *tile = &visit->layout->tiles[item->first_tile + n];
            for (int64_t step = 0; step < weft_tile_steps(tile); step++)
                if (!visit_block(visit, tile, tile->block + step, q, row)) return false;
        }
    }
    return true;
}

static bool fill_from_tiles(const weft_plan *plan, size_t head, uint8_t *mask) {
    weft_visit visit = {.plan = plan};
    for (uint32_t phase = 0; phase < plan->phase_count; phase++) {
        visit.stage = weft_plan_stage(plan, head, phase);
        for (visit.residue = 0; visit.stage && visit.residue < visit.stage->stride; visit.residue++) {
            visit.layout = weft_stage_layout(plan, visit.stage, visit.residue);
            for (uint32_t n = 0; n < visit.layout->item_count; n++)
                if (!visit_item(&visit, &visit.layout->items[n], mask)) return false;
        }
    }
    return true;
}

typedef struct weft_marking {
    const weft_plan *plan;
    uint8_t *mask;
    bool twice;
} weft_marking;

static bool mark(void *user, int64_t row, const uint32_t *keys, uint32_t count) {
    weft_marking *marking = user;
    uint8_t *marks = marking->mask + row * marking->plan->shape.keys;
    for (uint32_t n = 0; n < count; n++) {
        marking->twice |= marks[keys[n]];
        marks[keys[n]] = 1;
    }
    return !marking->twice;
}

static weft_status fill_from_plan(const weft_plan *plan, size_t n, uint8_t *mask) {
    weft_marking marking = {plan, mask, false};
    memset(mask, 0, (size_t)plan->shape.queries * (size_t)plan->shape.keys);
    marking.twice = !fill_from_tiles(plan, n, mask);
    if (!marking.twice && !weft_plan_visit_lists(plan, n, mark, &marking) && !marking.twice) return WEFT_OUT_OF_MEMORY;
    return marking.twice ? fail(plan, WEFT_INTERNAL, WEFT_E0901, "the plan visits a pair twice") : WEFT_OK;
}

weft_status weft_plan_mask(const weft_plan *plan, int64_t batch, int64_t head, weft_mask_source source, uint8_t *mask) {
    if (!plan || !mask) return WEFT_INVALID_ARGUMENT;
    const weft_shape *shape = &plan->shape;
    if (batch < 0 || batch >= shape->batch || head < 0 || head >= shape->heads)
        return fail(plan, WEFT_INVALID_ARGUMENT, WEFT_E0405, "there is no such batch element or head");
    if (plan->keys_missing)
        return fail(plan, WEFT_INVALID_ARGUMENT, WEFT_E0401,
                    "which pairs there are depends on keys that the plan was not given");
    if (plan->choices_missing)
        return fail(plan, WEFT_INVALID_ARGUMENT, WEFT_E0401,
                    "which pairs there are depends on q and k, which the plan was not shown");
    size_t n = (size_t)(batch * shape->heads + head);
    if (source == WEFT_MASK_ORACLE) return fill_from_oracle(plan, n, mask) ? WEFT_OK : WEFT_OUT_OF_MEMORY;
    if (source == WEFT_MASK_PLAN) return fill_from_plan(plan, n, mask);
    return fail(plan, WEFT_INVALID_ARGUMENT, WEFT_E0405, "there is no such source of masks");
}
