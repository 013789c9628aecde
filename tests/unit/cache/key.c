/* Keys: everything that an image depends on counts, and nothing else. */
#include "folders.h"
#include "support/suite.h"

static const char program[] = "weft-ir 1\npattern \"p\"\n";

static weft_cache_inputs some_inputs(void) {
    weft_cache_inputs out = {.program = program, .program_size = sizeof program - 1, .versions = "1, LLVM 2"};
    out.spec = (weft_codegen_spec){.head_dim = 64, .value_dim = 32};
    out.host.words[3] = 7;
    out.generator = (weft_stamp){1000, 20, 30};
    return out;
}

static bool same(const weft_cache_inputs *a, const weft_cache_inputs *b) {
    weft_cache_key one = weft_cache_key_of(a), other = weft_cache_key_of(b);
    return one.low == other.low && one.high == other.high;
}

static void assert_counts(weft_cache_inputs changed, const char *what) {
    weft_cache_inputs plain = some_inputs();
    ck_assert_msg(!same(&plain, &changed), "%s does not count", what);
}
#define COUNTS(change)                                                                                                 \
    do {                                                                                                               \
        weft_cache_inputs in = some_inputs();                                                                          \
        change;                                                                                                        \
        assert_counts(in, #change);                                                                                    \
    } while (0)

START_TEST(everything_counts) {
    COUNTS(in.program = "weft-ir 1\npattern \"q\"\n");
    COUNTS(in.program_size--);
    COUNTS(in.versions = "1, LLVM 3");
    COUNTS(in.versions = NULL);
    COUNTS(in.spec.dtype = WEFT_BF16);
    COUNTS(in.spec.head_dim = 32);
    COUNTS(in.spec.value_dim = 64);
    COUNTS((in.spec.head_dim = 32, in.spec.value_dim = 64));
    COUNTS(in.spec.target = "x86-64-v3");
    COUNTS(in.spec.target = "");
    COUNTS(in.generator.size++);
    COUNTS(in.generator.seconds++);
    COUNTS(in.generator.nanoseconds++);
    for (size_t k = 0; k < sizeof(weft_host) / sizeof(uint64_t); k++)
        for (int bit = 0; bit < 64; bit++) COUNTS(in.host.words[k] ^= UINT64_C(1) << bit);
}
END_TEST

START_TEST(nothing_else_counts) {
    weft_cache_inputs a = some_inputs(), b = some_inputs();
    char copy[sizeof program], versions[] = "1, LLVM 2";
    memcpy(copy, program, sizeof program);
    b.program = copy;
    b.versions = versions;
    ck_assert(same(&a, &b));
    a.spec.target = b.spec.target = "x86-64-v3"; /* code for a named processor is the same wherever it is made */
    b.host.words[3] = 8;
    ck_assert(same(&a, &b));
    b.spec.target = "x86-64-v4";
    ck_assert(!same(&a, &b));
}
END_TEST

/* The same whenever and on whichever core it is asked. */
START_TEST(the_host_is_steady) {
    weft_host first, again;
    weft_host_read(&first);
    for (int n = 0; n < 1000; n++) {
        memset(&again, 0xFF, sizeof again);
        weft_host_read(&again);
        ck_assert_int_eq(memcmp(&first, &again, sizeof first), 0);
    }
#if defined(__x86_64__) || defined(__aarch64__)
    const weft_host nothing = {{0}};
    ck_assert_int_ne(memcmp(&first, &nothing, sizeof first), 0);
#endif
}
END_TEST

START_TEST(names) {
    char name[WEFT_ENTRY_NAME];
    weft_entry_name((weft_cache_key){0x1, UINT64_C(0xABCDEF0123456789)}, name);
    ck_assert_str_eq(name, "abcdef01234567890000000000000001.kernel");
}
END_TEST

TEST_MAIN("cache/key", everything_counts, nothing_else_counts, the_host_is_steady, names)
