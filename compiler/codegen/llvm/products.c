/* Register tiles. Both products multiply a few streams of scalars with a packed matrix whose rows are vectors of
 * queries, tile[stream][query] += stream[step] * packed[step][query]     for all steps, with the tile in registers:
 * streams are keys and steps head dimensions for the scores, streams are value dimensions and steps keys for the
 * values; where a target multiplies pairs, two steps are one. A tile of s streams by w vectors needs s * w + w + 1
 * registers; rows that need more vectors than that allows are done in several columns of tiles. */
#include "products.h"

#include "modifiers.h"
#include "set/modifiers.h"

#include <stdio.h>

enum { MAX_STREAMS = 8, MAX_WIDTH = 6, LEAST_STREAMS = 4 };

/* How the rows of a product are cut. */
typedef struct tiling {
    uint32_t rows, vectors;
    uint32_t columns; /* of tiles, as even as can be */
    uint32_t streams;
} tiling;

typedef struct tile {
    uint32_t first, width; /* vectors */
    LLVMValueRef at[MAX_STREAMS][MAX_WIDTH];
} tile;

/* A stream's scalars: from its start, every `step` units, floats or halves of pairs. */
typedef struct streams {
    LLVMValueRef start[MAX_STREAMS];
    LLVMValueRef last[MAX_STREAMS]; /* the number of the stream, or of the last that exists */
    LLVMValueRef step;
} streams;

static tiling cut(const weft_target *target, uint32_t rows) {
    tiling t = {.rows = rows, .vectors = rows / target->lanes, .streams = MAX_STREAMS};
    uint32_t widest = (target->registers - 1) / (LEAST_STREAMS + 1);
    t.columns = (t.vectors + widest - 1) / widest;
    uint32_t width = (t.vectors + t.columns - 1) / t.columns;
    while (t.streams * width + width + 1 > target->registers) t.streams /= 2;
    return t;
}

static tile column_of(const tiling *t, uint32_t column) {
    uint32_t first = column * t->vectors / t->columns, end = (column + 1) * t->vectors / t->columns;
    return (tile){.first = first, .width = end - first};
}

static LLVMTypeRef unit_of(const weft_emitter *e) {
    return e->target->pairs ? LLVMInt16TypeInContext(e->context) : e->f32;
}

/* Streams `apart` units from each other. Of those, `valid` exist: the last of them stands in for the others. */
static streams streams_from(weft_emitter *e, const tiling *t, LLVMValueRef base, LLVMValueRef apart, LLVMValueRef step,
                            LLVMValueRef valid) {
    streams s = {.step = step};
    LLVMValueRef end = LLVMBuildSub(e->builder, valid, weft_emit_int(e, 1), "end");
    for (uint32_t i = 0; i < t->streams; i++) {
        LLVMValueRef number = weft_emit_int(e, i);
        LLVMValueRef exists = LLVMBuildICmp(e->builder, LLVMIntSLT, number, end, "exists");
        s.last[i] = LLVMBuildSelect(e->builder, exists, number, end, "number");
        LLVMValueRef skip = LLVMBuildMul(e->builder, s.last[i], apart, "skip");
        s.start[i] = weft_emit_offset(e, unit_of(e), base, skip, "stream");
    }
    return s;
}

/* A scalar of a stream in all lanes. A pair is carried as the float of the same bits. */
static LLVMValueRef load_stream(weft_emitter *e, const streams *s, uint32_t i, LLVMValueRef offset) {
    LLVMValueRef at = weft_emit_offset(e, unit_of(e), s->start[i], offset, "at");
    LLVMValueRef scalar = weft_emit_load_scalar(e, at, "scalar");
    if (e->target->pairs) LLVMSetAlignment(scalar, sizeof(uint16_t));
    return weft_emit_broadcast(e, scalar);
}

static LLVMValueRef multiply_pairs(weft_emitter *e, LLVMValueRef a, LLVMValueRef b, LLVMValueRef sum) {
    static const char name[] = "llvm.x86.avx512bf16.dpbf16ps.512";
    LLVMTypeRef pairs = LLVMVectorType(LLVMBFloatTypeInContext(e->context), 2 * e->target->lanes);
    LLVMValueRef intrinsic =
        LLVMGetIntrinsicDeclaration(e->module, LLVMLookupIntrinsicID(name, sizeof name - 1), NULL, 0);
    a = LLVMBuildBitCast(e->builder, a, pairs, "pairs");
    b = LLVMBuildBitCast(e->builder, b, pairs, "pairs");
    return LLVMBuildCall2(e->builder, LLVMGlobalGetValueType(intrinsic), intrinsic, (LLVMValueRef[]){sum, a, b}, 3,
                          "sum");
}

/* The loop: `steps` (>= 1) rows of `packed`, `height` floats apart, added to the tile. */
static void accumulate(weft_emitter *e, const tiling *t, const streams *s, LLVMValueRef packed, LLVMValueRef height,
                       LLVMValueRef steps, tile *acc) {
    LLVMBasicBlockRef before = LLVMGetInsertBlock(e->builder);
    LLVMValueRef size = LLVMBuildMul(e->builder, steps, height, "size");
    LLVMValueRef end = weft_emit_offset(e, e->f32, packed, size, "packed_end");
    LLVMBasicBlockRef body = weft_emit_block(e, "step"), after = weft_emit_block(e, "stepped");
    LLVMBuildBr(e->builder, body);
    weft_emit_at(e, body);
    LLVMValueRef row = weft_emit_phi(e, packed, before, "row");
    LLVMValueRef offset = weft_emit_phi(e, weft_emit_int(e, 0), before, "offset");
    tile sum = *acc;
    for (uint32_t i = 0; i < t->streams; i++)
        for (uint32_t v = 0; v < sum.width; v++) sum.at[i][v] = weft_emit_phi(e, acc->at[i][v], before, "acc");
    *acc = sum;
    LLVMValueRef vectors[MAX_WIDTH];
    for (uint32_t v = 0; v < sum.width; v++)
        vectors[v] = weft_emit_load(e, row, (sum.first + v) * e->target->lanes, "vector");
    for (uint32_t i = 0; i < t->streams; i++) {
        LLVMValueRef scalar = load_stream(e, s, i, offset);
        for (uint32_t v = 0; v < sum.width; v++)
            sum.at[i][v] = e->target->pairs ? multiply_pairs(e, scalar, vectors[v], sum.at[i][v])
                                            : weft_emit_multiply_add(e, scalar, vectors[v], sum.at[i][v]);
    }
    LLVMValueRef next_row = weft_emit_offset(e, e->f32, row, height, "next_row");
    LLVMValueRef next_offset = LLVMBuildAdd(e->builder, offset, s->step, "next_offset");
    weft_emit_incoming(row, next_row, body);
    weft_emit_incoming(offset, next_offset, body);
    for (uint32_t i = 0; i < t->streams; i++)
        for (uint32_t v = 0; v < sum.width; v++) weft_emit_incoming(acc->at[i][v], sum.at[i][v], body);
    *acc = sum;
    LLVMBuildCondBr(e->builder, LLVMBuildICmp(e->builder, LLVMIntNE, next_row, end, "more"), body, after);
    weft_emit_at(e, after);
}

/* -inf where the mask has a 0, in a branch that unmasked tiles skip. */
static void apply_mask(weft_emitter *e, const tiling *t, const streams *s, LLVMValueRef mask, tile *acc) {
    LLVMBasicBlockRef before = LLVMGetInsertBlock(e->builder);
    LLVMBasicBlockRef masked = weft_emit_block(e, "masked"), after = weft_emit_block(e, "scored");
    LLVMTypeRef all = LLVMIntTypeInContext(e->context, t->rows),
                word = LLVMIntTypeInContext(e->context, e->target->lanes);
    LLVMTypeRef flags = LLVMVectorType(LLVMInt1TypeInContext(e->context), e->target->lanes);
    LLVMValueRef outside = weft_emit_splat_constant(e, -1.0 / 0.0);
    LLVMBuildCondBr(e->builder, LLVMBuildIsNull(e->builder, mask, "all_pairs"), after, masked);
    weft_emit_at(e, masked);
    tile chosen = *acc;
    for (uint32_t i = 0; i < t->streams; i++) {
        LLVMValueRef at = weft_emit_offset(e, e->i64, mask, s->last[i], "at");
        LLVMValueRef rows = LLVMBuildLoad2(e->builder, all, at, "rows");
        for (uint32_t v = 0; v < acc->width; v++) {
            LLVMValueRef shift = LLVMConstInt(all, (acc->first + v) * e->target->lanes, false);
            LLVMValueRef here = LLVMBuildTrunc(e->builder, LLVMBuildLShr(e->builder, rows, shift, ""), word, "here");
            LLVMValueRef inside = LLVMBuildBitCast(e->builder, here, flags, "inside");
            chosen.at[i][v] = LLVMBuildSelect(e->builder, inside, acc->at[i][v], outside, "chosen");
        }
    }
    LLVMBuildBr(e->builder, after);
    weft_emit_at(e, after);
    for (uint32_t i = 0; i < t->streams; i++)
        for (uint32_t v = 0; v < acc->width; v++) {
            acc->at[i][v] = weft_emit_phi(e, acc->at[i][v], before, "score");
            weft_emit_incoming(acc->at[i][v], chosen.at[i][v], masked);
        }
}

/* Where row i of a matrix of such a height begins. */
static LLVMValueRef row_of(weft_emitter *e, LLVMValueRef matrix, LLVMValueRef height, uint32_t i) {
    return weft_emit_offset(e, e->f32, matrix, LLVMBuildMul(e->builder, height, weft_emit_int(e, i), "skip"), "row");
}

static void store_tile(weft_emitter *e, const tiling *t, const tile *acc, LLVMValueRef to, LLVMValueRef height) {
    for (uint32_t i = 0; i < t->streams; i++) {
        LLVMValueRef row = row_of(e, to, height, i);
        for (uint32_t v = 0; v < acc->width; v++)
            weft_emit_store(e, row, (acc->first + v) * e->target->lanes, acc->at[i][v]);
    }
}

static void raise_highest(weft_emitter *e, const tiling *t, const tile *acc, LLVMValueRef highest) {
    for (uint32_t v = 0; v < acc->width; v++) {
        int64_t at = (acc->first + v) * e->target->lanes;
        LLVMValueRef most = weft_emit_load(e, highest, at, "highest");
        for (uint32_t i = 0; i < t->streams; i++) most = weft_emit_larger(e, acc->at[i][v], most, "higher");
        weft_emit_store(e, highest, at, most);
    }
}

#define PARAMETER(n) LLVMGetParam(function, n)

static LLVMValueRef emit_scores(weft_emitter *e, const tiling *t, uint32_t head_dim) {
    enum { QUERIES, HEIGHT, KEYS, KEY_ROW, KEY_DIM, VALID, MASK, SCORES, HIGHEST, COUNT };
    const LLVMTypeRef types[COUNT] = {e->pointer, e->i64,     e->pointer, e->i64,    e->i64,
                                      e->i64,     e->pointer, e->pointer, e->pointer};
    static const char *const names[COUNT] = {"queries", "height", "keys",   "key_row", "key_dim",
                                             "valid",   "mask",   "scores", "highest"};
    char name[32];
    snprintf(name, sizeof name, "scores_%u", (unsigned)t->rows);
    LLVMValueRef function = weft_emit_function(e, e->none, name, types, names, COUNT);
    LLVMSetLinkage(function, LLVMInternalLinkage);
    streams keys = streams_from(e, t, PARAMETER(KEYS), PARAMETER(KEY_ROW), PARAMETER(KEY_DIM), PARAMETER(VALID));
    for (uint32_t column = 0; column < t->columns; column++) {
        tile acc = column_of(t, column);
        for (uint32_t i = 0; i < t->streams; i++)
            for (uint32_t v = 0; v < acc.width; v++) acc.at[i][v] = weft_emit_splat_constant(e, 0);
        accumulate(e, t, &keys, PARAMETER(QUERIES), PARAMETER(HEIGHT),
                   weft_emit_int(e, e->target->pairs ? (head_dim + 1) / 2 : head_dim), &acc);
        apply_mask(e, t, &keys, PARAMETER(MASK), &acc);
        store_tile(e, t, &acc, PARAMETER(SCORES), PARAMETER(HEIGHT));
        raise_highest(e, t, &acc, PARAMETER(HIGHEST));
    }
    LLVMBuildRetVoid(e->builder);
    return function;
}

static LLVMValueRef emit_values(weft_emitter *e, const tiling *t) {
    enum { WEIGHTS, HEIGHT, VALUES, VALUE_ROW, VALUE_DIM, VALID, KEYS, DECAY, ACC, COUNT };
    const LLVMTypeRef types[COUNT] = {e->pointer, e->i64, e->pointer, e->i64,    e->i64,
                                      e->i64,     e->i64, e->pointer, e->pointer};
    static const char *const names[COUNT] = {"weights", "height", "values", "value_row", "value_dim",
                                             "valid",   "keys",   "decay",  "acc"};
    char name[32];
    snprintf(name, sizeof name, "values_%u", (unsigned)t->rows);
    LLVMValueRef function = weft_emit_function(e, e->none, name, types, names, COUNT);
    LLVMSetLinkage(function, LLVMInternalLinkage);
    streams dims = streams_from(e, t, PARAMETER(VALUES), PARAMETER(VALUE_DIM), PARAMETER(VALUE_ROW), PARAMETER(VALID));
    for (uint32_t column = 0; column < t->columns; column++) {
        tile acc = column_of(t, column);
        LLVMValueRef decay[MAX_WIDTH];
        for (uint32_t v = 0; v < acc.width; v++)
            decay[v] = weft_emit_load(e, PARAMETER(DECAY), (acc.first + v) * e->target->lanes, "decay");
        for (uint32_t i = 0; i < t->streams; i++) {
            LLVMValueRef row = row_of(e, PARAMETER(ACC), PARAMETER(HEIGHT), i);
            for (uint32_t v = 0; v < acc.width; v++) {
                LLVMValueRef old = weft_emit_load(e, row, (acc.first + v) * e->target->lanes, "old");
                acc.at[i][v] = LLVMBuildFMul(e->builder, old, decay[v], "decayed");
            }
        }
        accumulate(e, t, &dims, PARAMETER(WEIGHTS), PARAMETER(HEIGHT), PARAMETER(KEYS), &acc);
        store_tile(e, t, &acc, PARAMETER(ACC), PARAMETER(HEIGHT));
    }
    LLVMBuildRetVoid(e->builder);
    return function;
}

#undef PARAMETER

void weft_emit_products(weft_emitter *e, uint32_t head_dim, weft_products *out) {
    const uint32_t rows[WEFT_PRODUCT_HEIGHTS] = {WEFT_TILE_ROWS, WEFT_STRIP_ROWS};
    LLVMValueRef none = LLVMConstNull(e->pointer);
    for (uint32_t n = 0; n < WEFT_PRODUCT_HEIGHTS; n++) {
        out[n] = (weft_products){rows[n], e->target->group, none, none};
        if (e->target->group) continue;
        tiling t = cut(e->target, rows[n]);
        out[n] = (weft_products){rows[n], t.streams, emit_scores(e, &t, head_dim), emit_values(e, &t)};
    }
}

/* ---- entries ---------------------------------------------------------------------------------------------------- */

/* A function of leaf/. */
static LLVMValueRef declare_driver(weft_emitter *e, const char *name, const LLVMValueRef *arguments, unsigned count) {
    LLVMValueRef driver = LLVMGetNamedFunction(e->module, name);
    if (driver) return driver;
    LLVMTypeRef types[8];
    for (unsigned i = 0; i < count; i++) types[i] = LLVMTypeOf(arguments[i]);
    driver = LLVMAddFunction(e->module, name, LLVMFunctionType(e->none, types, count, false));
    LLVMSetVisibility(driver, LLVMHiddenVisibility);
    return driver;
}

/* Begins the entry NAME; what it is called with. */
static LLVMValueRef begin_entry(weft_emitter *e, const char *name) {
    static const char *const names[] = {"call"};
    LLVMValueRef entry = weft_emit_function(e, e->none, name, &e->pointer, names, 1);
    LLVMSetVisibility(entry, LLVMHiddenVisibility);
    return LLVMGetParam(entry, 0);
}

static void end_entry(weft_emitter *e, const char *driver_name, LLVMValueRef *arguments, unsigned count) {
    LLVMValueRef driver = declare_driver(e, driver_name, arguments, count);
    LLVMBuildCall2(e->builder, LLVMGlobalGetValueType(driver), driver, arguments, count, "");
    LLVMBuildRetVoid(e->builder);
}

/* The driver's table of products: those of as many rows as the kernel has, and of fewer. On the stack, since code is
 * not relocated. */
static LLVMValueRef list_products(weft_emitter *e, const weft_products *products, uint32_t rows) {
    enum { FIELDS = 3 };
    LLVMTypeRef types[FIELDS] = {e->i64, e->pointer, e->pointer};
    LLVMTypeRef entry = LLVMStructTypeInContext(e->context, types, FIELDS, false);
    LLVMValueRef table = LLVMBuildArrayAlloca(e->builder, entry, weft_emit_int(e, WEFT_PRODUCT_HEIGHTS), "products");
    uint32_t count = 0;
    for (uint32_t n = 0; n < WEFT_PRODUCT_HEIGHTS; n++) {
        if (products[n].rows > rows) continue;
        LLVMValueRef at = weft_emit_offset(e, entry, table, weft_emit_int(e, count++), "entry");
        LLVMValueRef fields[FIELDS] = {weft_emit_int(e, products[n].group), products[n].scores, products[n].values};
        for (unsigned f = 0; f < FIELDS; f++)
            LLVMBuildStore(e->builder, fields[f], LLVMBuildStructGEP2(e->builder, entry, at, f, "field"));
    }
    return table;
}

/* NAME_modify, or a null pointer where scores are left alone; NULL when memory fails. */
static LLVMValueRef emit_modify(weft_emitter *e, const char *name, uint32_t rows, const weft_codegen_spec *spec,
                                const weft_allocator *allocator) {
    char modify[32];
    if (!spec->program || !weft_has_modifiers(spec->program)) return LLVMConstNull(e->pointer);
    snprintf(modify, sizeof modify, "%s_modify", name);
    return weft_emit_modifier(e, modify, rows, spec->program, allocator);
}

bool weft_emit_kernel(weft_emitter *e, const char *name, uint32_t rows, const weft_products *products,
                      const weft_codegen_spec *spec, const weft_allocator *allocator) {
    LLVMValueRef modify = emit_modify(e, name, rows, spec, allocator);
    if (!modify) return false;
    LLVMValueRef call = begin_entry(e, name);
    LLVMValueRef arguments[] = {call,
                                weft_emit_int(e, rows),
                                weft_emit_int(e, spec->head_dim),
                                weft_emit_int(e, spec->value_dim),
                                list_products(e, products, rows),
                                modify};
    end_entry(e, "weft_item", arguments, sizeof arguments / sizeof *arguments);
    return true;
}

bool weft_emit_gather(weft_emitter *e, const char *name, const weft_codegen_spec *spec,
                      const weft_allocator *allocator) {
    LLVMValueRef modify = emit_modify(e, name, 0, spec, allocator);
    if (!modify) return false;
    LLVMValueRef call = begin_entry(e, name);
    LLVMValueRef arguments[] = {call, weft_emit_int(e, spec->head_dim), weft_emit_int(e, spec->value_dim), modify};
    end_entry(e, "weft_list_item", arguments, sizeof arguments / sizeof *arguments);
    return true;
}

void weft_emit_pack(weft_emitter *e, const char *name, const weft_codegen_spec *spec) {
    LLVMValueRef arguments[] = {begin_entry(e, name), weft_emit_int(e, spec->value_dim)};
    end_entry(e, "weft_pack_values", arguments, sizeof arguments / sizeof *arguments);
}
