/* Damaged programs: bytes changed, cut, doubled and mixed. The parser must survive all of them (the sanitizers watch),
 * say what is wrong, and give nothing that does not verify and print. */
#include <stdio.h>
#include <stdlib.h>

#include "support/suite.h"
#include "unit/set/programs.h"

enum { SEEDS = 40, EDITS = 250 };

static weft_allocator allocator;
static int sound, refused;

static void check(const char *text, size_t size, uint64_t seed) {
    weft_diagnostics diagnostics;
    weft_diagnostics_init(&diagnostics, &allocator, NULL);
    char *exact = malloc(size ? size : 1); /* no byte beyond it may be read */
    ck_assert_ptr_nonnull(exact);
    if (size) memcpy(exact, text, size);
    weft_program *program = weft_parse_program(&allocator, exact, size, &diagnostics);
    free(exact);
    ck_assert_msg((program == NULL) == (diagnostics.errors > 0), "seed %llu", (unsigned long long)seed);
    if (program) {
        weft_text once;
        weft_text_init(&once, &allocator);
        ck_assert_msg(weft_verify_program(program, &diagnostics), "seed %llu", (unsigned long long)seed);
        weft_print_program(program, &once);
        weft_program *again = weft_parse_program(&allocator, once.at, once.size, &diagnostics);
        ck_assert_msg(again != NULL, "seed %llu", (unsigned long long)seed);
        weft_text twice;
        weft_text_init(&twice, &allocator);
        weft_print_program(again, &twice);
        ck_assert_msg(strcmp(once.at, twice.at) == 0, "seed %llu", (unsigned long long)seed);
        weft_program_destroy(again);
        weft_text_release(&once);
        weft_text_release(&twice);
    }
    *(program ? &sound : &refused) += 1;
    weft_program_destroy(program);
    weft_diagnostics_free(&diagnostics);
}

/* Bytes that mean something more often than others. */
static char random_byte(test_random *random) {
    static const char likely[] = "%%%%=0123456789 \n\"\\@:-x.#";
    if (test_range(random, 0, 3) == 0) return (char)test_range(random, 0, 255);
    return likely[test_range(random, 0, sizeof likely - 2)];
}

static size_t edit(test_random *random, char *text, size_t size, size_t room) {
    if (size == 0) return 0;
    size_t at = (size_t)test_range(random, 0, (int64_t)size - 1);
    size_t length = (size_t)test_range(random, 1, 30);
    if (length > size - at) length = size - at;
    switch (test_range(random, 0, 4)) {
    case 0: /* cut some out */ memmove(text + at, text + at + length, size - at - length); return size - length;
    case 1: /* double some */
        if (size + length > room) return size;
        memmove(text + at + length, text + at, size - at);
        return size + length;
    case 2: /* copy some over others */
        memmove(text + at, text + test_range(random, 0, (int64_t)(size - length)), length);
        return size;
    default: text[at] = random_byte(random); return size;
    }
}

START_TEST(edited_programs) {
    static char text[1 << 18];
    allocator = weft_allocator_of(NULL);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        weft_program *program = random_program(&allocator, seed, (int)(seed % 30));
        weft_text whole;
        weft_text_init(&whole, &allocator);
        weft_print_program(program, &whole);
        weft_program_destroy(program);
        test_random random = {seed};
        for (int k = 0; k < EDITS; k++) {
            memcpy(text, whole.at, whole.size);
            size_t size = whole.size;
            for (int64_t edits = test_range(&random, 1, 3); edits > 0; edits--)
                size = edit(&random, text, size, sizeof text);
            check(text, size, seed);
        }
        for (size_t size = 0; size <= whole.size; size += 1 + seed % 7) check(whole.at, size, seed);
        weft_text_release(&whole);
    }
    printf("edited programs: %d sound, %d refused\n", sound, refused);
    ck_assert_int_ge(sound, SEEDS * EDITS / 50); /* edits that leave it sound are tested too */
    ck_assert_int_ge(refused, SEEDS * EDITS / 4);
}
END_TEST

START_TEST(noise) {
    char text[400];
    allocator = weft_allocator_of(NULL);
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        test_random random = {seed};
        size_t size = (size_t)test_range(&random, 0, sizeof text);
        for (size_t k = 0; k < size; k++) text[k] = random_byte(&random);
        if (seed % 2 && size >= 22) memcpy(text, "weft-ir 1\npattern \"p\"\n", 22);
        check(text, size, seed);
    }
}
END_TEST

TEST_MAIN("set/parse_mutation", edited_programs, noise)
