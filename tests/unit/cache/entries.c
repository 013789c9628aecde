/* Entries: what goes in comes back, to the byte; whatever is damaged, foreign or not ours is as good as missing, and
 * mended by the next store. */
#include "folders.h"
#include "support/suite.h"

enum { ROOM = 1 << 16 };

START_TEST(round_trip) {
    bench b;
    begin(&b, 0);
    thing one = make_thing(&b, 1, 100), other = make_thing(&b, 2, 50000);
    ck_assert(!has(&b, &one));
    ck_assert_int_eq(access(b.path, F_OK), -1); /* looking makes nothing */
    keep(&b, &one);
    ck_assert(has(&b, &one));
    ck_assert(!has(&b, &other));
    keep(&b, &other);
    keep(&b, &one);
    ck_assert(has(&b, &one));
    ck_assert(has(&b, &other));
    ck_assert_int_eq(count_files(&b), 2);
    ck_assert_int_eq(b.lines, 0);
    free_thing(&one);
    free_thing(&other);
    end(&b);
}
END_TEST

START_TEST(for_this_user_alone) {
    bench b;
    begin(&b, 0);
    thing t = make_thing(&b, 1, 100);
    struct stat about;
    char path[LONG_PATH], made[LONG_PATH];
    keep(&b, &t);
    path_of(&b, &t, path);
    snprintf(made, sizeof made, "%s/made", b.parent);
    ck_assert_int_eq(stat(path, &about), 0);
    ck_assert_uint_eq(about.st_mode & 0777, 0600);
    ck_assert_int_eq(stat(b.path, &about), 0);
    ck_assert_uint_eq(about.st_mode & 0777, 0700);
    ck_assert_int_eq(stat(made, &about), 0);
    ck_assert_uint_eq(about.st_mode & 0777, 0700);
    free_thing(&t);
    end(&b);
}
END_TEST

/* Other inputs: not this entry, even where it lies under their name. */
START_TEST(other_inputs_miss) {
    bench b;
    begin(&b, 0);
    thing t = make_thing(&b, 1, 100), u = make_thing(&b, 2, 100);
    char from[LONG_PATH], to[LONG_PATH];
    keep(&b, &t);
    thing changed[] = {t, t, t, t, t};
    changed[0].inputs.versions = "another";
    changed[1].inputs.host.words[1] = 1;
    changed[2].inputs.generator.seconds = 1;
    changed[3].inputs.spec.dtype = WEFT_F16;
    changed[4] = u;
    path_of(&b, &t, from);
    for (size_t n = 0; n < sizeof changed / sizeof *changed; n++) {
        ck_assert(!has(&b, &changed[n]));
        path_of(&b, &changed[n], to);
        ck_assert_int_eq(link(from, to), 0);
        b.lines = 0;
        ck_assert(!has(&b, &changed[n]));
        ck_assert_int_eq(b.lines, 1);
        ck_assert_ptr_nonnull(strstr(b.log, "damaged"));
    }
    ck_assert(has(&b, &t));
    free_thing(&t);
    free_thing(&u);
    end(&b);
}
END_TEST

START_TEST(damage) {
    static char bytes[ROOM];
    bench b;
    begin(&b, 0);
    thing t = make_thing(&b, 1, 300);
    char path[LONG_PATH];
    keep(&b, &t);
    path_of(&b, &t, path);
    size_t size = read_path(path, bytes, ROOM - 64);
    for (size_t at = 0; at < size; at++) {
        char right = bytes[at];
        bytes[at] = (char)(right ^ 1 << at % 8);
        write_path(path, bytes, size);
        ck_assert_msg(!has(&b, &t), "byte %zu", at);
        bytes[at] = right;
    }
    for (size_t short_size = 0; short_size < size; short_size++) {
        write_path(path, bytes, short_size);
        ck_assert_msg(!has(&b, &t), "%zu bytes", short_size);
    }
    for (size_t more = 1; more <= 64; more++) {
        write_path(path, bytes, size + more);
        ck_assert(!has(&b, &t));
    }
    ck_assert_int_eq(b.lines, (int)(2 * size + 64));
    write_path(path, bytes, size);
    ck_assert(has(&b, &t));
    write_path(path, bytes, size - 1);
    keep(&b, &t);
    ck_assert(has(&b, &t));
    free_thing(&t);
    end(&b);
}
END_TEST

/* Well-made entries of its name whose images are of another program, type or size, or without code. */
START_TEST(images_that_do_not_suit) {
    bench b;
    begin(&b, 0);
    thing t = make_thing(&b, 1, 300), wrong = t;
    weft_program *same = weft_program_create(&b.allocator, "p1"), *other = weft_program_create(&b.allocator, "p2");
    weft_machine_code code = {.bytes = "code", .size = 4, .head_dim = 64, .value_dim = 32, .isa = WEFT_ISA_X86_64};
    weft_machine_code half = code, deep = code, wide = code;
    half.dtype = WEFT_F16, deep.head_dim = 32, wide.value_dim = 64;
    const struct {
        weft_program *program;
        weft_machine_code *code;
        bool suits;
    } cases[] = {{other, &code, false}, {same, &half, false}, {same, &deep, false},
                 {same, &wide, false},  {same, NULL, false},  {same, &code, true}};
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        weft_text_init(&wrong.image, &b.allocator);
        ck_assert(weft_image_write(cases[n].program, cases[n].code, &wrong.image));
        keep(&b, &wrong);
        ck_assert_int_eq(has(&b, cases[n].suits ? &wrong : &t), cases[n].suits);
        weft_text_release(&wrong.image);
    }
    keep(&b, &t);
    ck_assert(has(&b, &t));
    weft_program_destroy(same);
    weft_program_destroy(other);
    free_thing(&t);
    end(&b);
}
END_TEST

/* What is no plain file of ours is not followed, opened or waited for; a store replaces what it can. */
START_TEST(strange_entries) {
    bench b;
    begin(&b, 0);
    thing t = make_thing(&b, 1, 300), other = make_thing(&b, 2, 300);
    char path[LONG_PATH], elsewhere[LONG_PATH];
    keep(&b, &t);
    path_of(&b, &t, path);
    snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", b.parent);

    ck_assert_int_eq(rename(path, elsewhere), 0);
    ck_assert_int_eq(symlink(elsewhere, path), 0);
    ck_assert(!has(&b, &t));
    keep(&b, &t); /* replaces the link, not what it points to */
    ck_assert(has(&b, &t));
    ck_assert_int_eq(access(elsewhere, F_OK), 0);

    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert(!has(&b, &t));
    ck_assert_ptr_nonnull(strstr(b.log, "no file of ours"));
    keep(&b, &t);

    ck_assert_int_eq(chmod(path, 0620), 0);
    ck_assert(!has(&b, &t));
    ck_assert_int_eq(chmod(path, 0602), 0);
    ck_assert(!has(&b, &t));
    ck_assert_int_eq(chmod(path, 0644), 0);
    ck_assert(has(&b, &t));
    if (geteuid() == 0) {
        ck_assert_int_eq(chown(path, 12345, (gid_t)-1), 0);
        ck_assert(!has(&b, &t));
        ck_assert_int_eq(chown(path, 0, (gid_t)-1), 0);
        ck_assert(has(&b, &t));
    }

    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert(!has(&b, &t));
    ck_assert_ptr_nonnull(weft_cache_store(b.cache, &t.inputs, &t.image));
    keep(&b, &other);
    ck_assert(has(&b, &other));
    ck_assert_int_eq(count_files(&b), 2); /* no file in the making was left behind */
    free_thing(&t);
    free_thing(&other);
    end(&b);
}
END_TEST

TEST_MAIN("cache/entries", round_trip, for_this_user_alone, other_inputs_miss, damage, images_that_do_not_suit,
          strange_entries)
