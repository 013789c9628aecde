/* docs WEFT PATTERNS FILE...: does what the pages for readers say. In a folder of its own, page by page and block by
 * block:
 *
 *     ```weft           a pattern file: loads it and lowers its patterns; saved under the name in its first line "#
 * NAME.weft"
 *     ```weft wrong     the same, but loading or lowering fails
 *     ```weft later     loaded, but not lowered: this build cannot do it yet
 *     ```sh             commands; their output is that of the ```text block that follows, if one does
 *     ```python         likewise
 *     ```picture        sets side by side over their masks, ■ for a pair and · for none, a row a query, a column a key;
 *                       "SET @N": the keys of query N, laid out as the grid that the picture is; "SET head N": of that
 *                       head. A set may be a call of a pattern of patterns/
 *     ```picture later  the same, where this build cannot do it yet
 *     ```ebnf, ```c     nothing
 *
 * In a ```text block a line `...` stands for any lines, and a number with a point for any such number: it was measured.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weft/weft.h>

enum { MOST_PICTURES = 8, MOST_SIDE = 32, MOST_NAME = 64, SET_SIZE = 200 };

typedef struct block {
    char kind[24];
    char *text; /* ends in a newline, unless empty */
    int line;
    struct block *next;
} block;

static const char *page, *patterns;
static int failures, blocks, pictures;

static void die(const char *what) {
    perror(what);
    exit(EXIT_FAILURE);
}

static void fail(const block *b, const char *what) {
    printf("FAILED: %s:%d: ```%s: %s\n", page, b->line, b->kind, what);
    failures++;
}

static char *read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) die(path);
    char *text = NULL;
    size_t room = 0;
    if (getdelim(&text, &room, '\0', file) < 0 && ferror(file)) die(path);
    fclose(file);
    return text ? text : strdup("");
}

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");
    if (!file || fputs(text, file) < 0 || fclose(file)) die(path);
}

/* ---- blocks -------------------------------------------------------------------------------------------------- */

/* Cuts the page into its blocks. */
static block *blocks_of(char *text) {
    block *first = NULL, **end = &first, *open = NULL;
    int line = 0;
    for (char *at = text; *at; line++) {
        char *next = at + strcspn(at, "\n");
        if (*next) next++;
        bool fence = !strncmp(at, "```", 3);
        if (fence && open) {
            open->text = strndup(open->text, (size_t)(at - open->text));
            open = NULL;
        } else if (fence) {
            *end = open = calloc(1, sizeof *open);
            if (!open) die("memory");
            end = &open->next;
            snprintf(open->kind, sizeof open->kind, "%.*s", (int)strcspn(at + 3, "\n"), at + 3);
            open->text = next;
            open->line = line + 1;
        }
        at = next;
    }
    if (open) fail(open, "it has no end");
    return open ? NULL : first;
}

static void blocks_free(block *b) {
    while (b) {
        block *next = b->next;
        free(b->text), free(b);
        b = next;
    }
}

/* ---- patterns ------------------------------------------------------------------------------------------------ */

static void print_message(const weft_context *context) {
    char message[4000];
    weft_context_message(context, false, message, sizeof message);
    fputs(message, stdout);
}

/* Loads the text, and lowers its patterns where that is wanted. */
static bool accepted(const char *name, const char *text, bool lower) {
    const weft_kernel_options plan_only = {.size = sizeof plan_only, .plan_only = true};
    weft_context *context;
    weft_module *module;
    const char *pattern;
    if (weft_context_create(NULL, &context) != WEFT_OK) die("context");
    weft_status status = weft_module_load_text(context, name, text, strlen(text), NULL, &module);
    for (size_t n = 0; lower && status == WEFT_OK && (pattern = weft_module_pattern(module, n)); n++) {
        weft_kernel *kernel;
        status = weft_kernel_create(module, pattern, &plan_only, &kernel);
        weft_kernel_destroy(kernel);
    }
    if (status != WEFT_OK) print_message(context);
    weft_module_destroy(module);
    weft_context_destroy(context);
    return status == WEFT_OK;
}

static void check_weft(const block *b) {
    char name[MOST_NAME] = "example.weft";
    if (sscanf(b->text, "# %60[a-z0-9_].weft", name) == 1) strcat(name, ".weft");
    write_file(name, b->text);
    bool wrong = !strcmp(b->kind, "weft wrong"), later = !strcmp(b->kind, "weft later");
    if (accepted(name, b->text, !later) == wrong) fail(b, wrong ? "nothing is wrong with it" : "it is refused");
}

/* ---- commands ------------------------------------------------------------------------------------------------ */

/* The length of the number that the text begins with, if it has a point; else 0. */
static size_t measured(const char *text) {
    size_t digits = strspn(text, "0123456789");
    if (!digits || text[digits] != '.') return 0;
    size_t size = digits + 1 + strspn(text + digits + 1, "0123456789");
    if (text[size] != 'e') return size;
    return size + 2 + strspn(text + size + 2, "0123456789");
}

/* One line against another; both end at a newline or NUL. */
static bool line_matches(const char *want, const char *got) {
    while (*want && *want != '\n') {
        size_t want_size = measured(want), got_size = measured(got);
        if (want_size > 0 && got_size > 0) {
            want += want_size;
            got += got_size;
        } else if (*want++ != *got++) {
            return false;
        }
    }
    return !*got || *got == '\n';
}

static const char *next_line(const char *at) {
    at += strcspn(at, "\n");
    return *at ? at + 1 : at;
}

static bool matches(const char *want, const char *got) {
    if (!*want) return !*got;
    if (!strncmp(want, "...\n", 4)) return matches(want + 4, got) || (*got && matches(want, next_line(got)));
    return *got && line_matches(want, got) && matches(next_line(want), next_line(got));
}

static void run_commands(const block *b, const char *shell) {
    bool told = b->next && !strcmp(b->next->kind, "text");
    char line[64];
    write_file(".commands", b->text);
    snprintf(line, sizeof line, "%s .commands >.output 2>&1 </dev/null", shell);
    int code = system(line);
    char *output = read_file(".output");
    if (told ? !matches(b->next->text, output) : code != 0) {
        fail(b, "it prints something else");
        printf("--- expected\n%s--- got, exit %d\n%s---\n", told ? b->next->text : "", code, output);
    }
    free(output);
}

/* ---- pictures ------------------------------------------------------------------------------------------------ */

typedef struct picture {
    char set[SET_SIZE];
    int column; /* of its first cell, in code points */
    int rows, columns;
    int query; /* whose keys the cells are, or -1: cells are a mask */
    int head;
    bool cells[MOST_SIDE][MOST_SIDE];
} picture;

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

/* The labels x that pictures of `same(x)` need, "x: 0 0 1 1 …". */
typedef struct labels {
    int32_t x[MOST_SIDE];
    int64_t count;
} labels;

static bool read_labels(const char *line, labels *out) {
    char *end;
    for (line += 2; out->count < MOST_SIDE; line = end) {
        out->x[out->count] = (int32_t)strtol(line, &end, 10);
        if (end == line) return true;
        out->count++;
    }
    return false;
}

static void print_cells(const picture *p, const uint8_t *cells) {
    for (int n = 0; n < p->rows * p->columns; n++)
        printf("%s%s", cells[n] ? "■" : "·", (n + 1) % p->columns ? "" : "\n");
}

static bool same_cells(const picture *p, const weft_plan *plan, const weft_shape *shape) {
    uint8_t *mask = malloc((size_t)(shape->queries * shape->keys)), *cells = mask;
    bool good = mask && weft_plan_mask(plan, 0, p->head, WEFT_MASK_ORACLE, mask) == WEFT_OK;
    if (p->query >= 0) cells += p->query * p->columns * p->rows;
    for (int n = 0; good && n < p->rows * p->columns; n++) good = cells[n] == p->cells[n / p->columns][n % p->columns];
    if (!good) print_cells(p, cells);
    free(mask);
    return good;
}

/* The file of patterns/ that defines the pattern with whose name the set begins; false where there is none. */
static bool of_patterns(const char *set, char *file, size_t size) {
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

static bool picture_is_true(const picture *p, labels *given) {
    char text[1000], file[256];
    bool labelled = strstr(p->set, "(x)") || strstr(p->set, "(x,");
    bool shipped = of_patterns(p->set, file, sizeof file);
    snprintf(text, sizeof text, "%s%s%spattern p%s { attend %.*s; }\n", shipped ? "import \"" : "", shipped ? file : "",
             shipped ? "\"; " : "", labelled ? "(x: labels)" : "", SET_SIZE, p->set);
    const weft_module_options options = {.size = sizeof options, .library_paths = &patterns, .library_path_count = 1};
    const weft_kernel_options plan_only = {.size = sizeof plan_only, .plan_only = true};
    weft_shape shape = {.size = sizeof shape, .heads = p->head + 1, .queries = p->rows, .keys = p->columns};
    if (p->query >= 0) shape.queries = shape.keys = p->rows * p->columns;
    DLTensor array = {
        .data = given->x, .device = {kDLCPU, 0}, .ndim = 1, .dtype = {kDLInt, 32, 1}, .shape = &given->count};
    weft_binding x = {.name = "x", .kind = WEFT_BIND_ARRAY, .value.array = &array};
    weft_context *context;
    weft_module *module = NULL;
    weft_kernel *kernel = NULL;
    weft_plan *plan = NULL;
    if (weft_context_create(NULL, &context) != WEFT_OK) die("context");
    bool good = weft_module_load_text(context, p->set, text, strlen(text), &options, &module) == WEFT_OK &&
                weft_kernel_create(module, NULL, &plan_only, &kernel) == WEFT_OK;
    if (!good) print_message(context);
    good = good && weft_plan_create(kernel, &shape, &x, labelled, &plan) == WEFT_OK && same_cells(p, plan, &shape);
    if (!good) printf("%s, %d x %d\n", p->set, p->rows, p->columns);
    weft_plan_destroy(plan), weft_kernel_destroy(kernel), weft_module_destroy(module), weft_context_destroy(context);
    return good;
}

static void check_pictures(const block *b) {
    picture found[MOST_PICTURES];
    labels given = {.count = 0};
    int count = read_heading(b->text, found);
    for (const char *line = next_line(b->text); *line; line = next_line(line)) {
        bool good = strncmp(line, "x:", 2) ? read_row(line, found, count) : read_labels(line, &given);
        if (!good) fail(b, "a row that is not under its set");
    }
    for (int n = 0; n < count && !strcmp(b->kind, "picture"); n++, pictures++)
        if (!found[n].rows || !picture_is_true(&found[n], &given)) fail(b, "the picture is of another set");
    if (!count) fail(b, "no picture");
}

/* ---- pages --------------------------------------------------------------------------------------------------- */

/* The gallery has a section "### NAME, NAME" for every file of patterns/. */
static void check_gallery(const char *text) {
    DIR *folder = opendir(patterns);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        size_t size = strcspn(entry->d_name, ".");
        if (strcmp(entry->d_name + size, ".weft") != 0) continue;
        entry->d_name[size] = 0;
        bool found = false;
        for (const char *at = text; !found && (at = strstr(at, "\n### ")); at++) {
            const char *end = at + 1 + strcspn(at + 1, "\n"), *name = strstr(at, entry->d_name);
            found = name && name < end && name[-1] == ' ' && strchr(",\n", name[size]);
        }
        if (found) continue;
        printf("FAILED: %s has no section ### %s\n", page, entry->d_name);
        failures++;
    }
    if (folder) closedir(folder);
}

static void check_page(const char *path) {
    char *text = read_file(path);
    page = path;
    block *first = blocks_of(text), *previous = NULL;
    for (block *b = first; b; previous = b, b = b->next, blocks++) {
        if (!strncmp(b->kind, "weft", 4)) {
            check_weft(b);
        } else if (!strncmp(b->kind, "picture", 7)) {
            check_pictures(b);
        } else if (!strcmp(b->kind, "sh") || !strcmp(b->kind, "python")) {
            run_commands(b, *b->kind == 's' ? "sh" : "python3");
        } else if (strcmp(b->kind, "ebnf") && strcmp(b->kind, "c") && (strcmp(b->kind, "text") || !previous)) {
            fail(b, "not a kind of block that is checked");
        }
    }
    const char *name = strrchr(path, '/');
    if (name && !strcmp(name, "/patterns.md")) check_gallery(text);
    blocks_free(first);
    free(text);
}

int main(int count, char **arguments) {
    char folder[] = "/tmp/weft-docs-XXXXXX", path[8192], command[64];
    if (count < 4) return EXIT_FAILURE;
    patterns = arguments[2];
    char *weft = realpath(arguments[1], NULL), *slash = weft ? strrchr(weft, '/') : NULL;
    if (!slash || !mkdtemp(folder) || chdir(folder)) die(arguments[1]);
    snprintf(path, sizeof path, "%.*s:%s", (int)(slash - weft), weft, getenv("PATH"));
    setenv("PATH", path, 1);
    setenv("NO_COLOR", "1", 1);
    for (int n = 3; n < count; n++) check_page(arguments[n]);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (chdir("/") || system(command)) die(folder);
    free(weft);
    printf("%d blocks, %d pictures, %d failures\n", blocks, pictures, failures);
    return failures || !blocks ? EXIT_FAILURE : EXIT_SUCCESS;
}
