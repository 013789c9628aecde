/* Definitions and statements, one a line or more. In a pattern the sets of `attend`, `heads` and `approximate` in
 * neighbouring lines stay in one column where the author put them there. */
#include "fmt/layout.h"

enum { MOST_LEAD = 32 }; /* columns; what is longer takes no part in columns */

/* Behind the `;` that ends a statement. */
static uint32_t statement_end(const weft_layout *l, uint32_t k) {
    while (k < l->word_count && l->words[k].kind != WEFT_TOKEN_SEMICOLON) k = weft_word_after(l, k);
    return k + 1;
}

static uint32_t put_comments_beside(weft_layout *l, uint32_t k, uint32_t indent) {
    for (; k < l->word_count && weft_is_beside(l, k); k++) weft_put(l, k, indent);
    return k;
}

/* ---- columns ------------------------------------------------------------------------------------------------- */

/* The end of what stands before a statement's set, or its beginning where it has no part in columns. */
static uint32_t lead_end(const weft_layout *l, uint32_t statement) {
    uint32_t end = statement;
    switch (l->words[statement].kind) {
    case WEFT_TOKEN_ATTEND:
    case WEFT_TOKEN_APPROXIMATE: end++; break;
    case WEFT_TOKEN_HEADS:
        while (l->words[end].kind != WEFT_TOKEN_COLON || l->words[end].looseness != WEFT_TIGHT)
            end = weft_word_after(l, end);
        end++;
        break;
    default: return statement;
    }
    bool fits = l->words[end - 1].end - l->words[statement].begin <= MOST_LEAD;
    return fits && !weft_has_comments(l, statement, end) ? end : statement;
}

/* Where the author let a statement's set begin; 0 where it is not beside its lead. */
static uint32_t set_column(const weft_layout *l, uint32_t statement) {
    uint32_t set = lead_end(l, statement);
    if (set == statement || weft_is_comment(l, set)) return 0;
    weft_point lead = weft_sources_point(l->sources, l->source, l->words[statement].span.begin);
    weft_point point = weft_sources_point(l->sources, l->source, l->words[set].span.begin);
    return point.line == lead.line ? point.column : 0;
}

/* Neighbouring statements whose sets share a column. */
typedef struct run {
    uint32_t end;   /* word number */
    uint32_t width; /* of the longest lead; 0: none has one */
} run;

static run find_run(const weft_layout *l, uint32_t statement, uint32_t end) {
    run found = {statement, 0};
    uint32_t column = set_column(l, statement);
    for (uint32_t k = statement; k < end && (k == statement || !l->words[k].blank);) {
        if (weft_is_comment(l, k) || column == 0 || set_column(l, k) != column) break;
        uint32_t width = l->words[lead_end(l, k) - 1].end - l->words[k].begin;
        if (width > found.width) found.width = width;
        for (k = statement_end(l, k); k < end && weft_is_beside(l, k);) k++;
        found.end = k;
    }
    return found;
}

/* ---- statements ---------------------------------------------------------------------------------------------- */

static uint32_t lay_out_statement(weft_layout *l, uint32_t k, uint32_t indent, uint32_t column) {
    uint32_t end = statement_end(l, k), lead = lead_end(l, k);
    if (column) {
        uint32_t width = l->words[lead - 1].end - l->words[k].begin;
        for (; k < lead; k++) weft_put(l, k, indent);
        weft_pad(l, column - width);
    }
    weft_lay_out(l, k, end, indent + WEFT_INDENT, 0);
    return put_comments_beside(l, end, indent + WEFT_INDENT);
}

static uint32_t begin_item(weft_layout *l, uint32_t k, uint32_t indent, bool first) {
    weft_begin_line(l, indent);
    if (l->line_count && !l->failed) l->lines[l->line_count - 1].blank = l->words[k].blank && !first;
    if (!weft_is_comment(l, k)) return k;
    weft_put(l, k, indent);
    return k + 1;
}

static void lay_out_block(weft_layout *l, uint32_t begin, uint32_t end) {
    run columns = {0, 0};
    for (uint32_t k = put_comments_beside(l, begin, WEFT_INDENT), first = k; k < end && !l->failed;) {
        uint32_t statement = begin_item(l, k, WEFT_INDENT, k == first);
        if (statement == k) {
            if (k >= columns.end) columns = find_run(l, k, end);
            statement = lay_out_statement(l, k, WEFT_INDENT, k < columns.end ? columns.width : 0);
        }
        k = statement;
    }
}

/* ---- patterns ------------------------------------------------------------------------------------------------ */

/* A parameter a line. */
static uint32_t lay_out_parameters(weft_layout *l, uint32_t open) {
    uint32_t close = l->words[open].partner, k = open;
    weft_put(l, k++, WEFT_INDENT);
    for (; k < close && weft_is_beside(l, k); k++) weft_put(l, k, WEFT_INDENT);
    for (uint32_t next; k < close; k = next) {
        next = weft_piece_end(l, k, close, WEFT_LOOSE_COMMA);
        weft_begin_line(l, WEFT_INDENT);
        for (; k < next && weft_is_comment(l, k); k++) weft_put(l, k, WEFT_INDENT);
        if (k < next) weft_begin_line(l, WEFT_INDENT);
        weft_lay_out(l, k, next, 2 * WEFT_INDENT, 0);
    }
    weft_begin_line(l, 0);
    weft_put(l, close, 0);
    return close + 1;
}

/* Returns the number of the brace. */
static uint32_t lay_out_header(weft_layout *l, uint32_t k) {
    uint32_t block = k;
    while (l->words[block].kind != WEFT_TOKEN_BLOCK) block = weft_word_after(l, block);
    bool fits = weft_fits(l, k, block + 1, 0);
    while (k <= block) {
        if (!fits && l->words[k].kind == WEFT_TOKEN_LPAREN && l->words[k].partner > k + 1)
            k = lay_out_parameters(l, k);
        else
            weft_put(l, k++, 0);
    }
    return block;
}

static uint32_t lay_out_pattern(weft_layout *l, uint32_t k) {
    uint32_t block = lay_out_header(l, k), end = l->words[block].partner;
    lay_out_block(l, block + 1, end);
    if (end > block + 1) weft_begin_line(l, 0);
    weft_put(l, end, 0);
    return put_comments_beside(l, end + 1, WEFT_INDENT);
}

void weft_lay_out_file(weft_layout *l) {
    for (uint32_t k = 0; k < l->word_count && !l->failed;) {
        uint32_t next = begin_item(l, k, 0, k == 0);
        if (next == k)
            next = l->words[k].kind == WEFT_TOKEN_PATTERN ? lay_out_pattern(l, k) : lay_out_statement(l, k, 0, 0);
        k = next;
    }
    if (l->code.failed) l->failed = true;
}
