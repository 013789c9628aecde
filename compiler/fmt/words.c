/* The words of a file: its tokens from the scanner, and between them its comments. Spaces between tokens, the pairs of
 * brackets and the places where lines may break are settled here; what the author's white space leaves behind is where
 * comments and empty lines are. */
#include "fmt/layout.h"
#include "tokens.h"

typedef struct reader {
    weft_layout *l;
    const char *text;
    uint32_t at; /* up to where the text has been read */
    uint32_t comments;
    int previous;      /* the kind of the last token; 0: there is none */
    bool sign;         /* and whether it is a sign: what follows is its operand */
    uint32_t column;   /* where it ends */
    bool header;       /* of a pattern: the next brace that stands in no other bracket opens its block */
    uint32_t newlines; /* since the last word */
    uint32_t depth;
    struct {
        uint32_t word;
        uint32_t choices;            /* `?` that wait for their `:` */
    } open[WEFT_AST_MAX_LEVELS + 2]; /* [0] is outside all brackets */
} reader;

static weft_word *add_word(reader *r, weft_word word) {
    weft_layout *l = r->l;
    word.comments = r->comments;
    word.blank = r->newlines > 1;
    r->newlines = 0;
    if (l->failed ||
        !weft_reserve(l->allocator, &l->words, &l->word_capacity, (uint64_t)l->word_count + 1, sizeof word)) {
        l->failed = true;
        return NULL;
    }
    l->words[l->word_count] = word;
    return &l->words[l->word_count++];
}

/* ---- comments ------------------------------------------------------------------------------------------------ */

static bool goes_on(const reader *r, uint32_t column) {
    const weft_layout *l = r->l;
    if (l->word_count == 0 || r->newlines != 1) return false;
    const weft_word *last = &l->words[l->word_count - 1];
    return last->kind == WEFT_WORD_COMMENT && (!last->alone || last->follows) && last->column == column;
}

static void add_comment(reader *r, uint32_t begin, uint32_t end) {
    weft_layout *l = r->l;
    weft_word word = {.kind = WEFT_WORD_COMMENT, .begin = r->column, .end = r->column};
    while (r->text[end - 1] == ' ' || r->text[end - 1] == '\t' || r->text[end - 1] == '\r') end--;
    word.span = (weft_span){l->source, begin, end};
    word.column = weft_sources_point(l->sources, l->source, begin).column;
    word.alone = l->word_count == 0 || r->newlines > 0;
    word.follows = goes_on(r, word.column);
    if (!word.alone) word.gap = begin - l->words[l->word_count - 1].span.end;
    add_word(r, word);
    r->comments++;
}

/* What lies between two tokens. */
static void read_gap(reader *r, uint32_t end) {
    while (r->at < end) {
        uint32_t begin = r->at++;
        if (r->text[begin] == '\n') r->newlines++;
        if (r->text[begin] != '#') continue;
        while (r->at < end && r->text[r->at] != '\n') r->at++;
        add_comment(r, begin, r->at);
    }
}

/* ---- tokens -------------------------------------------------------------------------------------------------- */

static bool ends_operand(int kind) {
    switch (kind) {
    case WEFT_TOKEN_NAME:
    case WEFT_TOKEN_INT:
    case WEFT_TOKEN_FLOAT:
    case WEFT_TOKEN_STRING:
    case WEFT_TOKEN_TRUE:
    case WEFT_TOKEN_FALSE:
    case WEFT_TOKEN_RPAREN:
    case WEFT_TOKEN_RBRACKET:
    case WEFT_TOKEN_RBRACE: return true;
    default: return false;
    }
}

static bool is_sign(const reader *r, int kind) {
    return kind == WEFT_TOKEN_TILDE || (kind == WEFT_TOKEN_MINUS && !ends_operand(r->previous));
}

static weft_looseness looseness_of(const reader *r, int kind) {
    switch (kind) {
    case WEFT_TOKEN_COMMA: return WEFT_LOOSE_COMMA;
    case WEFT_TOKEN_QUESTION: return WEFT_LOOSE_CHOICE;
    case WEFT_TOKEN_COLON: return r->open[r->depth].choices ? WEFT_LOOSE_CHOICE : WEFT_TIGHT;
    case WEFT_TOKEN_OR: return WEFT_LOOSE_OR;
    case WEFT_TOKEN_AND: return WEFT_LOOSE_AND;
    case WEFT_TOKEN_COMPARISON: return WEFT_LOOSE_COMPARISON;
    case WEFT_TOKEN_UNION: return WEFT_LOOSE_UNION;
    case WEFT_TOKEN_INTERSECTION: return WEFT_LOOSE_INTERSECTION;
    case WEFT_TOKEN_PLUS: return WEFT_LOOSE_SUM;
    case WEFT_TOKEN_MINUS: return is_sign(r, kind) ? WEFT_TIGHT : WEFT_LOOSE_SUM;
    case WEFT_TOKEN_PRODUCT: return WEFT_LOOSE_PRODUCT;
    default: return WEFT_TIGHT;
    }
}

static bool has_space(const reader *r, int kind, weft_looseness looseness) {
    int previous = r->previous;
    bool opened = previous == WEFT_TOKEN_LPAREN || previous == WEFT_TOKEN_LBRACKET || previous == WEFT_TOKEN_LBRACE ||
                  previous == WEFT_TOKEN_BLOCK;
    if (opened || r->sign || previous == WEFT_TOKEN_DOTS || previous == 0) return false;
    switch (kind) {
    case WEFT_TOKEN_SEMICOLON:
    case WEFT_TOKEN_COMMA:
    case WEFT_TOKEN_DOTS:
    case WEFT_TOKEN_RPAREN:
    case WEFT_TOKEN_RBRACKET:
    case WEFT_TOKEN_RBRACE: return false;
    case WEFT_TOKEN_COLON: return looseness == WEFT_LOOSE_CHOICE;
    case WEFT_TOKEN_LPAREN: return previous != WEFT_TOKEN_NAME && previous != WEFT_TOKEN_TILE;
    case WEFT_TOKEN_LBRACKET: return !ends_operand(previous);
    default: return true;
    }
}

/* A brace of a pattern, told from one of a list. */
static int block_or_list(reader *r, int kind) {
    if (kind == WEFT_TOKEN_PATTERN) r->header = true;
    if (kind == WEFT_TOKEN_LBRACE && r->header && r->depth == 0) {
        r->header = false;
        return WEFT_TOKEN_BLOCK;
    }
    bool ends = kind == WEFT_TOKEN_RBRACE && r->depth > 0 && !r->l->failed &&
                r->l->words[r->open[r->depth].word].kind == WEFT_TOKEN_BLOCK;
    return ends ? WEFT_TOKEN_BLOCK_END : kind;
}

static bool opens(int kind) {
    return kind == WEFT_TOKEN_LPAREN || kind == WEFT_TOKEN_LBRACKET || kind == WEFT_TOKEN_LBRACE ||
           kind == WEFT_TOKEN_BLOCK;
}

static bool closes(int kind) {
    return kind == WEFT_TOKEN_RPAREN || kind == WEFT_TOKEN_RBRACKET || kind == WEFT_TOKEN_RBRACE ||
           kind == WEFT_TOKEN_BLOCK_END;
}

/* Follows brackets and choices past the word just added. */
static void follow(reader *r, int kind, weft_looseness looseness) {
    weft_layout *l = r->l;
    uint32_t number = l->word_count - 1;
    if (opens(kind)) {
        r->depth++;
        r->open[r->depth].word = number;
        r->open[r->depth].choices = 0;
    } else if (closes(kind)) {
        uint32_t open = r->open[r->depth--].word;
        l->words[number].partner = open;
        l->words[open].partner = number;
    } else if (kind == WEFT_TOKEN_QUESTION) {
        r->open[r->depth].choices++;
    } else if (kind == WEFT_TOKEN_COLON && looseness == WEFT_LOOSE_CHOICE) {
        r->open[r->depth].choices--;
    }
}

/* Columns are code points. */
static uint32_t width_of(const char *text, size_t size) {
    uint32_t width = 0;
    for (size_t k = 0; k < size; k++) width += (text[k] & 0xC0) != 0x80;
    return width;
}

static void take_token(void *user, int kind, weft_span span) {
    reader *r = user;
    read_gap(r, span.begin);
    if (kind == WEFT_TOKEN_END || r->l->failed) return;
    r->at = span.end;
    kind = block_or_list(r, kind);
    weft_looseness looseness = looseness_of(r, kind);
    weft_word word = {.span = span, .kind = kind, .looseness = looseness, .space = has_space(r, kind, looseness)};
    word.begin = r->column + word.space;
    word.end = word.begin + width_of(r->text + span.begin, span.end - span.begin);
    if (!add_word(r, word)) return;
    follow(r, kind, looseness);
    r->sign = is_sign(r, kind);
    r->previous = kind;
    r->column = word.end;
}

bool weft_read_words(weft_layout *l, weft_diagnostics *diagnostics) {
    reader r = {.l = l, .text = l->sources->at[l->source - 1].text};
    bool done = weft_scan_tokens(l->allocator, l->sources, l->source, diagnostics, take_token, &r);
    return done && !l->failed;
}
