/* What claim number n of a phase is: an item, or some blocks to pack. */
#include "exec/exec.h"

/* From head `first` on: as many heads as read one KV head by one route. */
static void gather_heads(weft_squad *squad, size_t first) {
    const weft_plan *plan = squad->plan;
    size_t group = (size_t)(plan->shape.heads / plan->shape.kv_heads), end = (first / group + 1) * group;
    squad->first_head = first;
    squad->heads = 0;
    while (first < end && plan->route_of[first] == plan->route_of[squad->first_head]) first++, squad->heads++;
}

static void look_up(weft_squad *squad) {
    squad->stage = weft_plan_stage(squad->plan, squad->first_head, squad->phase);
    squad->layout = squad->stage ? weft_stage_layout(squad->plan, squad->stage, squad->residue) : NULL;
    squad->chunks = squad->layout ? weft_chunks_of(squad->plan, squad->layout, squad->heads) : 0;
}

weft_squad weft_first_squad(const weft_plan *plan, uint32_t phase) {
    weft_squad squad = {.plan = plan, .phase = phase};
    gather_heads(&squad, 0);
    look_up(&squad);
    return squad;
}

int64_t weft_squad_items(const weft_squad *squad) {
    return squad->layout ? squad->heads * squad->layout->item_count : 0;
}

bool weft_next_squad(weft_squad *squad) {
    size_t next = squad->first_head + (size_t)squad->heads;
    squad->first_claim += squad->chunks + weft_squad_items(squad);
    squad->packed += squad->chunks > 0;
    if (squad->layout) {
        squad->splits += (size_t)squad->heads * squad->layout->split_count;
        squad->states += (size_t)squad->heads * squad->layout->state_count;
    }
    if (squad->stage && squad->residue + 1 < squad->stage->stride) {
        squad->residue++;
    } else {
        if (next == weft_plan_heads(squad->plan)) return false;
        squad->residue = 0;
        gather_heads(squad, next);
    }
    look_up(squad);
    return true;
}

bool weft_claim(weft_squad *squad, int64_t claim, weft_work *work) {
    while (claim >= squad->first_claim + squad->chunks + weft_squad_items(squad))
        if (!weft_next_squad(squad)) return false;
    const weft_shape *shape = &squad->plan->shape;
    const weft_layout *layout = squad->layout;
    int64_t place = claim - squad->first_claim, turn = place - squad->chunks;
    int64_t member = turn < 0 ? 0 : turn % squad->heads;
    int64_t n = (int64_t)squad->first_head + member, head = n % shape->heads;
    *work = (weft_work){.squad = squad,
                        .batch = n / shape->heads,
                        .head = head,
                        .kv_head = head / (shape->heads / shape->kv_heads),
                        .residue = squad->residue,
                        .stage = squad->stage,
                        .layout = layout,
                        .chunk = turn < 0 ? place : WEFT_NO_CHUNK,
                        .item = turn < 0 ? 0 : (uint32_t)(turn / squad->heads),
                        .splits = squad->splits + (size_t)member * layout->split_count,
                        .states = squad->states + (size_t)member * layout->state_count};
    return true;
}
