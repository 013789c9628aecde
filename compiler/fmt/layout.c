/* Breaking: words that do not fit on their line are cut into pieces at the loosest operators or commas of their level,
 * which fill lines, each piece being broken again where it is still too long. Brackets with comments inside stand on
 * lines of their own. The result depends on words alone, so formatting twice changes nothing. */
#include "fmt/layout.h"

static weft_line *last_line(const weft_layout *l) { return l->line_count ? &l->lines[l->line_count - 1] : NULL; }

static bool has_code(const weft_line *line) { return line->end > line->begin; }

void weft_begin_line(weft_layout *l, uint32_t indent) {
    weft_line *line = last_line(l);
    bool used = !line || has_code(line) || line->comment;
    if (used && !weft_reserve(l->allocator, &l->lines, &l->line_capacity, (uint64_t)l->line_count + 1, sizeof *line))
        l->failed = true;
    if (l->failed) return;
    l->line_count += used;
    l->lines[l->line_count - 1] = (weft_line){l->code.size, l->code.size, indent, indent, 0, false};
}

void weft_pad(weft_layout *l, uint32_t columns) {
    weft_line *line = last_line(l);
    for (uint32_t k = 0; k < columns; k++) weft_text_add(&l->code, " ", 1);
    if (!line || l->failed) return;
    line->width += columns;
    line->end = l->code.size;
}

void weft_put(weft_layout *l, uint32_t k, uint32_t indent) {
    const weft_word *word = &l->words[k];
    weft_line *line = last_line(l);
    if (!line || line->comment || (word->alone && has_code(line))) weft_begin_line(l, indent);
    line = last_line(l);
    if (!line || l->failed) return;
    if (weft_is_comment(l, k)) {
        line->comment = k + 1;
        return;
    }
    if (has_code(line) && word->space) weft_pad(l, 1);
    weft_text_add(&l->code, weft_word_text(l, k), word->span.end - word->span.begin);
    line->width += word->end - word->begin;
    line->end = l->code.size;
}

static void put_all(weft_layout *l, uint32_t begin, uint32_t end, uint32_t indent) {
    for (uint32_t k = begin; k < end; k++) weft_put(l, k, indent);
}

/* Leaves a line that a comment has ended. */
static void leave_comment(weft_layout *l, uint32_t indent) {
    const weft_line *line = last_line(l);
    if (!line || line->comment) weft_begin_line(l, indent);
}

/* ---- measures ------------------------------------------------------------------------------------------------ */

bool weft_has_comments(const weft_layout *l, uint32_t begin, uint32_t end) {
    if (begin >= end) return false;
    return weft_is_comment(l, end - 1) || l->words[end - 1].comments != l->words[begin].comments;
}

bool weft_fits(const weft_layout *l, uint32_t begin, uint32_t end, uint32_t after) {
    const weft_line *line = last_line(l);
    while (end > begin && weft_is_beside(l, end - 1)) end--;
    if (begin == end || !line) return true;
    if (line->comment || weft_has_comments(l, begin, end)) return false;
    const weft_word *first = &l->words[begin], *last = &l->words[end - 1];
    uint32_t width = last->end - first->begin + (has_code(line) && first->space);
    return line->width + width + after <= WEFT_MOST_COLUMNS;
}

static bool is_open(const weft_layout *l, uint32_t k) {
    int kind = l->words[k].kind;
    return kind == WEFT_TOKEN_LPAREN || kind == WEFT_TOKEN_LBRACKET || kind == WEFT_TOKEN_LBRACE;
}

uint32_t weft_word_after(const weft_layout *l, uint32_t k) { return (is_open(l, k) ? l->words[k].partner : k) + 1; }

static uint32_t deeper(uint32_t indent) {
    return indent + WEFT_INDENT < WEFT_MOST_INDENT ? indent + WEFT_INDENT : WEFT_MOST_INDENT;
}

/* ---- pieces -------------------------------------------------------------------------------------------------- */

static uint32_t skip_comments(const weft_layout *l, uint32_t k, uint32_t end) {
    while (k < end && weft_is_comment(l, k)) k++;
    return k;
}

static uint32_t skip_beside(const weft_layout *l, uint32_t k, uint32_t end) {
    while (k < end && weft_is_beside(l, k)) k++;
    return k;
}

/* The loosest word inside: an operator that begins the words, or a comma that ends them, cuts nothing. */
static weft_looseness loosest(const weft_layout *l, uint32_t begin, uint32_t end) {
    weft_looseness found = WEFT_TIGHT;
    uint32_t first = skip_comments(l, begin, end);
    for (uint32_t k = first; k < end; k = weft_word_after(l, k)) {
        weft_looseness here = l->words[k].looseness;
        bool cuts = here == WEFT_LOOSE_COMMA ? skip_beside(l, k + 1, end) < end : k > first;
        if (cuts && here > found) found = here;
    }
    return found;
}

uint32_t weft_piece_end(const weft_layout *l, uint32_t begin, uint32_t end, weft_looseness looseness) {
    uint32_t first = skip_comments(l, begin, end);
    for (uint32_t k = first; k < end; k = weft_word_after(l, k)) {
        if (l->words[k].looseness != looseness) continue;
        if (looseness == WEFT_LOOSE_COMMA) return skip_beside(l, k + 1, end);
        if (k == first) continue;
        while (weft_is_comment(l, k - 1) && !weft_is_beside(l, k - 1)) k--; /* it is about what follows */
        return k;
    }
    return end;
}

static void fill(weft_layout *l, uint32_t begin, uint32_t end, uint32_t indent, uint32_t after,
                 weft_looseness looseness) {
    for (uint32_t k = begin, next; k < end; k = next) {
        next = weft_piece_end(l, k, end, looseness);
        uint32_t behind = next == end ? after : 0;
        if (k > begin && !weft_fits(l, k, next, behind)) weft_begin_line(l, indent);
        for (; k < next && weft_is_comment(l, k); k++) weft_put(l, k, indent);
        leave_comment(l, indent);
        weft_lay_out(l, k, next, deeper(indent), behind);
    }
}

/* ---- brackets ------------------------------------------------------------------------------------------------ */

static void lay_out_brackets(weft_layout *l, uint32_t open, uint32_t indent, uint32_t after) {
    uint32_t close = l->words[open].partner, k = open + 1;
    bool apart = weft_has_comments(l, open + 1, close);
    uint32_t outside = indent >= WEFT_INDENT ? indent - WEFT_INDENT : 0;
    weft_put(l, open, indent);
    for (; k < close && weft_is_beside(l, k); k++) weft_put(l, k, indent);
    if (apart) weft_begin_line(l, indent);
    bool nested = apart && loosest(l, k, close) == WEFT_TIGHT;
    weft_lay_out(l, k, close, nested ? deeper(indent) : indent, apart ? 0 : after + 1);
    if (apart) weft_begin_line(l, outside);
    weft_put(l, close, indent);
}

/* Words that nothing may cut but what is in their brackets. */
static void lay_out_tight(weft_layout *l, uint32_t begin, uint32_t end, uint32_t indent, uint32_t after) {
    for (uint32_t k = begin; k < end;) {
        if (!is_open(l, k)) {
            weft_put(l, k++, indent);
            continue;
        }
        uint32_t next = weft_word_after(l, k), rest = next;
        while (rest < end && !is_open(l, rest)) rest++;
        uint32_t behind = rest > next ? l->words[rest - 1].end - l->words[next - 1].end : 0;
        behind += rest < end ? 1 : after;
        leave_comment(l, indent);
        if (weft_fits(l, k, next, behind))
            put_all(l, k, next, indent);
        else
            lay_out_brackets(l, k, indent, behind);
        k = next;
    }
}

void weft_lay_out(weft_layout *l, uint32_t begin, uint32_t end, uint32_t indent, uint32_t after) {
    if (weft_fits(l, begin, end, after)) {
        put_all(l, begin, end, indent);
        return;
    }
    weft_looseness looseness = loosest(l, begin, end);
    if (looseness == WEFT_TIGHT)
        lay_out_tight(l, begin, end, indent, after);
    else
        fill(l, begin, end, indent, after, looseness);
}
