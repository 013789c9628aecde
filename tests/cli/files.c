/* Outputs appear whole or not at all, whatever stands in their place. */
#include <check.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

static char folder[] = "/tmp/weft-files-XXXXXX";

static void set_up(void) {
    strcpy(folder + sizeof folder - 7, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
}

/* Removes what is there and says how many files it was. */
static int empty_folder(void) {
    int count = 0;
    DIR *files = opendir(".");
    for (struct dirent *entry; (entry = readdir(files));)
        if (entry->d_name[0] != '.' || entry->d_name[1] > '.') count += unlink(entry->d_name) == 0;
    closedir(files);
    return count;
}

static void tear_down(void) {
    empty_folder();
    rmdir(folder);
}

static void assert_holds(const char *path, const char *text) {
    char got[64] = "";
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    got[fread(got, 1, sizeof got - 1, file)] = 0;
    fclose(file);
    ck_assert_str_eq(got, text);
}

static void write_whole(const char *path, const char *text) {
    output_file out;
    ck_assert(output_open(&out, path));
    fputs(text, out.stream);
    ck_assert(output_commit(&out));
}

START_TEST(committed_files_are_there) {
    write_whole("new", "one");
    assert_holds("new", "one");
    write_whole("new", "two");
    assert_holds("new", "two");
    struct stat status;
    mode_t mask = umask(0);
    umask(mask);
    ck_assert_int_eq(stat("new", &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0666 & ~mask);
    ck_assert_int_eq(empty_folder(), 1);
}
END_TEST

START_TEST(replaced_files_keep_their_permissions) {
    output_file out;
    struct stat status;
    fclose(fopen("script", "wb"));
    ck_assert_int_eq(chmod("script", 0751), 0);
    ck_assert(output_open(&out, "script") && output_commit(&out));
    ck_assert_int_eq(stat("script", &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0751);
    ck_assert_int_eq(empty_folder(), 1);
}
END_TEST

START_TEST(discarded_files_are_not) {
    write_whole("old", "kept");
    output_file out;
    ck_assert(output_open(&out, "old"));
    fputs("lost", out.stream);
    fflush(out.stream);
    assert_holds("old", "kept");
    output_discard(&out);
    output_discard(&out);
    assert_holds("old", "kept");
    ck_assert_int_eq(empty_folder(), 1);
}
END_TEST

START_TEST(links_stay_links) {
    write_whole("target", "old");
    ck_assert_int_eq(symlink("target", "link"), 0);
    write_whole("link", "new");
    assert_holds("target", "new");
    struct stat status;
    ck_assert(lstat("link", &status) == 0 && S_ISLNK(status.st_mode));
    ck_assert_int_eq(empty_folder(), 2);
}
END_TEST

START_TEST(devices_stay_devices) {
    struct stat status;
    write_whole("/dev/null", "text");
    ck_assert(stat("/dev/null", &status) == 0 && S_ISCHR(status.st_mode));
    output_file out;
    ck_assert(output_open(&out, "/dev/full"));
    fputs("text", out.stream);
    ck_assert(!output_commit(&out));
    ck_assert(!output_open(&out, "missing/file"));
    ck_assert(!output_open(&out, "."));
    ck_assert_int_eq(empty_folder(), 0);
}
END_TEST

START_TEST(suggestions_are_close) {
    static const char *const names[] = {"lq", "lk", "heads", "pattern", "color"};
    enum { COUNT = sizeof names / sizeof *names };
    ck_assert_str_eq(closest("colour", names, COUNT), "color");
    ck_assert_str_eq(closest("paterrn", names, COUNT), "pattern");
    ck_assert_str_eq(closest("lp", names, COUNT), "lq"); /* the first of equals */
    ck_assert_ptr_null(closest("xy", names, COUNT));
    ck_assert_ptr_null(closest("", names, COUNT));
    ck_assert_ptr_null(closest("a-name-that-is-much-too-long-for-anything", names, COUNT));
}
END_TEST

START_TEST(json_strings) {
    static const struct {
        const char *text, *json;
    } cases[] = {{"plain", "\"plain\""},
                 {"a\"b\\c", "\"a\\\"b\\\\c\""},
                 {"\n\t\x01\x7f", "\"\\n\\u0009\\u0001\\u007f\""},
                 {"∪ é 😀", "\"∪ é 😀\""},
                 {"\xff\xc0\x80", "\"\\ufffd\\ufffd\\ufffd\""},
                 {"\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""},
                 {"\xe2\x88", "\"\\ufffd\\ufffd\""},
                 {NULL, "null"}};
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        char got[100] = "";
        FILE *file = fmemopen(got, sizeof got, "w");
        json_string(file, cases[n].text);
        fclose(file);
        ck_assert_str_eq(got, cases[n].json);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("files");
    TCase *tests = tcase_create("files");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, committed_files_are_there);
    tcase_add_test(tests, replaced_files_keep_their_permissions);
    tcase_add_test(tests, discarded_files_are_not);
    tcase_add_test(tests, links_stay_links);
    tcase_add_test(tests, devices_stay_devices);
    tcase_add_test(tests, suggestions_are_close);
    tcase_add_test(tests, json_strings);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
