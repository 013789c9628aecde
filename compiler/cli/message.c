/* Messages of the tool itself, on stderr: complaints, suggestions, progress, and whether to use colours. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

void complain(const char *format, ...) {
    va_list arguments;
    progress_end();
    fputs("weft: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

int exit_code(weft_status status) {
    switch (status) {
    case WEFT_OK: return EXIT_FINE;
    case WEFT_CANCELLED: return EXIT_INTERRUPTED;
    case WEFT_INTERNAL: complain("this is a bug in weft; please report it"); return EXIT_BUG;
    case WEFT_OUT_OF_MEMORY: complain("out of memory"); return EXIT_WRONG;
    default: return EXIT_WRONG;
    }
}

/* Edit distance with transpositions, of short names; large where either is long. */
static size_t distance(const char *a, const char *b) {
    enum { MOST = 31 };
    size_t m = strlen(a), n = strlen(b), row[MOST + 1][MOST + 1];
    if (m > MOST || n > MOST) return MOST;
    for (size_t i = 0; i <= m; i++) {
        for (size_t j = 0; j <= n; j++) {
            if (!i || !j) {
                row[i][j] = i + j;
                continue;
            }
            size_t best = row[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            if (row[i - 1][j] + 1 < best) best = row[i - 1][j] + 1;
            if (row[i][j - 1] + 1 < best) best = row[i][j - 1] + 1;
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && row[i - 2][j - 2] + 1 < best) best = row[i - 2][j - 2] + 1;
            row[i][j] = best;
        }
    }
    return row[m][n];
}

const char *closest(const char *name, const char *const *candidates, size_t count) {
    const char *found = NULL;
    size_t least = strlen(name) / 3 + 1; /* more changes than this make another word */
    for (size_t n = 0; n < count; n++) {
        size_t d = distance(name, candidates[n]);
        if (d > least || d >= strlen(candidates[n]) || (found && d == least)) continue;
        found = candidates[n];
        least = d;
    }
    return found;
}

bool use_color(int choice, int descriptor) {
    enum { AUTO, ALWAYS };
    if (choice != AUTO) return choice == ALWAYS;
    const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");
    if (no_color && *no_color) return false;
    return isatty(descriptor) && !(terminal && !strcmp(terminal, "dumb"));
}

/* ---- progress ----------------------------------------------------------------------------------------------- */

static struct {
    double began; /* 0: nothing under way */
    double last;  /* when it was shown last; 0: never */
} under_way;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

void progress(const char *label, double done, double total) {
    const double patience = 1, interval = 0.1;
    double time = now();
    if (!under_way.began) under_way.began = time;
    if (time - under_way.began < patience || time - under_way.last < interval || !isatty(STDERR_FILENO)) return;
    under_way.last = time;
    fprintf(stderr, "\r%s: %.0f %% ", label, 100 * done / total);
    fflush(stderr);
}

void progress_end(void) {
    if (under_way.last) fputs("\r\033[K", stderr);
    under_way.began = under_way.last = 0;
}
