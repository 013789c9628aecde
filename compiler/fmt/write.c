/* Lines as text. A comment beside code keeps its distance; comments of neighbouring lines that began in one column stay
 * in one. */
#include "fmt/layout.h"

static const weft_word *comment_of(const weft_layout *l, uint32_t line) {
    return l->lines[line].comment ? &l->words[l->lines[line].comment - 1] : NULL;
}

/* Is the line's comment beside code, or does it go on one that is? */
static bool is_beside(const weft_layout *l, uint32_t line) {
    const weft_word *comment = comment_of(l, line);
    return comment && (!comment->alone || comment->follows);
}

/* The lines from `begin` on whose comments began in one column. */
static uint32_t column_end(const weft_layout *l, uint32_t begin) {
    uint32_t end = begin + 1;
    while (end < l->line_count && is_beside(l, end) && !l->lines[end].blank &&
           comment_of(l, end)->column == comment_of(l, begin)->column)
        end++;
    return end;
}

/* As far from the longest line as the nearest comment was from its code. */
static uint32_t column_of(const weft_layout *l, uint32_t begin, uint32_t end) {
    uint32_t width = 0, gap = UINT32_MAX;
    for (uint32_t k = begin; k < end; k++) {
        const weft_word *comment = comment_of(l, k);
        if (comment->follows) continue;
        if (l->lines[k].width > width) width = l->lines[k].width;
        if (comment->gap < gap) gap = comment->gap;
    }
    if (gap == UINT32_MAX) return l->lines[begin].indent;
    return width + (gap > 0 ? gap : 1);
}

static void add_blanks(weft_text *out, uint32_t count) {
    static const char blanks[] = "                                                                ";
    for (uint32_t some; count > 0; count -= some) {
        some = count < sizeof blanks - 1 ? count : (uint32_t)sizeof blanks - 1;
        weft_text_add(out, blanks, some);
    }
}

static void write_line(const weft_layout *l, uint32_t number, uint32_t column, weft_text *out) {
    const weft_line *line = &l->lines[number];
    bool has_code = line->end > line->begin;
    uint32_t width = has_code ? line->width : 0;
    if (line->blank) weft_text_add(out, "\n", 1);
    if (has_code) {
        add_blanks(out, line->indent);
        weft_text_add(out, l->code.at + line->begin, line->end - line->begin);
    }
    if (line->comment) {
        const weft_word *comment = comment_of(l, number);
        add_blanks(out, column - width);
        weft_text_add(out, weft_word_text(l, line->comment - 1), comment->span.end - comment->span.begin);
    }
    if (has_code || line->comment) weft_text_add(out, "\n", 1);
}

void weft_write_lines(const weft_layout *l, weft_text *out) {
    for (uint32_t k = 0, end; k < l->line_count; k = end) {
        bool beside = is_beside(l, k);
        end = beside ? column_end(l, k) : k + 1;
        uint32_t column = beside ? column_of(l, k, end) : l->lines[k].indent;
        for (uint32_t n = k; n < end; n++) write_line(l, n, column, out);
    }
}
