/* Pictures of sets in the pages. A block has a heading of sets, two spaces or more apart, and below each its mask: ■
 * for a pair and · for none, a row a query, a column a key.
 *
 *     SET            may be a call of a pattern of patterns/, and may use the arrays x and y
 *     SET head N     of that head
 *     SET @N         the keys of query N, laid out as the grid that the picture is
 *
 * Lines "x: 1 2 …" and "y: …" at the end give the arrays: labels for same and patterns, a key a query for listed, a
 * square mask for given. */
#include "docs.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PICTURES = 8, MOST_SIDE = 32, MOST_NAME = 64, SET_SIZE = 200, ARRAYS = 2 };

typedef struct picture {
    char set[SET_SIZE];
    int column; /* of its first cell, in code points */
    int rows, columns;
    int query; /* whose keys the cells are, or -1: cells are a mask */
    int head;
    bool cells[MOST_SIDE][MOST_SIDE];
} picture;

/* ---- reading ------------------------------------------------------------------------------------------------- */

/* The code point at *at, as 'x' for ■, '.' for ·, else its first byte; 0 at the end of the line. */
static char next_cell(const char **at) {
    static const char full[] = "■", empty[] = "·";
    if (!**at || **at == '\n') return 0;
    bool is_full = !strncmp(*at, full, sizeof full - 1), is_empty = !strncmp(*at, empty, sizeof empty - 1);
    char found = is_full ? 'x' : is_empty ? '.' : **at;
    do ++*at;
    while ((**at & 0xC0) == 0x80);
    return found;
}

static void read_suffixes(picture *p) {
    char *query = strstr(p->set, " @"), *head = strstr(p->set, " head ");
    if (query) p->query = atoi(query + 2), *query = 0;
    if (head) p->head = atoi(head + 6), *head = 0;
}

/* The sets of a heading stand two spaces or more apart. */
static int read_heading(const char *line, picture *out) {
    int count = 0, column = 0;
    const char *at = line, *start = line;
    for (char cell; (cell = next_cell(&at)); start = at, column++) {
        bool begins = cell != ' ' && (start == line || (start[-1] == ' ' && (start - line < 2 || start[-2] == ' ')));
        if (!begins || count == MOST_PICTURES) continue;
        size_t size = strcspn(start, "\n");
        const char *gap = strstr(start, "  ");
        if (gap && gap < start + size) size = (size_t)(gap - start);
        out[count] = (picture){.column = column, .query = -1};
        snprintf(out[count].set, sizeof out->set, "%.*s", (int)size, start);
        read_suffixes(&out[count++]);
    }
    return count;
}

static bool is_cell(char cell) { return cell == 'x' || cell == '.'; }

static bool read_row(const char *line, picture *out, int count) {
    int column = 0, n = -1, at_column = 0;
    for (char cell; (cell = next_cell(&line)); column++) {
        if (!is_cell(cell)) {
            if (cell != ' ') return false;
            continue;
        }
        while (n + 1 < count && out[n + 1].column <= column) n++, at_column = 0;
        if (n < 0 || column != out[n].column + at_column || at_column == MOST_SIDE) return false;
        if (at_column == 0 && out[n].rows++ == MOST_SIDE) return false;
        out[n].cells[out[n].rows - 1][at_column++] = cell == 'x';
        if (out[n].columns < at_column) out[n].columns = at_column;
    }
    return true;
}

/* ---- arrays -------------------------------------------------------------------------------------------------- */

static const char array_names[ARRAYS][2] = {"x", "y"};

typedef struct array {
    int32_t values[MOST_SIDE];
    uint8_t bytes[MOST_SIDE];
    int64_t count, shape[2];
    DLTensor tensor;
} array;

static bool read_array(const char *line, array *arrays) {
    array *out = &arrays[*line == *array_names[1]];
    char *end;
    for (line += 2; out->count < MOST_SIDE; line = end) {
        out->values[out->count] = (int32_t)strtol(line, &end, 10);
        out->bytes[out->count] = (uint8_t)out->values[out->count];
        if (end == line) return true;
        out->count++;
    }
    return false;
}

static bool is_array(const char *line) { return !strncmp(line, "x:", 2) || !strncmp(line, "y:", 2); }

/* How the set uses array n, as a type, and the array as that; NULL where it does not. */
static const char *use_array(const char *set, int n, array *a) {
    char mention[4] = {'(', array_names[n][0], 0};
    const char *at = strstr(set, mention);
    if (!at || !strchr("),", at[2])) return NULL;
    size_t before = (size_t)(at - set);
    bool mask = before >= 5 && !strncmp(at - 5, "given", 5), keys = before >= 6 && !strncmp(at - 6, "listed", 6);
    int64_t side = 1;
    while (side * side < a->count) side++;
    a->shape[0] = mask ? side : a->count;
    a->shape[1] = mask ? side : 1;
    a->tensor = (DLTensor){.data = mask ? (void *)a->bytes : (void *)a->values,
                           .device = {kDLCPU, 0},
                           .ndim = mask || keys ? 2 : 1,
                           .dtype = {mask ? kDLUInt : kDLInt, mask ? 8 : 32, 1},
                           .shape = a->shape};
    return mask ? "mask" : keys ? "keys" : "labels";
}

/* ---- masks --------------------------------------------------------------------------------------------------- */

static void print_cells(const picture *p, const uint8_t *cells) {
    for (int n = 0; n < p->rows * p->columns; n++)
        printf("%s%s", cells[n] ? "■" : "·", (n + 1) % p->columns ? "" : "\n");
}

static bool same_cells(const picture *p, const weft_plan *plan, const weft_shape *shape) {
    uint8_t *mask = malloc((size_t)(shape->queries * shape->keys)), *cells = mask;
    if (!mask) die("memory");
    bool good = weft_plan_mask(plan, 0, p->head, WEFT_MASK_ORACLE, mask) == WEFT_OK;
    if (p->query >= 0) cells += p->query * p->columns * p->rows;
    for (int n = 0; good && n < p->rows * p->columns; n++) good = cells[n] == p->cells[n / p->columns][n % p->columns];
    if (!good) print_cells(p, cells);
    free(mask);
    return good;
}

/* The file of patterns/ that defines the pattern with whose name the set begins; false where there is none. */
static bool of_patterns(const char *set, const char *patterns, char *file, size_t size) {
    char line[MOST_NAME + 10], path[4096];
    int name = (int)strspn(set, "abcdefghijklmnopqrstuvwxyz0123456789_");
    snprintf(line, sizeof line, "\npattern %.*s(", name < MOST_NAME ? name : 0, set);
    DIR *folder = opendir(patterns);
    bool found = false;
    for (struct dirent *entry; folder && !found && (entry = readdir(folder));) {
        if (!strstr(entry->d_name, ".weft")) continue;
        snprintf(path, sizeof path, "%s/%s", patterns, entry->d_name);
        char *text = read_file(path);
        found = strstr(text, line) != NULL;
        free(text);
        snprintf(file, size, "%s", entry->d_name);
    }
    if (folder) closedir(folder);
    return found;
}

/* A file whose only pattern is the set, and the arrays that it takes. */
static size_t write_pattern(const char *set, const char *patterns, array *arrays, char *text, size_t size,
                            weft_binding *bindings) {
    char file[256], parameters[64] = "";
    size_t count = 0, used = 0;
    for (int n = 0; n < ARRAYS; n++) {
        const char *type = use_array(set, n, &arrays[n]);
        if (!type) continue;
        used += (size_t)snprintf(parameters + used, sizeof parameters - used, "%s%s: %s", count ? ", " : "",
                                 array_names[n], type);
        bindings[count++] = (weft_binding){array_names[n], WEFT_BIND_ARRAY, {.array = &arrays[n].tensor}};
    }
    bool shipped = of_patterns(set, patterns, file, sizeof file);
    snprintf(text, size, "%s%s%spattern p(%s) { attend %.*s; }\n", shipped ? "import \"" : "", shipped ? file : "",
             shipped ? "\"; " : "", parameters, SET_SIZE, set);
    return count;
}

static bool picture_is_true(const picture *p, const char *patterns, array *arrays) {
    const weft_module_options options = {.size = sizeof options, .import_paths = &patterns, .import_path_count = 1};
    const weft_kernel_options plan_only = {.size = sizeof plan_only, .plan_only = true};
    weft_shape shape = {.size = sizeof shape, .heads = p->head + 1, .queries = p->rows, .keys = p->columns};
    if (p->query >= 0) shape.queries = shape.keys = p->rows * p->columns;
    weft_binding bindings[ARRAYS];
    char text[1000];
    size_t count = write_pattern(p->set, patterns, arrays, text, sizeof text, bindings);
    weft_context *context;
    weft_module *module = NULL;
    weft_kernel *kernel = NULL;
    weft_plan *plan = NULL;
    if (weft_context_create(NULL, &context) != WEFT_OK) die("context");
    bool good = weft_module_load_text(context, p->set, text, strlen(text), &options, &module) == WEFT_OK &&
                weft_kernel_create(module, NULL, &plan_only, &kernel) == WEFT_OK;
    if (!good) print_message(context);
    good = good && weft_plan_create(kernel, &shape, bindings, count, &plan) == WEFT_OK && same_cells(p, plan, &shape);
    if (!good) printf("%s, %d x %d\n", p->set, p->rows, p->columns);
    weft_plan_destroy(plan), weft_kernel_destroy(kernel), weft_module_destroy(module), weft_context_destroy(context);
    return good;
}

const char *check_pictures(const char *text, const char *patterns, bool compare, int *count) {
    picture found[MOST_PICTURES];
    array arrays[ARRAYS] = {0};
    int pictures = read_heading(text, found);
    for (const char *line = next_line(text); *line; line = next_line(line))
        if (!(is_array(line) ? read_array(line, arrays) : read_row(line, found, pictures)))
            return "a row that is not under its set";
    for (int n = 0; n < pictures && compare; n++, ++*count)
        if (!found[n].rows || !picture_is_true(&found[n], patterns, arrays)) return "the picture is of another set";
    return pictures ? NULL : "no picture";
}
