#include "cases.h"

#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

static long allocations_left = -1; /* before one fails; negative: all succeed */

static bool fails(void) { return allocations_left >= 0 && allocations_left-- == 0; }
void *__wrap_malloc(size_t size) { return fails() ? NULL : __real_malloc(size); }
void *__wrap_calloc(size_t count, size_t size) { return fails() ? NULL : __real_calloc(count, size); }

char *written(writer *write, const picture *image, size_t *size) {
    char *bytes = NULL;
    FILE *out = open_memstream(&bytes, size);
    ck_assert_ptr_nonnull(out);
    ck_assert(write(image, out));
    fclose(out);
    return bytes;
}

void fail_every_allocation(writer *write) {
    FILE *out = fopen("/dev/null", "wb");
    for (long n = 0;; n++) {
        ck_assert_int_lt(n, 200);
        allocations_left = n;
        picture *image = gallery_lone_pair(5, 700000);
        bool fine = image && write(image, out);
        bool reached = allocations_left < 0;
        allocations_left = -1;
        picture_destroy(image);
        if (!reached) {
            ck_assert(fine);
            break;
        }
        ck_assert(!fine);
    }
    fclose(out);
}

void fail_to_write(writer *write) {
    FILE *full = fopen("/dev/full", "wb");
    if (!full) return;
    picture *image = gallery_picture(3);
    ck_assert(!write(image, full));
    picture_destroy(image);
    fclose(full);
}

picture *edge_picture(int index) {
    static char lengthy[4000];
    static const char *names[PICTURE_TERMS], *titles[40];
    for (size_t i = 0; i + 1 < sizeof lengthy; i++) lengthy[i] = "\xe6\xbc\xa2"[i % 3];
    for (int i = 0; i < PICTURE_TERMS; i++) names[i] = i % 2 ? HOSTILE : lengthy;
    for (int i = 0; i < 40; i++) titles[i] = i % 3 ? HOSTILE : NULL;
    picture_outline outlines[EDGE_COUNT] = {
        {NULL, 1, 1, 1, 1, 0, 0, NULL, NULL, NULL},                                /* no panel */
        {"one cell", 1, 1, 1, 1, 1, 1, names, titles, NULL},                       /* one cell */
        {HOSTILE, 64, 64, 64, 64, PICTURE_TERMS, 2, names, titles, NULL},          /* sixteen terms */
        {lengthy, 1, INT64_C(1) << 62, 1, PICTURE_CELLS, 2, 1, NULL, NULL, NULL},  /* flat and endless */
        {lengthy, INT64_C(1) << 62, 1, PICTURE_CELLS, 1, 2, 1, names, NULL, NULL}, /* high and endless */
        {HOSTILE, 100, 100, 100, 100, 7, 40, names, titles, NULL},                 /* many panels */
        {"no term", 300, 7, 300, 7, 0, 3, NULL, titles, HOSTILE},                  /* pairs of no term */
        {"", 1 << 20, 1 << 20, 1024, 1024, 3, 1, names, titles, lengthy}};         /* finer than the page */
    picture *image = picture_create(&outlines[index]);
    ck_assert_ptr_nonnull(image);
    for (int panel = 0; panel < image->panel_count; panel++)
        for (int row = 0; row < image->rows; row++)
            for (int column = 0; column < image->columns; column++) {
                int term = image->term_count ? (row * 7 + column * 3 + panel) % (image->term_count + 2) : 0;
                double share = (row + column) % 10 / 9.0;
                if (term < image->term_count) picture_set(image, panel, term, row, column, share);
                if (row == column)
                    for (int t = 0; t < image->term_count; t++) picture_set(image, panel, t, row, column, 1);
                if (image->term_count == 0) picture_set(image, panel, PICTURE_UNION, row, column, share);
            }
    return image;
}

const int64_t lone_pairs[LONE_COUNT][2] = {{0, 0}, {0, 1048575}, {1048575, 0}, {1048575, 1048575}, {777777, 31337}};

int run_cases(TCase *cases) {
    tcase_set_timeout(cases, 60);
    Suite *suite = suite_create("picture");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
