#include "drawing.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

typedef bool picture_writer(const picture *image, FILE *out);

static picture_writer *writer_of(const char *path) {
    const char *suffix = strrchr(path, '.');
    if (!suffix) return NULL;
    return !strcasecmp(suffix, ".png") ? picture_write_png : !strcasecmp(suffix, ".svg") ? picture_write_svg : NULL;
}

bool drawing_is_possible(const options *given) {
    if (!given->output || writer_of(given->output)) return true;
    complain("-o takes a file that ends in .png or .svg, not \"%s\"; without -o the picture is drawn here",
             given->output);
    return false;
}

/* ---- the terminal ------------------------------------------------------------------------------------------- */

static int terminal_width(void) {
    const int usual = 80;
    const char *columns = getenv("COLUMNS");
    struct winsize size;
    if (columns && atoi(columns) > 0) return atoi(columns);
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    return usual;
}

/* What the locale says, without setting one: numbers are to have points. */
static bool writes_utf8(void) {
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        const char *value = getenv(names[n]);
        if (value && *value) return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
    }
    return false;
}

static picture_colors colors(const options *given) {
    const char *kind = getenv("COLORTERM");
    if (!use_color(given->color, STDOUT_FILENO)) return PICTURE_PLAIN;
    bool true_colors = kind && (strstr(kind, "truecolor") || strstr(kind, "24bit"));
    return true_colors ? PICTURE_TRUE_COLORS : PICTURE_256_COLORS;
}

/* ---- both --------------------------------------------------------------------------------------------------- */

static int write_file(const picture *image, const char *path) {
    output_file out;
    if (!output_open(&out, path)) return EXIT_WRONG;
    bool written = writer_of(path)(image, out.stream);
    int code = EXIT_FINE;
    if (!written && !ferror(out.stream)) {
        code = exit_code(WEFT_OUT_OF_MEMORY);
    } else if (!output_commit(&out)) {
        code = EXIT_WRONG;
    }
    output_discard(&out);
    return code;
}

int drawing_write(const picture *image, const options *given) {
    progress_end();
    if (given->output) return write_file(image, given->output);
    picture_terminal terminal = {.width = terminal_width(), .colors = colors(given), .utf8 = writes_utf8()};
    if (picture_write_terminal(image, &terminal, stdout)) return EXIT_FINE;
    return ferror(stdout) ? EXIT_WRONG : exit_code(WEFT_OUT_OF_MEMORY); /* main says what is wrong with stdout */
}

char *drawing_title(const session *s) {
    char nothing[1];
    size_t pattern = strlen(s->pattern), parameters = weft_plan_parameters(s->plan, nothing, sizeof nothing);
    char *title = malloc(pattern + parameters + sizeof " ()");
    if (!title) return NULL;
    memcpy(title, s->pattern, pattern + 1);
    if (!parameters) return title;
    memcpy(title + pattern, " (", 2);
    weft_plan_parameters(s->plan, title + pattern + 2, parameters + 1);
    memcpy(title + pattern + 2 + parameters, ")", 2);
    return title;
}
