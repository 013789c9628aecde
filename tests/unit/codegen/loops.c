/* The loops of the products stay in registers: in the assembly for every target, no loop that multiplies touches the
 * stack. A spill there costs more than any other mistake in the choice of register tiles. */
#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codegen/llvm/target.h"
#include "support/alloc.h"

enum { MOST_LABELS = 1000 };

static const char *const targets[] = {"x86-64-v4", "x86-64-v3", "x86-64", "znver4", "sapphirerapids", "aarch64"};
enum { TARGETS = sizeof targets / sizeof *targets };

static bool line_has(const char *line, const char *words) {
    const char *at = strstr(line, words);
    return at && at < line + strcspn(line, "\n");
}

static bool multiplies(const char *line) {
    return line_has(line, "vfmadd") || line_has(line, "mulps") || line_has(line, "fmla") || line_has(line, "vdpbf16ps");
}

static bool uses_stack(const char *line) { return line_has(line, "(%rsp") || line_has(line, "[sp"); }

/* The label that the line jumps to, or NULL. */
static const char *jump_of(const char *line) {
    const char *word = line + strspn(line, "\t ");
    bool jumps = *word == 'j' || !strncmp(word, "b.", 2) || !strncmp(word, "cb", 2) || !strncmp(word, "tb", 2);
    const char *label = strstr(line, ".L");
    return jumps && label && label < line + strcspn(line, "\n") ? label : NULL;
}

static bool same_label(const char *a, const char *b) {
    size_t size = strspn(a, ".ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
    return !strncmp(a, b, size) && !isalnum((unsigned char)b[size]) && b[size] != '_';
}

/* Of the loop whose lines are [begin, end). */
static int check_loop(const char *begin, const char *end, const char *target) {
    int products = 0, spills = 0;
    for (const char *line = begin; line < end; line += strcspn(line, "\n") + 1) {
        products += multiplies(line);
        spills += uses_stack(line);
    }
    if (!products) return 0;
    ck_assert_msg(!spills, "%s: a loop of %d multiplications uses the stack:\n%.*s", target, products,
                  (int)(end - begin), begin);
    return 1;
}

/* Loops are those that end in a jump back to a label, and that have no other in them. */
static int check_loops(const char *text, const char *target) {
    const char *labels[MOST_LABELS];
    int count = 0, loops = 0;
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
        if (!strncmp(line, ".L", 2) && count < MOST_LABELS) labels[count++] = line;
        const char *label = jump_of(line);
        if (label && count && same_label(label, labels[count - 1]))
            loops += check_loop(labels[count - 1], line, target);
    }
    return loops;
}

START_TEST(products_stay_in_registers) {
    static const uint32_t dims[] = {1, 15, 64, 128, 256};
    weft_allocator allocator = weft_allocator_of(NULL);
    for (size_t i = 0; i < 2 * sizeof dims / sizeof *dims; i++) {
        weft_dtype dtype = i % 2 ? WEFT_BF16 : WEFT_F32;
        bool generated =
            dtype == WEFT_F32 || strcmp(targets[_i], "sapphirerapids"); /* tile products are the driver's */
        weft_codegen_spec spec = {dtype, dims[i / 2], dims[i / 2], targets[_i], NULL};
        weft_diagnostics diagnostics;
        weft_text text;
        weft_machine_code code;
        weft_diagnostics_init(&diagnostics, &allocator, NULL);
        weft_text_init(&text, &allocator);
        ck_assert(weft_llvm_codegen()->generate(&spec, WEFT_FORM_ASM, &code, &text, &diagnostics));
        weft_text_add(&text, "", 1);
        ck_assert_int_ge(check_loops(text.at, targets[_i]), generated ? 4 : 0); /* two products for two heights */
        weft_text_release(&text);
        weft_diagnostics_free(&diagnostics);
    }
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("loops");
    tcase_add_loop_test(tests, products_stay_in_registers, 0, TARGETS);
    Suite *suite = suite_create("loops");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
