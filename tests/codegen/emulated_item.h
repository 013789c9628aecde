/* Kernel entries on emulated tile registers (emulated_item.c); dimensions are those set last. */
#ifndef WEFT_TESTS_EMULATED_ITEM_H
#define WEFT_TESTS_EMULATED_ITEM_H

#include "kernel/abi.h"

void emulated_dims(int64_t head_dim, int64_t value_dim);
void emulated_tall(const weft_call *call);
void emulated_strip(const weft_call *call);
void emulated_pack(const weft_call *call);

#endif
