/* Philox4x32-10 against the known answers that its authors publish with Random123 (kat_vectors). */
#include "set/philox.h"
#include "support/suite.h"

static void expect(weft_philox counter, uint32_t low, uint32_t high, weft_philox wanted) {
    weft_philox found = weft_philox_of(counter, low, high);
    for (int k = 0; k < 4; k++) ck_assert_uint_eq(found.word[k], wanted.word[k]);
}

START_TEST(known_answers) {
    expect((weft_philox){{0, 0, 0, 0}}, 0, 0, (weft_philox){{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}});
    expect((weft_philox){{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}}, 0xffffffff, 0xffffffff,
           (weft_philox){{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}});
    /* The digits of pi. */
    expect((weft_philox){{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0xa4093822, 0x299f31d0,
           (weft_philox){{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}});
}
END_TEST

TEST_MAIN("set/philox", known_answers)
