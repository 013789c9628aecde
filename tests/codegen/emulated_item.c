/* The kernel on tile registers in plain C: what the code generator would make for x86-64-v4-amx, on any processor with
 * AVX512-BF16. */
#include "emulated_tiles.h"

#include "codegen/llvm/leaf/item.c"

#include "emulated_item.h"

static int64_t emulated_head_dim, emulated_value_dim;

void emulated_dims(int64_t head_dim, int64_t value_dim) {
    emulated_head_dim = head_dim;
    emulated_value_dim = value_dim;
}

static void emulated_entry(const weft_call *call, int64_t height) {
    static const products by[2] = {{.rows = 64, .group = 32}, {.rows = 16, .group = 32}};
    weft_item(call, height, emulated_head_dim, emulated_value_dim, by, 0);
}

void emulated_tall(const weft_call *call) { emulated_entry(call, WEFT_TILE_ROWS); }
void emulated_strip(const weft_call *call) { emulated_entry(call, WEFT_STRIP_ROWS); }
void emulated_pack(const weft_call *call) { weft_pack_values(call, emulated_value_dim); }
