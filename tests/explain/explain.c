/* Explanations: one for each code of codes.def and no other, readable in 80 columns, found by what people type, with
 * examples that fire exactly their code, and mended ones that do not. usage: explain [FOLDER OF weft] */
#include "explain.h"

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const codes[][2] = {
#define DIAGNOSTIC(code, title) {#code, title},
#include "support/codes.def"
#undef DIAGNOSTIC
};
enum { CODE_COUNT = sizeof codes / sizeof *codes };

static char *explained(const char *code, int *result) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    *result = explain_code(code, out, out);
    fclose(out);
    return text;
}

START_TEST(every_code_is_explained_once) {
    for (size_t i = 0; i < CODE_COUNT; i++) {
        const explanation *e = explain_at(i);
        ck_assert_msg(e != NULL, "%s has no explanation in explain.def", codes[i][0]);
        ck_assert_str_eq(e->code, codes[i][0]);
        ck_assert_str_eq(e->title, codes[i][1]);
        ck_assert(strlen(e->what) >= 20 && strlen(e->why) >= 20 && strlen(e->mend) >= 20);
        ck_assert_msg(e->bad || e->command, "%s has no example", e->code);
    }
    ck_assert_ptr_null(explain_at(CODE_COUNT));
}
END_TEST

START_TEST(explanations_fit_the_page) {
    for (size_t i = 0; i <= CODE_COUNT; i++) {
        int result;
        char *text = explained(i < CODE_COUNT ? codes[i][0] : NULL, &result);
        ck_assert_int_eq(result, 0);
        int column = 0;
        for (const char *c = text; *c; c++) {
            column = *c == '\n' ? 0 : column + 1;
            ck_assert_msg(column <= 80, "a line of %s is too wide", i < CODE_COUNT ? codes[i][0] : "the list");
            ck_assert(*c == '\n' || (*c >= 0x20 && *c < 0x7f));
        }
        if (i < CODE_COUNT) ck_assert_ptr_nonnull(strstr(text, codes[i][1]));
        free(text);
    }
}
END_TEST

static void check_found(const char *typed, const char *code) {
    int result;
    char *text = explained(typed, &result);
    ck_assert_int_eq(result, 0);
    ck_assert_int_eq(strncmp(text, code, 5), 0);
    free(text);
}

static void check_missing(const char *typed, const char *hint) {
    int result;
    char *text = explained(typed, &result);
    ck_assert_int_eq(result, 2);
    ck_assert_msg(strstr(text, hint) != NULL, "%s", text);
    free(text);
}

START_TEST(codes_are_found_as_typed) {
    check_found("E0101", "E0101");
    check_found("e0101", "E0101");
    check_found("101", "E0101");
    check_found("e9", "E0009");
    check_found("w1", "W0001");
    check_found("error[E0303]", "E0303");
    check_found("[W0002]", "W0002");
    check_missing("E0109x", "weft explain");
    check_missing("E0191", "E0101"); /* one digit */
    check_missing("E0011", "E0101"); /* two swapped */
    check_missing("Overflow", "E0303");
    check_missing("", "weft explain");
    check_missing("E", "weft explain");
    check_missing("E12345", "weft explain");
    check_missing("\033[31m", "?");
}
END_TEST

/* ---- running the examples ----------------------------------------------------------------------------------- */

static const char *tool_folder;
static char folder[] = "/tmp/weft_explain_XXXXXX";

static void write_example(const char *text) {
    FILE *out = fopen("example.weft", "wb");
    ck_assert_ptr_nonnull(out);
    fputs(text, out);
    ck_assert_int_eq(fclose(out), 0);
}

/* Runs a command of an example in its folder; everything that it printed, to be freed, and its exit code. */
static char *run(const char *command, int *exit_code) {
    char *script = NULL, *said = NULL;
    size_t size;
    FILE *out = open_memstream(&script, &size);
    fprintf(out, "PATH=%s:$PATH\n{\n%s\n} 2>&1", tool_folder, command);
    fclose(out);
    FILE *pipe = popen(script, "r");
    ck_assert_ptr_nonnull(pipe);
    out = open_memstream(&said, &size);
    for (int c; (c = fgetc(pipe)) != EOF;) fputc(c, out);
    fclose(out);
    int status = pclose(pipe);
    *exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    free(script);
    return said;
}

/* A code that no source mentions is not fired by this version; its example waits. */
static bool is_fired_somewhere(const char *code) {
    char command[300];
    snprintf(command, sizeof command,
             "grep -rqw 'WEFT_%s' '" WEFT_SOURCE_DIR "/runtime' '" WEFT_SOURCE_DIR "/compiler' '" WEFT_SOURCE_DIR
             "/grammar' --include='*.[chly]'",
             code);
    return system(command) == 0;
}

static bool can_run(const char *command) {
    return !strstr(command, "python3") || system("python3 -c 'import numpy' 2>/dev/null") == 0;
}

/* All "[E0123]" and "[W0123]" of a text are this one, and there is one. */
static void check_codes(const char *said, const char *code) {
    bool found = false;
    for (const char *at = said; (at = strpbrk(at, "[")); at++) {
        if ((at[1] != 'E' && at[1] != 'W') || strspn(at + 2, "0123456789") != 4 || at[6] != ']') continue;
        ck_assert_msg(strncmp(at + 1, code, 5) == 0, "the example of %s fires another code:\n%s", code, said);
        found = true;
    }
    ck_assert_msg(found, "the example of %s does not fire it:\n%s", code, said);
}

START_TEST(examples_do_what_they_say) {
    const explanation *e = explain_at((size_t)_i);
    const char *command = explain_command(e, 0), *mended = explain_command(e, 1);
    if (!tool_folder || !command || !is_fired_somewhere(e->code) || !can_run(command)) return;
    ck_assert_int_eq(chdir(folder), 0);
    int code;
    if (e->bad) write_example(e->bad);
    char *said = run(command, &code);
    check_codes(said, e->code);
    ck_assert_int_eq(code, e->code[0] == 'W' ? 0 : 1);
    free(said);
    if (!e->good && !e->mended_command) return;
    if (e->good) write_example(e->good);
    said = run(mended, &code);
    ck_assert_msg(code == 0, "the mended example of %s fails:\n%s", e->code, said);
    ck_assert_msg(!strstr(said, e->code), "the mended example still fires %s:\n%s", e->code, said);
    free(said);
}
END_TEST

int main(int argc, char **argv) {
    tool_folder = argc > 1 ? argv[1] : NULL;
    if (!mkdtemp(folder)) return 1;
    TCase *all = tcase_create("explain");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, every_code_is_explained_once);
    tcase_add_test(all, explanations_fit_the_page);
    tcase_add_test(all, codes_are_found_as_typed);
    tcase_add_loop_test(all, examples_do_what_they_say, 0, CODE_COUNT);
    Suite *suite = suite_create("explain");
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    static const char *const left[] = {"example.weft", "m.npy", "x.npy"};
    if (chdir(folder) == 0)
        for (size_t i = 0; i < sizeof left / sizeof *left; i++) unlink(left[i]);
    rmdir(folder);
    return failed != 0;
}
