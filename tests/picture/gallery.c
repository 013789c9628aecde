#include "gallery.h"

#include <stdlib.h>

typedef bool predicate(int head, int64_t i, int64_t j);

static int64_t apart(int64_t i, int64_t j) { return i > j ? i - j : j - i; }

/* A hash in place of Philox: pictures need scattered pairs, not the right ones. */
static uint32_t scatter(uint32_t a, uint32_t b, uint32_t c) {
    uint32_t x = a * 0x9E3779B1u ^ b * 0x85EBCA77u ^ c * 0xC2B2AE3Du;
    x ^= x >> 15;
    x *= 0x2C1B3C6Du;
    x ^= x >> 12;
    return x * 0x297A2D39u >> 8;
}

static bool near_256(int head, int64_t i, int64_t j) { return (void)head, apart(i, j) <= 256; }
static bool first_64_rows(int head, int64_t i, int64_t j) { return (void)head, (void)j, i < 64; }
static bool first_64_columns(int head, int64_t i, int64_t j) { return (void)head, (void)i, j < 64; }
static bool near_block(int head, int64_t i, int64_t j) { return (void)head, apart(i / 64, j / 64) <= 1; }
static bool end_blocks(int head, int64_t i, int64_t j) {
    return (void)head, i < 64 || j < 64 || i >= 4032 || j >= 4032;
}
static bool random_blocks(int head, int64_t i, int64_t j) {
    for (uint32_t t = 0; t < 3; t++)
        if (scatter((uint32_t)(i / 64), (uint32_t)head, t) % 64 == (uint32_t)(j / 64)) return true;
    return false;
}
static bool by_head_dilated(int head, int64_t i, int64_t j) {
    return head < 1 && apart(i, j) <= 32 && apart(i, j) % 4 == 0;
}
static bool by_head_near(int head, int64_t i, int64_t j) { return head >= 1 && apart(i, j) <= 8; }
static bool recent(int head, int64_t i, int64_t j) { return (void)head, j <= i && i - j < 12; }
static bool sinks(int head, int64_t i, int64_t j) { return (void)head, j < 4 && j <= i; }
static bool strided(int head, int64_t i, int64_t j) { return (void)head, j <= i && (i - j) % 8 == 0; }
static bool document(int head, int64_t i, int64_t j) {
    int64_t cuts[] = {700, 1100, 2500, 2560}, a = 0, b = 0;
    for (int t = 0; t < 4; t++) {
        a += i >= cuts[t];
        b += j >= cuts[t];
    }
    return (void)head, a == b && j <= i;
}
static bool cell_2d(int head, int64_t i, int64_t j) {
    return (void)head, apart(i / 16, j / 16) <= 1 && apart(i % 16, j % 16) <= 1;
}
static bool ring(int head, int64_t i, int64_t j) { return j % 16 == head || apart(i, j) < 3 * head; }
static bool decode_recent(int head, int64_t i, int64_t j) { return (void)head, 4080 + i - j < 512 && j <= 4080 + i; }

typedef struct exhibit {
    const char *name, *title;
    int64_t queries, keys;
    int term_count, panel_count;
    const char *terms[PICTURE_TERMS];
    predicate *members[PICTURE_TERMS];
    const char *panels[12];
} exhibit;

static const exhibit exhibits[GALLERY_COUNT] = {
    {"longformer",
     "longformer(w = 256, g = 64)",
     4096,
     4096,
     3,
     1,
     {"window(256)", "rows(0..64)", "cols(0..64)"},
     {near_256, first_64_rows, first_64_columns},
     {NULL}},
    {"bigbird",
     "bigbird(B = 64, r = 3)",
     4096,
     4096,
     3,
     4,
     {"blocks(64, window(1))", "blocks(64, global({0, -1}))", "blocks(64, random(3, within = ~near))"},
     {near_block, end_blocks, random_blocks},
     {"head 0", "head 1", "head 2", "head 3"}},
    {"dilated",
     "longformer_dilated(w = 8)",
     96,
     96,
     2,
     2,
     {"dilated(8, step = 4)", "window(8)"},
     {by_head_dilated, by_head_near},
     {"heads 0-1", "heads 2-11"}},
    {"sinks", "(past(12) ∪ cols(0..4)) ∩ causal", 48, 48, 2, 1, {"past(12)", "cols(0..4)"}, {recent, sinks}, {NULL}},
    {"strided",
     "sparse_transformer_strided(12, 8)",
     64,
     64,
     2,
     1,
     {"past(12)", "stride(8) ∩ causal"},
     {recent, strided},
     {NULL}},
    {"documents", "documents(x) ∩ causal", 3000, 3000, 1, 1, {"same(x)"}, {document}, {NULL}},
    {"grid", "window2d(16, 16, 1, 1)", 256, 256, 1, 1, {"window2d(16, 16, 1, 1)"}, {cell_2d}, {NULL}},
    {"heads",
     "ring, one panel a head",
     64,
     64,
     1,
     12,
     {"ring"},
     {ring},
     {"head 0", "head 1", "head 2", "head 3", "head 4", "head 5", "head 6", "head 7", "head 8", "head 9", "head 10",
      "head 11"}},
    {"decode",
     "mistral(512): 16 queries at the end of 4096 keys",
     16,
     4096,
     1,
     1,
     {"past(512)"},
     {decode_recent},
     {NULL}},
};

const char *gallery_name(int index) { return exhibits[index].name; }

static void fill(picture *image, const exhibit *e, int panel, int term, uint8_t *mask) {
    for (int64_t r = 0; r < e->queries; r++)
        for (int64_t j = 0; j < e->keys; j++) {
            bool in = false;
            for (int t = 0; t < e->term_count; t++) in |= (term < 0 || term == t) && e->members[t](panel, r, j);
            mask[r * e->keys + j] = in;
        }
    picture_set_mask(image, panel, term, mask);
}

picture *gallery_picture(int index) {
    const exhibit *e = &exhibits[index];
    picture_outline outline = {.title = e->title,
                               .queries = e->queries,
                               .keys = e->keys,
                               .term_count = e->term_count,
                               .panel_count = e->panel_count,
                               .terms = e->terms,
                               .panels = e->panels};
    picture_grid(e->queries, e->keys, e->panel_count, &outline.rows, &outline.columns);
    picture *image = picture_create(&outline);
    uint8_t *mask = malloc((size_t)(e->queries * e->keys));
    for (int panel = 0; image && mask && panel < e->panel_count; panel++) {
        for (int term = 0; term < e->term_count; term++) fill(image, e, panel, term, mask);
        fill(image, e, panel, PICTURE_UNION, mask);
    }
    free(mask);
    return image;
}

picture *gallery_lone_pair(int64_t query, int64_t key) {
    static const char *const terms[] = {"window(1)", "given(x)"}, *const panels[] = {"head 0"};
    picture_outline outline = {"a lone pair", 1 << 20, 1 << 20, 512, 512, 2, 1, terms, panels, NULL};
    picture *image = picture_create(&outline);
    int row = (int)(query / 2048), column = (int)(key / 2048);
    if (image) picture_set(image, 0, 1, row, column, 1.0 / (2048.0 * 2048.0));
    return image;
}
