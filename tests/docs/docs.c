/* docs WEFT PATTERNS FILE...: does what the pages for readers say, in a folder of its own, block by block:
 *
 *     ```weft           a pattern file: loads and lowers it; saved under the name in its first line "# NAME.weft"
 *     ```weft wrong     the same, but loading or lowering fails
 *     ```weft later     loaded, but not lowered: this build cannot do it yet
 *     ```sh             commands; their output is that of the ```text block that follows, if one does
 *     ```python         likewise
 *     ```picture        sets and their masks, which are compared (pictures.c)
 *     ```picture later  the same, where this build cannot do it yet
 *     ```ebnf, ```c, ```console
 *                       nothing
 *
 * In a ```text block a line `...` stands for any lines, and a number with a point for any such number. */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weft/weft.h>

#include "docs.h"

enum { MOST_NAME = 64 };

typedef struct block {
    char kind[24];
    char *text; /* ends in a newline, unless empty */
    int line;
    struct block *next;
} block;

static const char *page, *patterns;
static int failures, blocks, pictures;

void die(const char *what) {
    perror(what);
    exit(EXIT_FAILURE);
}

static void fail(const block *b, const char *what) {
    printf("FAILED: %s:%d: ```%s: %s\n", page, b->line, b->kind, what);
    failures++;
}

char *read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) die(path);
    char *text = NULL;
    size_t room = 0;
    bool any = getdelim(&text, &room, '\0', file) > 0;
    if (ferror(file)) die(path);
    fclose(file);
    if (any) return text;
    free(text);
    return strdup("");
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

void print_message(const weft_context *context) {
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

const char *next_line(const char *at) {
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

/* The pictures that the page shows are there. */
static void check_images(const char *text) {
    static const char mark[] = "src=\"";
    for (const char *at = text; (at = strstr(at, mark));) {
        char path[4096];
        int folder = (int)(strrchr(page, '/') - page);
        at += sizeof mark - 1;
        snprintf(path, sizeof path, "%.*s/%.*s", folder, page, (int)strcspn(at, "\""), at);
        if (access(path, R_OK) == 0) continue;
        printf("FAILED: %s shows %s, which is not there\n", page, path);
        failures++;
    }
}

static void check_page(const char *path) {
    char *text = read_file(path);
    page = path;
    block *first = blocks_of(text), *previous = NULL;
    for (block *b = first; b; previous = b, b = b->next, blocks++) {
        if (!strncmp(b->kind, "weft", 4)) {
            check_weft(b);
        } else if (!strncmp(b->kind, "picture", 7)) {
            const char *problem = check_pictures(b->text, patterns, !strcmp(b->kind, "picture"), &pictures);
            if (problem) fail(b, problem);
        } else if (!strcmp(b->kind, "sh") || !strcmp(b->kind, "python")) {
            run_commands(b, *b->kind == 's' ? "sh" : "python3");
        } else if (strcmp(b->kind, "ebnf") && strcmp(b->kind, "c") && strcmp(b->kind, "console") &&
                   (strcmp(b->kind, "text") || !previous)) {
            fail(b, "not a kind of block that is checked");
        }
    }
    const char *name = strrchr(path, '/');
    if (name && !strcmp(name, "/patterns.md")) check_gallery(text);
    check_images(text);
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
