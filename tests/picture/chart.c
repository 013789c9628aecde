/* Charts: labels, marks and lines where they belong in SVG; a page that libpng reads again; odd data; failures. */
#include "picture/chart.h"
#include "cases.h"

#include <math.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

typedef bool chart_writer(const chart *c, FILE *out);

static char *draw(chart_writer *write, const chart *c, size_t *size) {
    char *bytes = NULL;
    FILE *out = open_memstream(&bytes, size);
    ck_assert(write(c, out));
    fclose(out);
    return bytes;
}

static int count(const char *text, const char *what) {
    int found = 0;
    for (const char *at = text; (at = strstr(at, what)); at++) found++;
    return found;
}

static const chart_point sparse[] = {{1024, 1e-3, false}, {4096, 4e-3, false}, {16384, 0.016, false}};
static const chart_point dense[] = {{1024, 2e-3, false}, {4096, 0.03, false}, {16384, 0.5, true}};
static const chart_line lines[] = {{"mine <1>", sparse, 3, 0, false}, {"causal", dense, 3, 0, true}};
static const chart usual = {"mine beside dense", "one machine", lines, 2};

static const char *texts[] = {">1024<",           ">4096<",   ">16384<",
                              ">1 ms<",           ">100 ms<", ">tokens<",
                              ">mine &lt;1&gt;<", ">causal<", ">mine beside dense<",
                              ">one machine<"};

START_TEST(labels_are_written) {
    size_t size;
    char *text = draw(chart_write_svg, &usual, &size);
    for (size_t n = 0; n < sizeof texts / sizeof *texts; n++) ck_assert_msg(strstr(text, texts[n]), "%s", texts[n]);
    ck_assert_int_eq(count(text, "not measured"), 1);
    free(text);
}
END_TEST

/* Marks are strokes without length: one a point, one in each entry of the legend, and paper in hollow ones. */
START_TEST(points_are_marked) {
    size_t size;
    char *text = draw(chart_write_svg, &usual, &size);
    ck_assert_int_eq(count(text, "stroke-width=\"8.0\""), 6 + 2 + 1);
    ck_assert_int_eq(count(text, "stroke=\"#ffffff\""), 1 + 1);
    free(text);
}
END_TEST

static void first_mark(const char *text, double *x, double *y) {
    const char *width = strstr(text, "stroke-width=\"8.0\""), *mark = text;
    for (const char *at = text; (at = strstr(at, "<path")) && at < width; at++) mark = at;
    ck_assert_int_eq(sscanf(mark, "<path d=\"M%lf %lf", x, y), 2);
}

/* On logarithmic axes equal ratios are equal steps, and more is up and to the right. */
START_TEST(axes_are_logarithmic) {
    chart_point points[] = {{100, 0.01, false}, {1000, 0.1, false}, {10000, 1, false}};
    double x[3], y[3];
    for (int n = 0; n < 3; n++) {
        chart_line drawn[] = {{"all", points, 3, 1, false}, {"one", points + n, 1, 2, false}};
        chart c = {"", "", drawn, 2};
        size_t size;
        char *text = draw(chart_write_svg, &c, &size);
        first_mark(text, &x[n], &y[n]); /* the last line is drawn first */
        free(text);
    }
    ck_assert_double_eq_tol(x[2] - x[1], x[1] - x[0], 0.2);
    ck_assert_double_eq_tol(y[2] - y[1], y[1] - y[0], 0.2);
    ck_assert(x[1] > x[0] + 100 && y[1] < y[0] - 50);
}
END_TEST

static const chart_point odd[] = {
    {0, 1, false}, {64, NAN, false}, {128, INFINITY, true}, {-5, 1, false}, {7, 0, false}};
static const chart_line nothing[] = {{"odd", odd, 5, 0, false}}, single[] = {{"one", sparse, 1, 3, true}};
static const chart odd_charts[] = {{"odd", "", nothing, 1}, {"one", "", single, 1}, {"none", "", NULL, 0}};

START_TEST(odd_data_is_left_out) {
    size_t size;
    char *text = draw(chart_write_svg, &odd_charts[_i], &size);
    ck_assert(!strstr(text, "nan") && !strstr(text, "inf"));
    free(text);
    free(draw(chart_write_png, &odd_charts[_i], &size));
}
END_TEST

START_TEST(png_is_readable) {
    size_t size;
    char *bytes = draw(chart_write_png, &usual, &size);
    png_image header = {.version = PNG_IMAGE_VERSION};
    ck_assert(png_image_begin_read_from_memory(&header, bytes, size));
    ck_assert(header.width == 960 && header.height > 500);
    png_image_free(&header);
    free(bytes);
}
END_TEST

START_TEST(failing_streams_are_told) {
    FILE *full = fopen("/dev/full", "wb");
    if (!full) return;
    setvbuf(full, NULL, _IONBF, 0);
    ck_assert(!chart_write_svg(&usual, full));
    ck_assert(!chart_write_png(&usual, full));
    fclose(full);
}
END_TEST

int main(void) {
    TCase *all = tcase_create("chart");
    tcase_add_test(all, labels_are_written);
    tcase_add_test(all, points_are_marked);
    tcase_add_test(all, axes_are_logarithmic);
    tcase_add_loop_test(all, odd_data_is_left_out, 0, 3);
    tcase_add_test(all, png_is_readable);
    tcase_add_test(all, failing_streams_are_told);
    return run_cases(all);
}
