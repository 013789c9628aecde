/* PNG: libpng reads the files again, lone pairs are seen, failures are survived. */
#include "cases.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>

static uint8_t *decoded(const picture *image, unsigned *width, unsigned *height) {
    size_t size;
    char *bytes = written(picture_write_png, image, &size);
    png_image header = {.version = PNG_IMAGE_VERSION};
    ck_assert(png_image_begin_read_from_memory(&header, bytes, size));
    header.format = PNG_FORMAT_RGB;
    uint8_t *pixels = malloc(PNG_IMAGE_SIZE(header));
    ck_assert(png_image_finish_read(&header, NULL, pixels, 0, NULL));
    *width = header.width;
    *height = header.height;
    free(bytes);
    return pixels;
}

/* A lone pair changes pixels, in its own place and nowhere else, to something that is not paper. */
START_TEST(lone_pair_is_seen) {
    picture *empty = gallery_lone_pair(lone_pairs[_i][0], lone_pairs[_i][1]);
    memset(empty->levels, 0, 512 * 512 * 3);
    picture *image = gallery_lone_pair(lone_pairs[_i][0], lone_pairs[_i][1]);
    unsigned width, height, other_width, other_height, changed = 0;
    uint8_t *with = decoded(image, &width, &height), *without = decoded(empty, &other_width, &other_height);
    ck_assert(width == other_width && height == other_height);
    for (size_t i = 0; i < (size_t)width * height; i++) {
        if (memcmp(with + 3 * i, without + 3 * i, 3) == 0) continue;
        changed++;
        ck_assert_mem_eq(without + 3 * i, "\xff\xff\xff", 3);
        ck_assert_uint_gt(255 * 3 - with[3 * i] - with[3 * i + 1] - with[3 * i + 2], 120);
    }
    ck_assert_uint_eq(changed, 4); /* a cell is 2 x 2 */
    free(with);
    free(without);
    picture_destroy(empty);
    picture_destroy(image);
}
END_TEST

START_TEST(edges_are_drawn) {
    picture *image = edge_picture(_i);
    unsigned width, height;
    uint8_t *pixels = decoded(image, &width, &height);
    ck_assert(width >= 100 && width <= 1600 && height >= 60 && height < 20000);
    free(pixels);
    picture_destroy(image);
}
END_TEST

START_TEST(gallery_is_drawn) {
    picture *image = gallery_picture(_i);
    unsigned width, height;
    uint8_t *pixels = decoded(image, &width, &height);
    ck_assert(width >= 100 && width <= 1600 && height >= 100 && height < 2000);
    bool clear = true; /* nothing is cut off at the margins */
    for (unsigned y = 0; y < height; y++)
        for (unsigned x = 0; x < width; x++)
            if (y == 0 || y == height - 1 || x < 8 || x >= width - 8)
                clear = clear && memcmp(pixels + 3 * ((size_t)y * width + x), "\xff\xff\xff", 3) == 0;
    ck_assert(clear);
    free(pixels);
    picture_destroy(image);
}
END_TEST

START_TEST(failures_are_survived) {
    fail_every_allocation(picture_write_png);
    fail_to_write(picture_write_png);
}
END_TEST

int main(int argc, char **argv) {
    for (int i = 0; argc > 1 && i < GALLERY_COUNT; i++) { /* with a folder: the pictures, to be looked at */
        char path[1000];
        snprintf(path, sizeof path, "%s/%s.png", argv[1], gallery_name(i));
        FILE *out = fopen(path, "wb");
        picture *image = gallery_picture(i);
        if (!out || !picture_write_png(image, out)) return 1;
        picture_destroy(image);
        fclose(out);
    }
    TCase *all = tcase_create("png");
    tcase_add_loop_test(all, lone_pair_is_seen, 0, LONE_COUNT);
    tcase_add_loop_test(all, edges_are_drawn, 0, EDGE_COUNT);
    tcase_add_loop_test(all, gallery_is_drawn, 0, GALLERY_COUNT);
    tcase_add_test(all, failures_are_survived);
    return run_cases(all);
}
