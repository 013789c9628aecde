/* Values packed once for all items of a squad, where its kernel multiplies them in another form than they lie in. Each
 * squad has a slot of a ring while it is under way: its chunks are packed when the items of the squad that had the slot
 * before are finished, and its items begin when all its chunks are packed. */
#include <sched.h>

#include "exec/exec.h"

/* Two slots let one squad pack while another finishes; small ones take turns faster than that. */
enum { MOST_SLOTS = 64 };
static const size_t small_ring = (size_t)4 << 20;

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* It pays when each block, of those from the first to the last that the heads visit, is visited one and a half times on
 * average. */
int64_t weft_chunks_of(const weft_plan *plan, const weft_layout *layout, int64_t heads) {
    const weft_machine_code *code = &plan->kernel->code;
    int64_t blocks = layout->end_block - layout->first_block;
    int64_t visits = heads * (layout->full_tiles + layout->partial_tiles);
    if (!code->bytes || code->pack == WEFT_NO_ENTRY || layout->list || 2 * visits < 3 * blocks) return 0;
    return (blocks + WEFT_CHUNK_BLOCKS - 1) / WEFT_CHUNK_BLOCKS;
}

/* ---- the ring ------------------------------------------------------------------------------------------------- */

/* Nothing overflows: blocks are at most 2^25, of less than 2^16 bytes. */
weft_ring weft_ring_of(const weft_plan *plan) {
    weft_ring ring = {0};
    int64_t blocks = 0, fit;
    if (!plan->kernel->code.bytes || plan->kernel->code.pack == WEFT_NO_ENTRY) return ring;
    for (uint32_t phase = 0; phase < plan->phase_count; phase++) {
        weft_squad squad = weft_first_squad(plan, phase);
        do {
            int64_t own = squad.chunks ? squad.layout->end_block - squad.layout->first_block : 0;
            if (own > blocks) blocks = own;
        } while (weft_next_squad(&squad));
        if (squad.packed > ring.slots) ring.slots = squad.packed;
    }
    ring.bytes = (size_t)(blocks * weft_packed_bytes(plan->shape.value_dim));
    fit = ring.bytes ? (int64_t)(small_ring / ring.bytes) : 0;
    ring.slots = smaller(ring.slots, smaller(fit > 2 ? fit : 2, MOST_SLOTS));
    return ring;
}

void weft_slots_begin(weft_slot *slots, int64_t count) {
    for (int64_t n = 0; n < count; n++) {
        atomic_init(&slots[n].owner, n);
        atomic_init(&slots[n].ready, 0);
        atomic_init(&slots[n].packed, 0);
        atomic_init(&slots[n].finished, 0);
    }
}

weft_slot *weft_slot_of(weft_slot *slots, int64_t count, const weft_squad *squad) {
    return &slots[squad->packed % count];
}

/* ---- taking turns --------------------------------------------------------------------------------------------- */

static bool wait_for(const atomic_int_least64_t *at, int64_t wanted, const atomic_bool *stopped) {
    while (atomic_load_explicit(at, memory_order_acquire) != wanted) {
        if (atomic_load_explicit(stopped, memory_order_relaxed)) return false;
        sched_yield();
    }
    return true;
}

bool weft_slot_wait_to_pack(const weft_slot *slot, const weft_squad *squad, const atomic_bool *stopped) {
    return wait_for(&slot->owner, squad->packed, stopped);
}

bool weft_slot_wait_to_read(const weft_slot *slot, const weft_squad *squad, const atomic_bool *stopped) {
    return wait_for(&slot->ready, squad->packed + 1, stopped);
}

/* Counts to `all`, and then from 0 again; true when that is reached. */
static bool count_one(atomic_int_least64_t *count, int64_t all) {
    if (atomic_fetch_add_explicit(count, 1, memory_order_acq_rel) + 1 < all) return false;
    atomic_store_explicit(count, 0, memory_order_relaxed);
    return true;
}

void weft_slot_count_chunk(weft_slot *slot, const weft_squad *squad) {
    if (count_one(&slot->packed, squad->chunks))
        atomic_store_explicit(&slot->ready, squad->packed + 1, memory_order_release);
}

void weft_slot_count_item(weft_slot *slot, int64_t slots, const weft_squad *squad) {
    if (count_one(&slot->finished, weft_squad_items(squad)))
        atomic_store_explicit(&slot->owner, squad->packed + slots, memory_order_release);
}
