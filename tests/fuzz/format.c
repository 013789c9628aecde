/* Any bytes: what can be formatted stays as it is when it is formatted again, and keeps its tokens and, comments
 * included, every byte that is no white space. The last byte chooses an allocation that fails, or none. */
#include "fmt/fmt.h"
#include "fuzz.h"
#include "grammar/tokens.h"

typedef struct listing {
    const char *text;
    weft_text *out;
} listing;

static void add_token(void *user, int kind, weft_span span) {
    const listing *l = user;
    weft_text_format(l->out, "%d ", kind);
    weft_text_add(l->out, l->text + span.begin, span.end - span.begin);
    weft_text_add(l->out, "\n", 1);
}

/* The formatted text and, with `tokens`, the tokens of the one given; false when there are none. */
static bool format(const weft_allocator *allocator, const char *text, size_t size, weft_text *out, weft_text *tokens) {
    weft_sources sources;
    weft_diagnostics d;
    weft_sources_init(&sources, allocator);
    weft_diagnostics_init(&d, allocator, &sources);
    uint32_t source = weft_sources_add(&sources, "fuzz.weft", text, size);
    bool done = source && weft_format(allocator, &sources, source, &d, out);
    HOLDS(done || !source || d.errors || d.out_of_memory);
    listing l = {text, tokens};
    if (done && tokens) HOLDS(weft_scan_tokens(allocator, &sources, source, &d, add_token, &l));
    weft_diagnostics_free(&d);
    weft_sources_free(&sources);
    return done;
}

static bool same(const weft_text *a, const weft_text *b) {
    return a->size == b->size && (a->size == 0 || !memcmp(a->at, b->at, a->size));
}

/* The text but for white space and a byte order mark, as counts of its bytes: comments may move. */
static void count_bytes(const char *text, size_t size, size_t counts[256]) {
    size_t mark = size >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3) ? 3 : 0;
    memset(counts, 0, 256 * sizeof *counts);
    for (size_t at = mark; at < size; at++) counts[(unsigned char)text[at]] += !strchr(" \t\r\n", text[at]);
}

static bool keeps_bytes(const char *text, size_t size, const weft_text *formatted) {
    size_t before[256], after[256];
    count_bytes(text, size, before);
    count_bytes(formatted->at ? formatted->at : "", formatted->size, after);
    return !memcmp(before, after, sizeof before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_memory plenty = {0}, memory = fuzz_scarce(data, size);
    weft_allocator allocator = fuzz_allocator(&plenty), failing = fuzz_allocator(&memory);
    weft_text texts[5];
    for (int k = 0; k < 4; k++) weft_text_init(&texts[k], &allocator);
    weft_text_init(&texts[4], &failing);
    if (format(&allocator, (const char *)data, size, &texts[0], &texts[1])) {
        HOLDS(format(&allocator, texts[0].at ? texts[0].at : "", texts[0].size, &texts[2], &texts[3]));
        HOLDS(same(&texts[0], &texts[2]) && same(&texts[1], &texts[3]));
        HOLDS(keeps_bytes((const char *)data, size, &texts[0]));
    }
    format(&failing, (const char *)data, size, &texts[4], NULL);
    for (int k = 0; k < 5; k++) weft_text_release(&texts[k]);
    HOLDS(plenty.blocks == 0 && memory.blocks == 0);
    return 0;
}
