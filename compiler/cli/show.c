/* weft show: a picture of a pattern, its terms in colours, a panel for each kind of head. */
#include <stdlib.h>
#include <string.h>

#include "drawing.h"
#include "kinds.h"

enum { MOST_PANELS = 16 };

/* A term as the legend has it, shared by the kinds of heads that have it. */
typedef struct entry {
    char *text, *file;
    uint32_t line, column;
    int number; /* of its kind's terms with this text and place, from 0 */
} entry;

typedef struct legend {
    entry at[PICTURE_TERMS];
    int count;
    bool full;                            /* the last one stands for all that had no room */
    int of[MOST_PANELS][WEFT_MOST_TERMS]; /* the entry of a kind's term */
    int terms[MOST_PANELS];               /* how many a kind has */
    char *names[PICTURE_TERMS];
} legend;

/* ---- the legend ---------------------------------------------------------------------------------------------- */

static char *text_of(const weft_plan *plan, int64_t head, int64_t term, weft_term_place *place) {
    char nothing[1];
    size_t length = weft_plan_term(plan, 0, head, term, place, nothing, sizeof nothing);
    char *text = length ? malloc(length + 1) : NULL;
    if (text) weft_plan_term(plan, 0, head, term, place, text, length + 1);
    return text;
}

static bool same_place(const entry *a, const entry *b) {
    return !strcmp(a->text, b->text) && a->line == b->line && a->column == b->column &&
           (a->file == b->file || (a->file && b->file && !strcmp(a->file, b->file)));
}

static void free_entry(entry *e) {
    free(e->text);
    free(e->file);
}

/* The number of an equal entry, new or old; takes what it is given. */
static int add_entry(legend *l, entry wanted) {
    for (int n = 0; n < l->count; n++) {
        if (!same_place(&l->at[n], &wanted) || l->at[n].number != wanted.number) continue;
        free_entry(&wanted);
        return n;
    }
    if (l->count < PICTURE_TERMS) {
        l->at[l->count] = wanted;
        return l->count++;
    }
    free_entry(&wanted);
    l->full = true;
    return PICTURE_TERMS - 1;
}

static bool read_terms(legend *l, const weft_plan *plan, int kind, int64_t head) {
    l->terms[kind] = (int)weft_plan_term_count(plan, 0, head);
    for (int term = 0; term < l->terms[kind]; term++) {
        weft_term_place place = {.size = sizeof place};
        entry e = {.text = text_of(plan, head, term, &place), .line = place.line, .column = place.column};
        if (place.file) e.file = strdup(place.file);
        if (!e.text || (place.file && !e.file)) {
            free_entry(&e);
            return false;
        }
        for (int before = 0; before < term; before++) e.number += same_place(&l->at[l->of[kind][before]], &e);
        l->of[kind][term] = add_entry(l, e);
    }
    return l->terms[kind] > 0;
}

/* The text; with its line or number where others read the same. */
static char *name_entry(const legend *l, int n) {
    const entry *e = &l->at[n];
    bool by_line = false, by_number = e->number > 0;
    for (int k = 0; k < l->count; k++) {
        if (k == n || strcmp(l->at[k].text, e->text)) continue;
        if (same_place(&l->at[k], e))
            by_number = true;
        else
            by_line = true;
    }
    size_t size = strlen(e->text) + 64;
    char *name = malloc(size);
    if (!name) return NULL;
    if (l->full && n == PICTURE_TERMS - 1) {
        strcpy(name, "other terms");
        return name;
    }
    if (by_line && by_number)
        snprintf(name, size, "%s (line %u, no. %d)", e->text, (unsigned)e->line, e->number + 1);
    else if (by_line)
        snprintf(name, size, "%s (line %u)", e->text, (unsigned)e->line);
    else if (by_number)
        snprintf(name, size, "%s (no. %d)", e->text, e->number + 1);
    else
        strcpy(name, e->text);
    return name;
}

static bool make_legend(legend *l, const weft_plan *plan, const head_kinds *kinds, int panels) {
    for (int kind = 0; kind < panels; kind++)
        if (!read_terms(l, plan, kind, kinds->at[kind].first)) return false;
    for (int n = 0; n < l->count; n++) {
        l->names[n] = name_entry(l, n);
        if (!l->names[n]) return false;
    }
    return true;
}

static void free_legend(legend *l) {
    for (int n = 0; n < l->count; n++) {
        free_entry(&l->at[n]);
        free(l->names[n]);
    }
}

/* ---- the cells ----------------------------------------------------------------------------------------------- */

/* Where a picture is made. */
typedef struct painting {
    const weft_plan *plan;
    const legend *legend;
    picture *image;
    float *share, *sum; /* [rows * columns] */
    int done, total;    /* for progress */
} painting;

static void put_shares(const painting *p, int panel, int term, const float *share) {
    for (int row = 0; row < p->image->rows; row++)
        for (int column = 0; column < p->image->columns; column++)
            picture_set(p->image, panel, term, row, column, (double)*share++);
}

static weft_status cover(painting *p, int64_t head, int64_t term) {
    progress("show", p->done++, p->total);
    return weft_plan_coverage(p->plan, 0, head, term, p->image->rows, p->image->columns, p->share);
}

/* One entry of the legend: of those that share one, at least the larger share. */
static weft_status paint_entry(painting *p, int panel, int64_t head, int n) {
    size_t cells = (size_t)p->image->rows * (size_t)p->image->columns;
    bool any = false;
    memset(p->sum, 0, cells * sizeof *p->sum);
    for (int term = 0; term < p->legend->terms[panel]; term++) {
        if (p->legend->of[panel][term] != n) continue;
        weft_status status = cover(p, head, term);
        if (status != WEFT_OK) return status;
        for (size_t k = 0; k < cells; k++)
            if (p->share[k] > p->sum[k]) p->sum[k] = p->share[k];
        any = true;
    }
    if (any) put_shares(p, panel, n, p->sum);
    return WEFT_OK;
}

static weft_status paint_panel(painting *p, int panel, int64_t head) {
    weft_status status = WEFT_OK;
    for (int n = 0; n < p->legend->count && status == WEFT_OK; n++) status = paint_entry(p, panel, head, n);
    if (status == WEFT_OK && p->legend->terms[panel] > 1) { /* else the one term is the whole */
        status = cover(p, head, WEFT_ALL_TERMS);
        if (status == WEFT_OK) put_shares(p, panel, PICTURE_UNION, p->share);
    }
    return status;
}

static weft_status paint(picture *image, const weft_plan *plan, const legend *l, const head_kinds *kinds) {
    size_t cells = (size_t)image->rows * (size_t)image->columns;
    painting p = {.plan = plan, .legend = l, .image = image};
    p.share = malloc(cells * sizeof *p.share);
    p.sum = malloc(cells * sizeof *p.sum);
    weft_status status = p.share && p.sum ? WEFT_OK : WEFT_OUT_OF_MEMORY;
    for (int panel = 0; panel < image->panel_count; panel++) p.total += l->terms[panel] + (l->terms[panel] > 1);
    for (int panel = 0; panel < image->panel_count && status == WEFT_OK; panel++)
        status = paint_panel(&p, panel, kinds->at[panel].first);
    free(p.share);
    free(p.sum);
    return status;
}

/* ---- the command --------------------------------------------------------------------------------------------- */

static int draw(const session *s, const weft_shape *shape, const head_kinds *kinds, const legend *l, int panels) {
    const char *names[MOST_PANELS];
    for (int n = 0; n < panels; n++) names[n] = kinds->heads > 1 ? kinds->at[n].name : "";
    char *title = drawing_title(s);
    picture_outline outline = {.title = title,
                               .queries = shape->queries,
                               .keys = shape->keys,
                               .term_count = l->count,
                               .panel_count = panels,
                               .terms = (const char *const *)l->names,
                               .panels = names};
    picture_grid(shape->queries, shape->keys, panels, &outline.rows, &outline.columns);
    picture *image = title ? picture_create(&outline) : NULL;
    weft_status status = image ? paint(image, s->plan, l, kinds) : WEFT_OUT_OF_MEMORY;
    if (status == WEFT_UNSUPPORTED) session_explain_run(s);
    int code = status == WEFT_OK ? drawing_write(image, s->given) : exit_code(status);
    picture_destroy(image);
    free(title);
    return code;
}

static int show(const session *s, const weft_shape *shape) {
    head_kinds kinds = {0};
    legend *l = calloc(1, sizeof *l);
    int code = l ? kinds_find(&kinds, s->plan, shape->heads, s->given) : exit_code(WEFT_OUT_OF_MEMORY);
    if (!code) {
        int panels = kinds.count < MOST_PANELS ? kinds.count : MOST_PANELS;
        if (panels < kinds.count)
            complain("of %d kinds of heads the first %d are shown; --head N shows any", kinds.count, panels);
        code =
            make_legend(l, s->plan, &kinds, panels) ? draw(s, shape, &kinds, l, panels) : exit_code(WEFT_OUT_OF_MEMORY);
    }
    if (l) free_legend(l);
    free(l);
    kinds_free(&kinds);
    return code;
}

int command_show(const options *given) {
    session s = {0};
    weft_shape shape = {0};
    if (!drawing_is_possible(given)) return EXIT_USAGE;
    int code = session_look(&s, given, &shape);
    if (!code) code = show(&s, &shape);
    session_close(&s);
    return code;
}
