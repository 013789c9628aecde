/* Signatures: those of atoms.def read whole, and their parts. */
#include <string.h>

#include "set/signature.h"
#include "support/suite.h"

static weft_formal formal_of(const char *signature, uint32_t number) {
    weft_formal formal;
    for (uint32_t k = 0; k <= number; k++) ck_assert(weft_next_formal(&signature, &formal));
    return formal;
}

START_TEST(reads_every_signature) {
    for (int op = 1; op < WEFT_OP_COUNT; op++) {
        const char *rest = weft_op_describe((weft_op)op)->signature;
        if (!rest) continue;
        uint32_t count = 0;
        for (weft_formal formal; weft_next_formal(&rest, &formal); count++) {
            ck_assert_uint_gt(formal.name.size, 0);
            ck_assert_msg(formal.type != WEFT_TYPE_COUNT, "%.*s", (int)formal.name.size, formal.name.at);
            ck_assert_int_eq(formal.type == WEFT_TYPE_WORD, formal.words.size > 0);
        }
        ck_assert_uint_eq(count, weft_count_formals(weft_op_describe((weft_op)op)->signature));
    }
}
END_TEST

START_TEST(reads_types_and_defaults) {
    const char *band = "lo: int, hi: int, step: size = 1";
    ck_assert_uint_eq(weft_count_formals(""), 0);
    ck_assert_uint_eq(weft_count_formals(band), 3);
    weft_formal formal = formal_of(band, 0);
    ck_assert(weft_slice_is(formal.name, "lo"));
    ck_assert_int_eq(formal.type, WEFT_TYPE_INT);
    ck_assert(!formal.is_size);
    ck_assert_uint_eq(formal.initial.size, 0);
    formal = formal_of(band, 2);
    ck_assert(weft_slice_is(formal.name, "step"));
    ck_assert_int_eq(formal.type, WEFT_TYPE_INT);
    ck_assert(formal.is_size && !formal.may_be_table);
    ck_assert(weft_slice_is(formal.initial, "1"));

    ck_assert(weft_slice_is(formal_of("left: int, right: int = left", 1).initial, "left"));
    ck_assert_int_eq(formal_of("S: list", 0).type, WEFT_TYPE_LIST);
    ck_assert_int_eq(formal_of("cond: bool", 0).type, WEFT_TYPE_BOOL);
    ck_assert_int_eq(formal_of("x: labels", 0).type, WEFT_TYPE_LABELS);
    ck_assert_int_eq(formal_of("x: keys", 0).type, WEFT_TYPE_KEYS);
    ck_assert_int_eq(formal_of("x: mask", 0).type, WEFT_TYPE_MASK);
    ck_assert_int_eq(formal_of("x: float = 0.5", 0).type, WEFT_TYPE_FLOAT);
    formal = formal_of("buckets: sizes, rounds: size = 1", 0);
    ck_assert(formal.is_size && formal.may_be_table && formal.type == WEFT_TYPE_INT);
    formal = formal_of("k: int, within: set = all", 1);
    ck_assert_int_eq(formal.type, WEFT_TYPE_SET);
    ck_assert(weft_slice_is(formal.initial, "all"));
}
END_TEST

START_TEST(reads_words) {
    weft_formal formal = formal_of("k: int, force: own|last|none = own, within: set = all", 1);
    ck_assert_int_eq(formal.type, WEFT_TYPE_WORD);
    ck_assert_int_eq(weft_formal_word(&formal, "own", 3), 0);
    ck_assert_int_eq(weft_formal_word(&formal, "last", 4), 1);
    ck_assert_int_eq(weft_formal_word(&formal, "none", 4), 2);
    ck_assert_int_eq(weft_formal_word(&formal, "non", 3), -1);
    ck_assert_int_eq(weft_formal_word(&formal, "own|last", 8), -1);
    ck_assert_int_eq(weft_formal_word(&formal, "", 0), -1);
    ck_assert(weft_slice_is(weft_formal_word_at(&formal, 1), "last"));
    ck_assert_uint_eq(weft_formal_word_at(&formal, 3).size, 0);
    ck_assert(weft_slice_is(formal.initial, "own"));
    formal = formal_of("k: int", 0);
    ck_assert_int_eq(weft_formal_word(&formal, "k", 1), -1);
}
END_TEST

TEST_MAIN("set/dag_signature", reads_every_signature, reads_types_and_defaults, reads_words)
