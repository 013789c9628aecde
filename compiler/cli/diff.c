/* weft diff: the pairs that one pattern has and another has not, in figures and as a picture. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compare.h"
#include "drawing.h"
#include "kinds.h"

enum { MOST_PANELS = 16, DIFFERENT = 1, TROUBLE = 2 };

/* One of the two patterns. */
typedef struct side {
    options given;
    const char *words[2];
    char *file; /* of FILE:PATTERN */
    session s;
    head_kinds kinds;
} side;

typedef struct difference {
    const options *given;
    side sides[2];
    weft_shape shape;
    head_kinds kinds;    /* that are of one kind in both */
    comparison *results; /* of each */
    picture *image;      /* NULL: none is wanted */
} difference;

/* ---- the two sides ------------------------------------------------------------------------------------------- */

static bool is_name(const char *text) {
    if (!isalpha((unsigned char)*text) && *text != '_') return false;
    while (isalnum((unsigned char)*text) || *text == '_') text++;
    return !*text;
}

/* "FILE:PATTERN", unless there is a file of that very name. */
static int read_word(side *it, const options *given, const char *word) {
    const char *colon = strrchr(word, ':');
    it->given = *given;
    it->words[0] = word;
    it->given.words = it->words;
    it->given.word_count = 1;
    if (!colon || colon == word || !is_name(colon + 1) || access(word, F_OK) == 0) return EXIT_FINE;
    it->file = strndup(word, (size_t)(colon - word));
    it->words[0] = it->file;
    it->given.pattern = colon + 1;
    return it->file ? EXIT_FINE : exit_code(WEFT_OUT_OF_MEMORY);
}

static bool has_parameter(const session *s, const char *name) {
    weft_parameter parameter;
    for (size_t n = 0; weft_module_parameter(s->module, s->pattern, n, &parameter); n++)
        if (!strcmp(parameter.name, name)) return true;
    return false;
}

/* A value that only the other pattern has a parameter for is not meant for this one. */
static void drop_foreign(session *s, const session *other) {
    size_t kept = 0;
    for (size_t n = 0; n < s->binding_count; n++) {
        const weft_binding binding = s->bindings[n];
        if (!has_parameter(s, binding.name) && has_parameter(other, binding.name))
            free((char *)(uintptr_t)binding.name);
        else
            s->bindings[kept++] = binding;
    }
    s->binding_count = kept;
}

static int open_sides(difference *d) {
    side *a = &d->sides[0], *b = &d->sides[1];
    int code = EXIT_FINE;
    for (int n = 0; n < 2 && !code; n++) {
        code = read_word(&d->sides[n], d->given, d->given->words[n]);
        if (!code) code = session_prepare(&d->sides[n].s, &d->sides[n].given);
        if (!code) code = session_read(&d->sides[n].s, &d->shape);
    }
    if (code) return code;
    drop_foreign(&a->s, &b->s);
    drop_foreign(&b->s, &a->s);
    int64_t a_heads = session_heads(&a->s), b_heads = session_heads(&b->s);
    if (!d->shape.heads) d->shape.heads = a_heads > b_heads ? a_heads : b_heads;
    for (int n = 0; n < 2 && !code; n++) {
        code = session_plan(&d->sides[n].s, &d->shape, false);
        if (!code) code = session_check_pairs(&d->sides[n].s);
        if (!code) code = kinds_find(&d->sides[n].kinds, d->sides[n].s.plan, d->shape.heads, d->given);
    }
    return code ? code : kinds_join(&d->kinds, &a->kinds, &b->kinds);
}

static void close_sides(difference *d) {
    for (int n = 0; n < 2; n++) {
        kinds_free(&d->sides[n].kinds);
        session_close(&d->sides[n].s);
        free(d->sides[n].file);
    }
    kinds_free(&d->kinds);
    picture_destroy(d->image);
    free(d->results);
}

/* ---- comparing ----------------------------------------------------------------------------------------------- */

static bool make_picture(difference *d) {
    const char *names[MOST_PANELS];
    int panels = d->kinds.count < MOST_PANELS ? d->kinds.count : MOST_PANELS;
    for (int n = 0; n < panels; n++) names[n] = d->shape.heads > 1 ? d->kinds.at[n].name : "";
    char *a = drawing_title(&d->sides[0].s), *b = drawing_title(&d->sides[1].s);
    if (a && b && !strcmp(a, b)) { /* then the files tell them apart */
        free(a);
        free(b);
        a = strdup(d->given->words[0]), b = strdup(d->given->words[1]);
    }
    size_t size = (a ? strlen(a) : 0) + (b ? strlen(b) : 0) + 32;
    char *title = malloc(size), *lost = malloc(size), *gained = malloc(size);
    bool fine = a && b && title && lost && gained;
    if (fine) {
        snprintf(title, size, "%s and %s", a, b);
        snprintf(lost, size, "only in %s", a);
        snprintf(gained, size, "only in %s", b);
        const char *terms[] = {lost, gained};
        picture_outline outline = {.title = title,
                                   .queries = d->shape.queries,
                                   .keys = d->shape.keys,
                                   .term_count = 2,
                                   .panel_count = panels,
                                   .terms = terms,
                                   .panels = names,
                                   .rest = "in both"};
        picture_grid(d->shape.queries, d->shape.keys, panels, &outline.rows, &outline.columns);
        d->image = picture_create(&outline);
    }
    free(a);
    free(b);
    free(title);
    free(lost);
    free(gained);
    return d->image != NULL;
}

static double share_of(const pair_grid *grid, int row, int column) {
    double height =
        (double)(picture_begin(row + 1, grid->rows, grid->queries) - picture_begin(row, grid->rows, grid->queries));
    double width = (double)(picture_begin(column + 1, grid->columns, grid->keys) -
                            picture_begin(column, grid->columns, grid->keys));
    return grid->pairs[(size_t)row * (size_t)grid->columns + (size_t)column] / (height * width);
}

/* What a has, and what b has beside that, are all pairs. */
static weft_status paint(difference *d, int panel, const pair_grid *lost, const pair_grid *gained) {
    picture *image = d->image;
    float *share = malloc((size_t)image->rows * (size_t)image->columns * sizeof *share);
    if (!share) return WEFT_OUT_OF_MEMORY;
    weft_status status = weft_plan_coverage(d->sides[0].s.plan, 0, d->kinds.at[panel].first, WEFT_ALL_TERMS,
                                            image->rows, image->columns, share);
    for (int row = 0; row < image->rows && status == WEFT_OK; row++)
        for (int column = 0; column < image->columns; column++) {
            double less = share_of(lost, row, column), more = share_of(gained, row, column);
            picture_set(image, panel, 0, row, column, less);
            picture_set(image, panel, 1, row, column, more);
            picture_set(image, panel, PICTURE_UNION, row, column,
                        (double)share[(size_t)row * (size_t)image->columns + (size_t)column] + more);
        }
    free(share);
    return status;
}

static weft_status compare_kind(difference *d, int kind) {
    const side *a = &d->sides[0], *b = &d->sides[1];
    double rows = (double)d->shape.queries, done = kind * rows, total = d->kinds.count * rows;
    bool drawn = d->image && kind < d->image->panel_count;
    if (!drawn)
        return compare_heads(&d->results[kind], a->s.plan, b->s.plan, d->kinds.at[kind].first, &d->shape, NULL, NULL,
                             done, total);
    size_t cells = (size_t)d->image->rows * (size_t)d->image->columns;
    pair_grid lost = {.queries = d->shape.queries,
                      .keys = d->shape.keys,
                      .rows = d->image->rows,
                      .columns = d->image->columns,
                      .pairs = calloc(cells, sizeof *lost.pairs)};
    pair_grid gained = lost;
    gained.pairs = calloc(cells, sizeof *gained.pairs);
    weft_status status = WEFT_OUT_OF_MEMORY;
    if (lost.pairs && gained.pairs)
        status = compare_heads(&d->results[kind], a->s.plan, b->s.plan, d->kinds.at[kind].first, &d->shape, &lost,
                               &gained, done, total);
    if (status == WEFT_OK) status = paint(d, kind, &lost, &gained);
    free(lost.pairs);
    free(gained.pairs);
    return status;
}

static int compare(difference *d) {
    d->results = calloc((size_t)d->kinds.count + 1, sizeof *d->results);
    weft_status status = d->results ? WEFT_OK : WEFT_OUT_OF_MEMORY;
    if (status == WEFT_OK && (d->given->output || !d->given->json) && !make_picture(d)) status = WEFT_OUT_OF_MEMORY;
    for (int kind = 0; kind < d->kinds.count && status == WEFT_OK; kind++) status = compare_kind(d, kind);
    progress_end();
    return exit_code(status);
}

/* ---- the report ---------------------------------------------------------------------------------------------- */

static comparison total_of(const difference *d) {
    comparison sum = {0};
    for (int n = 0; n < d->kinds.count; n++) {
        uint64_t heads = (uint64_t)d->kinds.at[n].count;
        sum.kept += heads * d->results[n].kept;
        sum.lost += heads * d->results[n].lost;
        sum.gained += heads * d->results[n].gained;
    }
    return sum;
}

static bool is_different(const comparison *c) { return c->lost || c->gained; }

static void print_line(const char *name, const comparison *c) {
    printf("%-18s %20" PRIu64 " %20" PRIu64 " %20" PRIu64 "\n", name, c->kept, c->lost, c->gained);
}

static void print_figures(const difference *d) {
    const comparison total = total_of(d);
    printf("%-18s %20s %20s %20s\n", "pairs", "in both", "lost", "gained");
    for (int n = 0; n < d->kinds.count && d->kinds.count > 1; n++) print_line(d->kinds.at[n].name, &d->results[n]);
    print_line(d->kinds.count > 1 ? "all of them" : d->kinds.at[0].name, &total);
}

static void write_figures(const comparison *c) {
    printf("\"kept\": %" PRIu64 ", \"lost\": %" PRIu64 ", \"gained\": %" PRIu64, c->kept, c->lost, c->gained);
}

static void write_json(const difference *d) {
    const comparison total = total_of(d);
    printf("{\"a\": ");
    json_string(stdout, d->sides[0].s.pattern);
    printf(", \"b\": ");
    json_string(stdout, d->sides[1].s.pattern);
    printf(", \"queries\": %" PRId64 ", \"keys\": %" PRId64 ", \"heads\": %" PRId64 ", \"same\": %s, ",
           d->shape.queries, d->shape.keys, d->shape.heads, is_different(&total) ? "false" : "true");
    write_figures(&total);
    printf(", \"kinds\": [");
    for (int n = 0; n < d->kinds.count; n++) {
        printf("%s{\"heads\": ", n ? ",\n  " : "\n  ");
        kinds_write_heads(&d->kinds, n);
        printf(", ");
        write_figures(&d->results[n]);
        putchar('}');
    }
    puts("]}");
}

/* Without -o the picture is drawn where there is something to see. */
static int report(const difference *d) {
    const comparison total = total_of(d);
    bool differ = is_different(&total);
    (d->given->json ? write_json : print_figures)(d);
    int code = EXIT_FINE;
    if (d->image && !d->given->output && differ) putchar('\n');
    if (d->image && (d->given->output || differ)) code = drawing_write(d->image, d->given);
    return code ? code : differ ? DIFFERENT : EXIT_FINE;
}

int command_diff(const options *given) {
    difference d = {.given = given, .shape = {.size = sizeof d.shape}};
    if (!session_lengths_or_tensors(given, &d.shape) || !drawing_is_possible(given)) return TROUBLE;
    int code = open_sides(&d);
    if (!code) code = compare(&d);
    if (code == EXIT_WRONG) code = TROUBLE;
    if (!code) code = report(&d);
    close_sides(&d);
    return code;
}
