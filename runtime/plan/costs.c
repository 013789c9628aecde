/* What items cost: a sum of few inputs (costs.def), by which a plan weighs its choices. */
#include "plan/build.h"

const weft_costs weft_cost_of = {
#define COST(name, value, meaning) value,
#include "plan/costs.def"
};

bool weft_cost_input(size_t n, weft_cost *out) {
    static const weft_cost inputs[] = {
#define COST(name, value, meaning) {#name, meaning, value},
#include "plan/costs.def"
    };
    if (!out || n >= sizeof inputs / sizeof *inputs) return false;
    *out = inputs[n];
    return true;
}

double weft_step_cost(const weft_tile *tile, int32_t height) {
    double pair = height == WEFT_TILE_ROWS ? 1 : weft_cost_of.short_pair;
    int keys = (tile->last - tile->first + WEFT_KEY_GROUP - 1) / WEFT_KEY_GROUP * WEFT_KEY_GROUP;
    return (double)keys * height * pair + (tile->masked ? weft_cost_of.mask : 0);
}

double weft_tiles_cost(const weft_tile *tiles, uint32_t count, int32_t height) {
    double cost = weft_cost_of.item + weft_cost_of.row * height;
    for (uint32_t n = 0; n < count; n++) cost += weft_step_cost(&tiles[n], height) * (double)weft_tile_steps(&tiles[n]);
    return cost;
}

double weft_list_cost(int64_t rows, double keys) {
    return weft_cost_of.list_row * (double)rows + weft_cost_of.list_key * keys;
}
