/* What the parts of the formatter share: words in, lines out. Inside compiler/fmt only. */
#ifndef WEFT_FMT_LAYOUT_H
#define WEFT_FMT_LAYOUT_H

#include "ast/ast.h"
#include "parse.h"

enum { WEFT_MOST_COLUMNS = 100, WEFT_INDENT = 4, WEFT_MOST_INDENT = 60 };

/* How loosely a word joins what stands around it: lines are broken at the loosest ones, before operators and behind
 * commas. */
typedef enum weft_looseness {
    WEFT_TIGHT,
    WEFT_LOOSE_PRODUCT,
    WEFT_LOOSE_SUM,
    WEFT_LOOSE_INTERSECTION,
    WEFT_LOOSE_UNION,
    WEFT_LOOSE_COMPARISON,
    WEFT_LOOSE_AND,
    WEFT_LOOSE_OR,
    WEFT_LOOSE_CHOICE,
    WEFT_LOOSE_COMMA
} weft_looseness;

enum { WEFT_WORD_COMMENT = -1 }; /* a kind beside the tokens */

/* A token or a comment. */
typedef struct weft_word {
    weft_span span; /* without trailing blanks */
    int kind;       /* a token of parse.h, or a comment */
    weft_looseness looseness;
    uint32_t begin, end; /* columns, were the whole file one line; comments take no room */
    uint32_t partner;    /* of a bracket: the number of the other one */
    uint32_t comments;   /* how many there are before it */
    bool space;          /* behind another word of its line it has a blank before it */
    bool blank;          /* an empty line stands before it */
    bool alone;          /* a comment that begins its line */
    bool follows;        /* a comment alone that goes on the one right above, beside code */
    uint32_t column;     /* of a comment: where it began */
    uint32_t gap;        /* of a comment beside code: how far from it */
} weft_word;

/* A line that is being made: code, and the comment beside it. */
typedef struct weft_line {
    size_t begin, end; /* its code in layout->code */
    uint32_t indent;
    uint32_t width;   /* columns, indentation included */
    uint32_t comment; /* its word's number + 1; 0: none, or nothing yet */
    bool blank;       /* an empty line before it */
} weft_line;

typedef struct weft_layout {
    const weft_allocator *allocator;
    const weft_sources *sources;
    uint32_t source;
    weft_word *words;
    uint32_t word_count, word_capacity;
    weft_text code;
    weft_line *lines;
    uint32_t line_count, line_capacity;
    bool failed; /* out of memory */
} weft_layout;

static inline bool weft_is_comment(const weft_layout *l, uint32_t k) { return l->words[k].kind == WEFT_WORD_COMMENT; }
/* A comment that stands beside code. */
static inline bool weft_is_beside(const weft_layout *l, uint32_t k) {
    return weft_is_comment(l, k) && !l->words[k].alone;
}
static inline const char *weft_word_text(const weft_layout *l, uint32_t k) {
    return l->sources->at[l->source - 1].text + l->words[k].span.begin;
}

/* ---- words.c: the words of a source that has no syntax errors. False when memory fails. */
bool weft_read_words(weft_layout *l, weft_diagnostics *diagnostics);

/* ---- layout.c */
/* Starts a line; an empty one is used again. */
void weft_begin_line(weft_layout *l, uint32_t indent);
/* Adds a word to the line; behind a comment, or for a comment alone, to a new one. */
void weft_put(weft_layout *l, uint32_t k, uint32_t indent);
/* Widens the line's code by blanks. */
void weft_pad(weft_layout *l, uint32_t columns);
/* Would words [begin, end) and `after` columns more fit on the line, with no comment among them but at their end? */
bool weft_fits(const weft_layout *l, uint32_t begin, uint32_t end, uint32_t after);
bool weft_has_comments(const weft_layout *l, uint32_t begin, uint32_t end);
/* Words [begin, end), broken where they do not fit; lines that go on are indented so much. `after` columns must be free
 * behind them. */
void weft_lay_out(weft_layout *l, uint32_t begin, uint32_t end, uint32_t indent, uint32_t after);
/* The number behind word k, or behind the bracket that k opens. */
uint32_t weft_word_after(const weft_layout *l, uint32_t k);
/* The end of the piece that starts at `begin`: behind the next comma of its level and the comments beside it. */
uint32_t weft_piece_end(const weft_layout *l, uint32_t begin, uint32_t end, weft_looseness looseness);

/* ---- items.c: the lines of the whole file */
void weft_lay_out_file(weft_layout *l);

/* ---- write.c */
void weft_write_lines(const weft_layout *l, weft_text *out);

#endif
