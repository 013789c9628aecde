/* weft fmt: pattern files in the house style, in place, or from standard input to standard output. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static char *read_text(const char *path, size_t *size) {
    if (!strcmp(path, "-")) return read_all(stdin, "standard input", size);
    FILE *file = fopen(path, "rb");
    char *text = file ? read_all(file, path, size) : NULL;
    if (!file) complain("%s: %s", path, strerror(errno));
    if (file) fclose(file);
    return text;
}

static int write_text(const char *path, const char *text) {
    output_file out;
    if (!output_open(&out, path)) return EXIT_WRONG;
    fputs(text, out.stream);
    return output_commit(&out) ? EXIT_FINE : EXIT_WRONG;
}

/* With --check, names what would change; else writes it. A filter writes what has not changed too. */
static int put_formatted(const options *given, const char *path, const char *name, const char *text, bool same) {
    bool is_filter = !strcmp(path, "-");
    if (!given->check) return same && !is_filter ? EXIT_FINE : write_text(path, text);
    if (!same) puts(name);
    return same ? EXIT_FINE : EXIT_WRONG;
}

static int format_file(const session *s, const char *path) {
    const char *name = strcmp(path, "-") ? path : "<stdin>";
    size_t size = 0;
    char *text = read_text(path, &size), *formatted = NULL;
    if (!text) return EXIT_WRONG;
    weft_status status = weft_format_text(s->context, name, text, size, &formatted);
    int code = exit_code(status);
    if (status == WEFT_OK) {
        bool same = strlen(formatted) == size && !memcmp(formatted, text, size);
        code = put_formatted(s->given, path, name, formatted, same);
    } else if (status != WEFT_OUT_OF_MEMORY) {
        session_explain(s);
    }
    weft_formatted_free(s->context, formatted);
    free(text);
    return code;
}

int command_fmt(const options *given) {
    session s = {.given = given};
    int code = exit_code(weft_context_create(NULL, &s.context));
    for (int n = 0; s.context && n < given->word_count; n++) {
        int one = interrupted() ? EXIT_INTERRUPTED : format_file(&s, given->words[n]);
        if (one > code) code = one;
    }
    session_close(&s);
    return code;
}
