/* Runs the tool as .case files say: cases WEFT SOURCE FILE... A case lives in a folder of its own and is a list of
 * sections, each a line "== KIND ARGUMENT" and the lines after it:
 *
 *     == file NAME        a file with these lines
 *     == npy NAME DESCR SHAPE: VALUES        an array, such as: tokens.npy <i4 3: 0 5 9
 *     == header NAME VERSION BYTES: HEADER   an array by its header, true or not, and so many bytes of elements
 *     == env NAME VALUE   sets a variable of the environment from here on
 *     == weft ARGUMENTS   runs the tool; 'quotes' hold an argument together
 *     == stdin            what it reads            (these six belong to the run before them)
 *     == sends PATH       where its output goes: /dev/full; closed: nowhere; pipe: to one that nobody reads
 *     == exit N           its exit code, else 0
 *     == stdout           what it must print, else nothing
 *     == stderr           likewise
 *     == json             what it prints is JSON, whatever it says
 *     == absent NAME      the file is not there after the runs so far
 *     == same NAME NAME   the two files are equal
 *
 * In what is expected, <*> stands for any text within a line, and a line <...> for any lines; {source} is the folder of
 * the sources everywhere. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/npy.h"
#include "json_check.h"

enum { MOST_ARGUMENTS = 64, MOST_PATH = 4096, MOST_DIMS = 8 };

static const char *weft, *source;
static char folder[] = "/tmp/weft-case-XXXXXX";

/* A section: its heading without "== ", and its lines, up to the next. */
typedef struct section {
    char kind[16];
    char *argument;
    char *body;
} section;

typedef struct test_run {
    bool pending, json;
    char *arguments;
    const char *input, *sends, *output, *errors;
    int code;
} test_run;

static void die(const char *what) {
    perror(what);
    exit(EXIT_FAILURE);
}

/* ---- text --------------------------------------------------------------------------------------------------- */

static char *read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    size_t size = 0, room = 1 << 16;
    char *text = malloc(room + 1);
    for (size_t got; text && (got = fread(text + size, 1, room - size, file)) > 0; size += got)
        if (size + got == room) text = realloc(text, 2 * room + 1), room *= 2;
    fclose(file);
    if (!text) die("memory");
    text[size] = 0;
    return text;
}

/* The text with every {source} replaced. */
static char *with_source(const char *text) {
    const char *mark = "{source}", *at;
    size_t count = 0;
    for (at = text; (at = strstr(at, mark)); at++) count++;
    char *out = malloc(strlen(text) + count * strlen(source) + 1), *end = out;
    if (!out) die("memory");
    for (; (at = strstr(text, mark)); text = at + strlen(mark)) {
        memcpy(end, text, (size_t)(at - text));
        end += at - text;
        memcpy(end, source, strlen(source));
        end += strlen(source);
    }
    memcpy(end, text, strlen(text) + 1);
    return out;
}

/* One line against one with <*> in it; both end at a newline or NUL. */
static bool line_matches(const char *want, const char *got) {
    if (!strncmp(want, "<*>", 3)) {
        if (line_matches(want + 3, got)) return true;
        return *got && *got != '\n' && line_matches(want, got + 1);
    }
    bool want_ends = !*want || *want == '\n', got_ends = !*got || *got == '\n';
    if (want_ends || got_ends) return want_ends && got_ends;
    return *want == *got && line_matches(want + 1, got + 1);
}

static const char *next_line(const char *at) {
    at += strcspn(at, "\n");
    return *at ? at + 1 : at;
}

static bool matches(const char *want, const char *got) {
    if (!*want) return !*got;
    if (!strncmp(want, "<...>\n", 6)) return matches(want + 6, got) || (*got && matches(want, next_line(got)));
    return *got && line_matches(want, got) && matches(next_line(want), next_line(got));
}

/* ---- running ------------------------------------------------------------------------------------------------ */

static int split(char *text, char **out) {
    int count = 0;
    while (*text && count < MOST_ARGUMENTS - 1) {
        bool quoted = *text == '\'';
        out[count++] = text += quoted;
        text += strcspn(text, quoted ? "'" : " ");
        if (*text) *text++ = 0;
        text += strspn(text, " ");
    }
    out[count] = NULL;
    return count;
}

static void redirect(const char *path, int flags, int descriptor) {
    int file = open(path, flags, 0666);
    if (file < 0 || dup2(file, descriptor) < 0) die(path);
    close(file);
}

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");
    if (!file || fputs(text, file) < 0 || fclose(file)) die(path);
}

/* In the child: its output, as the case has it. */
static void send_output(const char *to) {
    int ends[2];
    redirect(".stdout", O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
    if (!to) return;
    if (!strcmp(to, "closed")) {
        close(STDOUT_FILENO);
    } else if (!strcmp(to, "pipe")) {
        if (pipe(ends) || dup2(ends[1], STDOUT_FILENO) < 0) die("pipe");
        close(ends[0]);
        close(ends[1]);
        signal(SIGPIPE, SIG_IGN);
    } else {
        redirect(to, O_WRONLY, STDOUT_FILENO);
    }
}

static int execute(test_run *run) {
    char *arguments[MOST_ARGUMENTS] = {(char *)(uintptr_t)weft};
    split(run->arguments, arguments + 1);
    write_file(".stdin", run->input ? run->input : "");
    pid_t child = fork();
    if (child < 0) die("fork");
    if (child == 0) {
        redirect(".stdin", O_RDONLY, STDIN_FILENO);
        send_output(run->sends);
        redirect(".stderr", O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
        execv(weft, arguments);
        die(weft);
    }
    int status;
    if (waitpid(child, &status, 0) < 0) die("wait");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool compare(const char *name, const char *want, const char *path) {
    char *got = read_file(path), *expected = with_source(want ? want : "");
    bool same = got && matches(expected, got);
    if (!same) printf("--- expected %s\n%s--- got\n%s---\n", name, expected, got ? got : "(nothing)");
    free(got);
    free(expected);
    return same;
}

static bool check_json(const char *path) {
    char *text = read_file(path);
    bool valid = text && json_is_valid(text);
    if (!valid) printf("--- no JSON\n%s---\n", text ? text : "(nothing)\n");
    free(text);
    return valid;
}

static bool finish_run(test_run *run) {
    if (!run->pending) return true;
    char *line = with_source(run->arguments), *shown = strdup(line);
    run->arguments = line;
    int code = execute(run);
    bool good = code == run->code;
    if (!good) printf("--- expected exit %d, got %d\n", run->code, code);
    if (!run->json || run->output) good = compare("stdout", run->output, ".stdout") && good;
    if (run->json) good = check_json(".stdout") && good;
    good = compare("stderr", run->errors, ".stderr") && good;
    if (!good) printf("--- by: weft %s\n", shown);
    free(shown);
    free(line);
    *run = (test_run){0};
    return good;
}

/* ---- sections ----------------------------------------------------------------------------------------------- */

/* NAME DESCR SHAPE: VALUES; SHAPE is numbers. */
static void write_npy(char *text) {
    char *name = strtok(text, " "), *descr = strtok(NULL, " "), *sizes = strtok(NULL, ":"), *values = strtok(NULL, "");
    int64_t shape[MOST_DIMS];
    int dims = 0;
    for (char *end; dims < MOST_DIMS; dims++, sizes = end) {
        shape[dims] = strtoll(sizes, &end, 10);
        if (end == sizes) break;
    }
    FILE *file = fopen(name, "wb");
    if (!file || !npy_write_header(file, descr, dims, shape)) die(name);
    for (char *end; values; values = end) {
        double value = strtod(values, &end);
        if (end == values) break;
        float single = (float)value;
        int64_t whole = (int64_t)value;
        if (descr[1] == 'f') {
            npy_write_floats(file, &single, WEFT_F32, 1);
        } else {
            fwrite(&whole, 1, (size_t)(descr[2] - '0'), file);
        }
    }
    if (fclose(file)) die(name);
}

/* NAME VERSION BYTES: HEADER. */
static void write_header(char *text) {
    char *name = strtok(text, " "), *version = strtok(NULL, " "), *bytes = strtok(NULL, ":"),
         *header = strtok(NULL, "");
    size_t size = strlen(header);
    int wide = *version == '1' ? 2 : 4;
    FILE *file = fopen(name, "wb");
    if (!file) die(name);
    fprintf(file, "\x93NUMPY%c%c", *version - '0', 0);
    for (int n = 0; n < wide; n++) fputc((int)(size >> 8 * n & 255), file);
    fputs(header, file);
    for (long n = strtol(bytes, NULL, 10); n > 0; n--) fputc(0, file);
    if (fclose(file)) die(name);
}

static bool same_files(char *names) {
    char *first = strtok(names, " "), *second = strtok(NULL, " "), command[2 * MOST_PATH];
    snprintf(command, sizeof command, "cmp -s '%s' '%s'", first, second);
    if (system(command) == 0) return true;
    printf("--- %s and %s differ\n", first, second);
    return false;
}

static bool absent(const char *name) {
    if (access(name, F_OK)) return true;
    printf("--- %s exists\n", name);
    return false;
}

static bool set_variable(char *words) {
    char *name = strtok(words, " "), *value = strtok(NULL, "");
    return setenv(name, value ? value : "", 1) == 0;
}

/* What pictures in the terminal look at. */
static void usual_environment(void) {
    unsetenv("NO_COLOR");
    unsetenv("COLORTERM");
    unsetenv("WEFT_TARGET");
    setenv("WEFT_CACHE", "", 1);
    setenv("COLUMNS", "80", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
}

static bool perform(const section *s, test_run *run) {
    bool good = true;
    if (!strcmp(s->kind, "stdin")) {
        run->input = s->body;
    } else if (!strcmp(s->kind, "sends")) {
        run->sends = s->argument;
    } else if (!strcmp(s->kind, "exit")) {
        run->code = atoi(s->argument);
    } else if (!strcmp(s->kind, "stdout")) {
        run->output = s->body;
    } else if (!strcmp(s->kind, "stderr")) {
        run->errors = s->body;
    } else if (!strcmp(s->kind, "json")) {
        run->json = true;
    } else {
        good = finish_run(run);
        if (!strcmp(s->kind, "weft")) {
            *run = (test_run){.pending = true, .arguments = s->argument};
        } else if (!strcmp(s->kind, "env")) {
            good = set_variable(s->argument) && good;
        } else if (!strcmp(s->kind, "file")) {
            write_file(s->argument, s->body);
        } else if (!strcmp(s->kind, "npy")) {
            write_npy(s->argument);
        } else if (!strcmp(s->kind, "header")) {
            write_header(s->argument);
        } else if (!strcmp(s->kind, "absent")) {
            good = absent(s->argument) && good;
        } else if (!strcmp(s->kind, "same")) {
            good = same_files(s->argument) && good;
        } else {
            printf("--- a section \"%s\" is not known\n", s->kind);
            good = false;
        }
    }
    return good;
}

/* Cuts the next section out of the text; false at its end. */
static bool next_section(char **text, section *out) {
    char *start = strstr(*text, "== ");
    while (start && start != *text && start[-1] != '\n') start = strstr(start + 1, "== ");
    if (!start) return false;
    char *line_end = start + strcspn(start, "\n");
    char *body = *line_end ? line_end + 1 : line_end;
    *line_end = 0;
    char *next = !strncmp(body, "== ", 3) ? body : strstr(body, "\n== ");
    if (next && next != body) next++;
    size_t size = next ? (size_t)(next - body) : strlen(body);
    out->body = strndup(body, size);
    size_t word = strcspn(start + 3, " ");
    snprintf(out->kind, sizeof out->kind, "%.*s", (int)word, start + 3);
    out->argument = strdup(start + 3 + word + (start[3 + word] == ' '));
    if (!out->body || !out->argument) die("memory");
    *text = next ? next : body + size;
    return true;
}

static bool run_case(const char *path) {
    enum { MOST_SECTIONS = 200 };
    section sections[MOST_SECTIONS];
    int count = 0;
    char *whole = read_file(path);
    if (!whole) die(path);
    char *at = whole;
    while (count < MOST_SECTIONS && next_section(&at, &sections[count])) count++;
    test_run run = {0};
    bool good = count > 0 && count < MOST_SECTIONS;
    for (int n = 0; n < count; n++) good = perform(&sections[n], &run) && good;
    good = finish_run(&run) && good;
    for (int n = 0; n < count; n++) {
        free(sections[n].body);
        free(sections[n].argument);
    }
    free(whole);
    printf("%s %s\n", good ? "passed" : "FAILED", path);
    return good;
}

int main(int count, char **arguments) {
    if (count < 4) return EXIT_FAILURE;
    weft = arguments[1];
    source = arguments[2];
    int failed = 0;
    for (int n = 3; n < count; n++) {
        usual_environment();
        char command[MOST_PATH];
        strcpy(folder + sizeof folder - 7, "XXXXXX");
        if (!mkdtemp(folder) || chdir(folder)) die(folder);
        failed += !run_case(arguments[n]);
        snprintf(command, sizeof command, "rm -rf '%s'", folder);
        if (chdir("/") || system(command)) die(folder);
    }
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
