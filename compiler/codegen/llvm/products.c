/* Register tiles. Both products multiply a few streams of scalars with a packed matrix whose rows are vectors of
 * queries, tile[stream][query] += stream[step] * packed[step][query]     for all steps, with the tile in registers:
 * streams are keys and steps head dimensions for the scores, streams are value dimensions and steps keys for the
 * values; where a target multiplies pairs, two steps are one. A tile of s streams by w vectors needs s * w + w + 1
 * registers; rows that need more vectors than that allows are done in several columns of tiles. */
#include "products.h"

#include "modifiers.h"
#include "set/modifiers.h"

#include <stdio.h>
#include <string.h>

enum { MAX_STREAMS = 8, MAX_WIDTH = 6, LEAST_STREAMS = 4, LEAST_SUMS = 12, LINE_BYTES = 64 };

/* How the rows of a product are cut. */
typedef struct tiling {
    uint32_t rows;
    uint32_t columns, width; /* of tiles, each so many vectors wide */
    uint32_t streams;
} tiling;

typedef struct tile {
    uint32_t width; /* in vectors */
    LLVMValueRef at[MAX_STREAMS][MAX_WIDTH];
} tile;

/* A stream's scalars: from its start, every `step` units, floats or halves of pairs. */
typedef struct streams {
    LLVMValueRef start[MAX_STREAMS];
    LLVMValueRef last[MAX_STREAMS]; /* the number of the stream, or of the last that exists */
    LLVMValueRef step;
} streams;

static uint32_t widest_tile(const weft_target *target) { return (target->registers - 1) / (LEAST_STREAMS + 1); }

/* All rows of an item, or as many of them as make columns of the greatest width: what is left is done by strips. */
static uint32_t tall_rows(const weft_target *target) {
    uint32_t vectors = WEFT_TILE_ROWS / target->lanes, widest = widest_tile(target);
    return vectors < widest || vectors % widest == 0 ? WEFT_TILE_ROWS : vectors / widest * widest * target->lanes;
}

/* As many streams as fit, and of these a power of two, which divides the keys of a block, where that leaves enough sums
 * under way: two multiply-adds a cycle, of four cycles each, need eight, and some more since loads come in between. */
static tiling cut(const weft_target *target, uint32_t rows) {
    uint32_t vectors = rows / target->lanes, columns = (vectors + widest_tile(target) - 1) / widest_tile(target);
    uint32_t width = vectors / columns, most = MAX_STREAMS, even = 1;
    while (most * width + width + 1 > target->registers) most--;
    while (2 * even <= most) even *= 2;
    return (tiling){rows, columns, width, even * width < LEAST_SUMS ? most : even};
}

/* Rows of memory that are fetched into the cache while a product is computed: one every `steps` steps, from `row` on,
 * `apart` bytes from each other, each so many bytes long. */
typedef struct fetching {
    LLVMValueRef row, apart;
    uint32_t bytes, steps;
} fetching;

static uint32_t row_bytes(const weft_codegen_spec *spec, uint32_t dims) {
    return dims * (spec->dtype == WEFT_F32 ? 4 : 2);
}

/* As many lines a multiply-add as it takes to have a block of keys, or values, after the other one has been used. */
static uint32_t steps_a_row(const tiling *t, uint32_t bytes) {
    return (bytes + LINE_BYTES - 1) / LINE_BYTES * (t->rows == WEFT_STRIP_ROWS ? 2 : 4);
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

static void prefetch(weft_emitter *e, const fetching *ahead, LLVMValueRef row) {
    LLVMTypeRef i8 = LLVMInt8TypeInContext(e->context), i32 = LLVMInt32TypeInContext(e->context);
    unsigned id = LLVMLookupIntrinsicID("llvm.prefetch", strlen("llvm.prefetch"));
    LLVMValueRef intrinsic = LLVMGetIntrinsicDeclaration(e->module, id, &e->pointer, 1);
    LLVMValueRef read = LLVMConstInt(i32, 0, false), near = LLVMConstInt(i32, 3, false),
                 data = LLVMConstInt(i32, 1, false);
    for (uint32_t byte = 0; byte < ahead->bytes; byte += LINE_BYTES) {
        LLVMValueRef line = weft_emit_offset(e, i8, row, weft_emit_int(e, byte), "line");
        LLVMBuildCall2(e->builder, LLVMGlobalGetValueType(intrinsic), intrinsic,
                       (LLVMValueRef[]){line, read, near, data}, 4, "");
    }
}

/* One step: the row of `packed`, times each stream's scalar at `offset`. */
static void add_step(weft_emitter *e, const tiling *t, const streams *s, LLVMValueRef row, LLVMValueRef offset,
                     tile *sum) {
    LLVMValueRef vectors[MAX_WIDTH];
    for (uint32_t v = 0; v < sum->width; v++) vectors[v] = weft_emit_load(e, row, v * e->target->lanes, "vector");
    for (uint32_t i = 0; i < t->streams; i++) {
        LLVMValueRef scalar = load_stream(e, s, i, offset);
        for (uint32_t v = 0; v < sum->width; v++)
            sum->at[i][v] = e->target->pairs ? multiply_pairs(e, scalar, vectors[v], sum->at[i][v])
                                             : weft_emit_multiply_add(e, scalar, vectors[v], sum->at[i][v]);
    }
}

/* A tile that is a phi for each of its vectors. */
static tile loop_tile(weft_emitter *e, const tiling *t, const tile *initial, LLVMBasicBlockRef from) {
    tile acc = *initial;
    for (uint32_t i = 0; i < t->streams; i++)
        for (uint32_t v = 0; v < acc.width; v++) acc.at[i][v] = weft_emit_phi(e, initial->at[i][v], from, "acc");
    return acc;
}

static void close_tile(const tiling *t, const tile *acc, const tile *sum, LLVMBasicBlockRef from) {
    for (uint32_t i = 0; i < t->streams; i++)
        for (uint32_t v = 0; v < acc->width; v++) weft_emit_incoming(acc->at[i][v], sum->at[i][v], from);
}

/* Steps from `row` to `end`, at least one. */
static void accumulate_some(weft_emitter *e, const tiling *t, const streams *s, LLVMValueRef height, LLVMValueRef *row,
                            LLVMValueRef *offset, LLVMValueRef end, tile *acc) {
    LLVMBasicBlockRef before = LLVMGetInsertBlock(e->builder);
    LLVMBasicBlockRef body = weft_emit_block(e, "step"), after = weft_emit_block(e, "stepped");
    LLVMBuildBr(e->builder, body);
    weft_emit_at(e, body);
    LLVMValueRef here = weft_emit_phi(e, *row, before, "row"), there = weft_emit_phi(e, *offset, before, "offset");
    tile sums = loop_tile(e, t, acc, before);
    *acc = sums;
    add_step(e, t, s, here, there, acc);
    *row = weft_emit_offset(e, e->f32, here, height, "next_row");
    *offset = LLVMBuildAdd(e->builder, there, s->step, "next_offset");
    weft_emit_incoming(here, *row, body);
    weft_emit_incoming(there, *offset, body);
    close_tile(t, &sums, acc, body);
    LLVMBuildCondBr(e->builder, LLVMBuildICmp(e->builder, LLVMIntNE, *row, end, "more"), body, after);
    weft_emit_at(e, after);
}

/* `steps` (>= 1) rows of `packed`, `height` floats apart, added to the tile, with something fetched ahead between
 * them: the loads of a few lines at a time do not make multiplications wait. */
static void accumulate(weft_emitter *e, const tiling *t, const streams *s, LLVMValueRef packed, LLVMValueRef height,
                       LLVMValueRef steps, const fetching *ahead, tile *acc) {
    LLVMBasicBlockRef before = LLVMGetInsertBlock(e->builder);
    LLVMValueRef size = LLVMBuildMul(e->builder, steps, height, "size"), row = packed, offset = weft_emit_int(e, 0);
    LLVMValueRef end = weft_emit_offset(e, e->f32, packed, size, "packed_end");
    LLVMValueRef some = LLVMBuildMul(e->builder, height, weft_emit_int(e, ahead->steps), "some");
    LLVMBasicBlockRef body = weft_emit_block(e, "fetch"), after = weft_emit_block(e, "summed");
    LLVMBuildBr(e->builder, body);
    weft_emit_at(e, body);
    LLVMValueRef row_phi = row = weft_emit_phi(e, packed, before, "row");
    LLVMValueRef offset_phi = offset = weft_emit_phi(e, offset, before, "offset");
    LLVMValueRef fetched = weft_emit_phi(e, ahead->row, before, "fetched");
    tile sums = loop_tile(e, t, acc, before);
    *acc = sums;
    prefetch(e, ahead, fetched);
    LLVMValueRef stop = weft_emit_offset(e, e->f32, row, some, "stop");
    LLVMValueRef beyond = LLVMBuildICmp(e->builder, LLVMIntUGT, stop, end, "beyond");
    stop = LLVMBuildSelect(e->builder, beyond, end, stop, "stop");
    accumulate_some(e, t, s, height, &row, &offset, stop, acc);
    LLVMBasicBlockRef last = LLVMGetInsertBlock(e->builder);
    weft_emit_incoming(row_phi, row, last);
    weft_emit_incoming(offset_phi, offset, last);
    weft_emit_incoming(
        fetched, weft_emit_offset(e, LLVMInt8TypeInContext(e->context), fetched, ahead->apart, "next_fetched"), last);
    close_tile(t, &sums, acc, last);
    LLVMBuildCondBr(e->builder, LLVMBuildICmp(e->builder, LLVMIntNE, row, end, "more"), body, after);
    weft_emit_at(e, after);
}

/* -inf where the mask has a 0, in a branch that unmasked tiles skip. */
static void apply_mask(weft_emitter *e, const tiling *t, const streams *s, LLVMValueRef mask, LLVMValueRef first,
                       tile *acc) {
    LLVMBasicBlockRef before = LLVMGetInsertBlock(e->builder);
    LLVMBasicBlockRef masked = weft_emit_block(e, "masked"), after = weft_emit_block(e, "scored");
    LLVMTypeRef all = LLVMIntTypeInContext(e->context, t->rows / t->columns),
                word = LLVMIntTypeInContext(e->context, e->target->lanes);
    LLVMTypeRef flags = LLVMVectorType(LLVMInt1TypeInContext(e->context), e->target->lanes);
    LLVMValueRef outside = weft_emit_splat_constant(e, -1.0 / 0.0);
    LLVMBuildCondBr(e->builder, LLVMBuildIsNull(e->builder, mask, "all_pairs"), after, masked);
    weft_emit_at(e, masked);
    LLVMValueRef bytes = LLVMBuildLShr(e->builder, first, weft_emit_int(e, 3), "bytes");
    mask = weft_emit_offset(e, LLVMInt8TypeInContext(e->context), mask, bytes, "mask");
    tile chosen = *acc;
    for (uint32_t i = 0; i < t->streams; i++) {
        LLVMValueRef at = weft_emit_offset(e, e->i64, mask, s->last[i], "at");
        LLVMValueRef rows = LLVMBuildLoad2(e->builder, all, at, "rows");
        LLVMSetAlignment(rows, 1);
        for (uint32_t v = 0; v < acc->width; v++) {
            LLVMValueRef shift = LLVMConstInt(all, v * e->target->lanes, false);
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
        for (uint32_t v = 0; v < acc->width; v++) weft_emit_store(e, row, v * e->target->lanes, acc->at[i][v]);
    }
}

static void raise_highest(weft_emitter *e, const tiling *t, const tile *acc, LLVMValueRef highest) {
    for (uint32_t v = 0; v < acc->width; v++) {
        int64_t at = v * e->target->lanes;
        LLVMValueRef most = weft_emit_load(e, highest, at, "highest");
        for (uint32_t i = 0; i < t->streams; i++) most = weft_emit_larger(e, acc->at[i][v], most, "higher");
        weft_emit_store(e, highest, at, most);
    }
}

/* The loop over columns: `first` is the row that one begins with. */
typedef struct column_loop {
    LLVMBasicBlockRef body; /* NULL: there is one column */
    LLVMValueRef first;
} column_loop;

static column_loop begin_columns(weft_emitter *e, const tiling *t) {
    LLVMBasicBlockRef before = LLVMGetInsertBlock(e->builder);
    if (t->columns == 1) return (column_loop){NULL, weft_emit_int(e, 0)};
    column_loop loop = {.body = weft_emit_block(e, "column")};
    LLVMBuildBr(e->builder, loop.body);
    weft_emit_at(e, loop.body);
    loop.first = weft_emit_phi(e, weft_emit_int(e, 0), before, "first");
    return loop;
}

static void end_columns(weft_emitter *e, const tiling *t, const column_loop *loop) {
    if (!loop->body) return;
    LLVMValueRef rows = weft_emit_int(e, t->rows / t->columns), all = weft_emit_int(e, t->rows);
    LLVMValueRef next = LLVMBuildAdd(e->builder, loop->first, rows, "next");
    weft_emit_incoming(loop->first, next, LLVMGetInsertBlock(e->builder));
    LLVMBasicBlockRef after = weft_emit_block(e, "done");
    LLVMBuildCondBr(e->builder, LLVMBuildICmp(e->builder, LLVMIntNE, next, all, "more"), loop->body, after);
    weft_emit_at(e, after);
}

#define PARAMETER(n) LLVMGetParam(function, n)
#define COLUMN(n) weft_emit_offset(e, e->f32, PARAMETER(n), loop.first, "column")

static LLVMValueRef emit_scores(weft_emitter *e, const tiling *t, const weft_codegen_spec *spec) {
    enum { QUERIES, HEIGHT, KEYS, KEY_ROW, KEY_DIM, VALID, MASK, SCORES, HIGHEST, AHEAD, APART, COUNT };
    const LLVMTypeRef types[COUNT] = {e->pointer, e->i64,     e->pointer, e->i64,     e->i64, e->i64,
                                      e->pointer, e->pointer, e->pointer, e->pointer, e->i64};
    static const char *const names[COUNT] = {"queries", "height", "keys",    "key_row", "key_dim", "valid",
                                             "mask",    "scores", "highest", "ahead",   "apart"};
    char name[32];
    snprintf(name, sizeof name, "scores_%u", (unsigned)t->rows);
    LLVMValueRef function = weft_emit_function(e, e->none, name, types, names, COUNT);
    LLVMSetLinkage(function, LLVMInternalLinkage);
    streams keys = streams_from(e, t, PARAMETER(KEYS), PARAMETER(KEY_ROW), PARAMETER(KEY_DIM), PARAMETER(VALID));
    uint32_t bytes = row_bytes(spec, spec->value_dim);
    fetching ahead = {PARAMETER(AHEAD), PARAMETER(APART), bytes, steps_a_row(t, bytes)};
    column_loop loop = begin_columns(e, t);
    tile acc = {.width = t->width};
    for (uint32_t i = 0; i < t->streams; i++)
        for (uint32_t v = 0; v < acc.width; v++) acc.at[i][v] = weft_emit_splat_constant(e, 0);
    uint32_t steps = e->target->pairs ? (spec->head_dim + 1) / 2 : spec->head_dim;
    accumulate(e, t, &keys, COLUMN(QUERIES), PARAMETER(HEIGHT), weft_emit_int(e, steps), &ahead, &acc);
    apply_mask(e, t, &keys, PARAMETER(MASK), loop.first, &acc);
    store_tile(e, t, &acc, COLUMN(SCORES), PARAMETER(HEIGHT));
    raise_highest(e, t, &acc, COLUMN(HIGHEST));
    end_columns(e, t, &loop);
    LLVMBuildRetVoid(e->builder);
    return function;
}

static LLVMValueRef emit_values(weft_emitter *e, const tiling *t, const weft_codegen_spec *spec) {
    enum { WEIGHTS, HEIGHT, VALUES, VALUE_ROW, VALUE_DIM, VALID, KEYS, DECAY, ACC, AHEAD, APART, COUNT };
    const LLVMTypeRef types[COUNT] = {e->pointer, e->i64,     e->pointer, e->i64,     e->i64, e->i64,
                                      e->i64,     e->pointer, e->pointer, e->pointer, e->i64};
    static const char *const names[COUNT] = {"weights", "height", "values", "value_row", "value_dim", "valid",
                                             "keys",    "decay",  "acc",    "ahead",     "apart"};
    char name[32];
    snprintf(name, sizeof name, "values_%u", (unsigned)t->rows);
    LLVMValueRef function = weft_emit_function(e, e->none, name, types, names, COUNT);
    LLVMSetLinkage(function, LLVMInternalLinkage);
    streams dims = streams_from(e, t, PARAMETER(VALUES), PARAMETER(VALUE_DIM), PARAMETER(VALUE_ROW), PARAMETER(VALID));
    uint32_t bytes = row_bytes(spec, spec->head_dim);
    fetching ahead = {PARAMETER(AHEAD), PARAMETER(APART), bytes, steps_a_row(t, bytes)};
    column_loop loop = begin_columns(e, t);
    tile acc = {.width = t->width};
    LLVMValueRef decay[MAX_WIDTH], sums = COLUMN(ACC);
    for (uint32_t v = 0; v < acc.width; v++) decay[v] = weft_emit_load(e, COLUMN(DECAY), v * e->target->lanes, "decay");
    for (uint32_t i = 0; i < t->streams; i++) {
        LLVMValueRef row = row_of(e, sums, PARAMETER(HEIGHT), i);
        for (uint32_t v = 0; v < acc.width; v++) {
            LLVMValueRef old = weft_emit_load(e, row, v * e->target->lanes, "old");
            acc.at[i][v] = LLVMBuildFMul(e->builder, old, decay[v], "decayed");
        }
    }
    accumulate(e, t, &dims, COLUMN(WEIGHTS), PARAMETER(HEIGHT), PARAMETER(KEYS), &ahead, &acc);
    store_tile(e, t, &acc, sums, PARAMETER(HEIGHT));
    end_columns(e, t, &loop);
    LLVMBuildRetVoid(e->builder);
    return function;
}

#undef COLUMN
#undef PARAMETER

void weft_emit_products(weft_emitter *e, const weft_codegen_spec *spec, weft_products *out) {
    const uint32_t rows[WEFT_PRODUCT_HEIGHTS] = {e->target->group ? WEFT_TILE_ROWS : tall_rows(e->target),
                                                 WEFT_STRIP_ROWS};
    LLVMValueRef none = LLVMConstNull(e->pointer);
    for (uint32_t n = 0; n < WEFT_PRODUCT_HEIGHTS; n++) {
        out[n] = (weft_products){rows[n], e->target->group, 1, 1, none, none};
        if (e->target->group) continue;
        tiling t = cut(e->target, rows[n]);
        out[n] = (weft_products){rows[n],
                                 t.streams,
                                 steps_a_row(&t, row_bytes(spec, spec->value_dim)),
                                 steps_a_row(&t, row_bytes(spec, spec->head_dim)),
                                 emit_scores(e, &t, spec),
                                 emit_values(e, &t, spec)};
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
    enum { FIELDS = 6 };
    LLVMTypeRef types[FIELDS] = {e->i64, e->i64, e->i64, e->i64, e->pointer, e->pointer};
    LLVMTypeRef entry = LLVMStructTypeInContext(e->context, types, FIELDS, false);
    LLVMValueRef table = LLVMBuildArrayAlloca(e->builder, entry, weft_emit_int(e, WEFT_PRODUCT_HEIGHTS), "products");
    uint32_t count = 0;
    for (uint32_t n = 0; n < WEFT_PRODUCT_HEIGHTS; n++) {
        if (products[n].rows > rows) continue;
        LLVMValueRef at = weft_emit_offset(e, entry, table, weft_emit_int(e, count++), "entry");
        LLVMValueRef fields[FIELDS] = {weft_emit_int(e, products[n].rows),
                                       weft_emit_int(e, products[n].group),
                                       weft_emit_int(e, products[n].score_steps),
                                       weft_emit_int(e, products[n].value_steps),
                                       products[n].scores,
                                       products[n].values};
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

void weft_emit_favor(weft_emitter *e, const char *name, const weft_products *products, const weft_codegen_spec *spec,
                     bool relu) {
    LLVMValueRef call = begin_entry(e, name);
    LLVMValueRef arguments[] = {call, weft_emit_int(e, spec->head_dim), weft_emit_int(e, spec->value_dim),
                                list_products(e, products, WEFT_TILE_ROWS), weft_emit_int(e, relu)};
    end_entry(e, "weft_favor_item", arguments, sizeof arguments / sizeof *arguments);
}

void weft_emit_pack(weft_emitter *e, const char *name, const weft_codegen_spec *spec) {
    LLVMValueRef arguments[] = {begin_entry(e, name), weft_emit_int(e, spec->value_dim)};
    end_entry(e, "weft_pack_values", arguments, sizeof arguments / sizeof *arguments);
}
