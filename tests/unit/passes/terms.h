/* Sets as short terms, for tests: "union(x, band(-3, 0, 1), rows(list(1, range(0, a))))". a and b are int parameters, c
 * and d bools, f and g floats, t tokens; x, y and z any sets at all (`where` of an unknown); true and false. */
#ifndef WEFT_TEST_TERMS_H
#define WEFT_TEST_TERMS_H

#include <check.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "set/verify.h"

static const char *const term_names[] = {"a", "b", "c", "d", "f", "g", "t", "x", "y", "z"};
enum { TERM_NAMES = 10, FIRST_TERM_SET = 7 };

static weft_program *terms_program(const weft_allocator *allocator) {
    static const weft_type types[TERM_NAMES] = {WEFT_TYPE_INT,   WEFT_TYPE_INT,   WEFT_TYPE_BOOL,   WEFT_TYPE_BOOL,
                                                WEFT_TYPE_FLOAT, WEFT_TYPE_FLOAT, WEFT_TYPE_TOKENS, WEFT_TYPE_BOOL,
                                                WEFT_TYPE_BOOL,  WEFT_TYPE_BOOL};
    weft_program *program = weft_program_create(allocator, "terms");
    for (int k = 0; k < TERM_NAMES; k++) weft_program_add_parameter(program, term_names[k], types[k], 0, WEFT_NO_SPAN);
    return program;
}

static weft_id term_parameter(weft_program *program, int number) {
    weft_type type = program->parameters[number].type;
    weft_id node =
        weft_make(&program->dag, WEFT_OP_PARAM, type, (weft_value){.integer = number}, NULL, 0, WEFT_NO_SPAN);
    return number < FIRST_TERM_SET ? node : weft_make_set(&program->dag, WEFT_ATOM_WHERE, WEFT_NO_SPAN, 1, node);
}

static weft_id term_named(weft_program *program, const char *name, size_t size, const weft_id *operands,
                          uint32_t count) {
    for (int k = 0; k < TERM_NAMES; k++)
        if (strlen(term_names[k]) == size && !memcmp(term_names[k], name, size)) return term_parameter(program, k);
    if (size == 4 && !memcmp(name, "true", 4)) return weft_make_bool(&program->dag, true, WEFT_NO_SPAN);
    if (size == 5 && !memcmp(name, "false", 5)) return weft_make_bool(&program->dag, false, WEFT_NO_SPAN);
    weft_op op = weft_op_named(name, size);
    ck_assert_msg(op != WEFT_OP_INVALID, "no operation: %.*s", (int)size, name);
    weft_type type = weft_infer_type(program, op, (weft_value){0}, operands, count);
    return weft_make(&program->dag, op, type, (weft_value){0}, operands, count, WEFT_NO_SPAN);
}

static weft_id read_term(weft_program *program, const char **text) {
    while (**text == ' ' || **text == ',') ++*text;
    if (**text == '-' || isdigit((unsigned char)**text)) {
        char *end;
        weft_id node = weft_make_int(&program->dag, strtoll(*text, &end, 10), WEFT_NO_SPAN);
        *text = end;
        return node;
    }
    const char *name = *text;
    while (isalnum((unsigned char)**text)) ++*text;
    size_t size = (size_t)(*text - name);
    weft_id operands[16];
    uint32_t count = 0;
    if (**text == '(') {
        for (++*text; **text != ')';) {
            ck_assert_uint_lt(count, 16);
            operands[count++] = read_term(program, text);
        }
        ++*text;
    }
    return term_named(program, name, size, operands, count);
}

static void write_term(const weft_program *program, weft_id id, weft_text *out) {
    const weft_dag *dag = &program->dag;
    const weft_node *node = weft_node_at(dag, id);
    const weft_node *first = node->arity ? weft_node_at(dag, weft_operand(dag, id, 0)) : NULL;
    if (node->op == WEFT_OP_INT) {
        weft_text_format(out, "%lld", (long long)node->value.integer);
    } else if (node->op == WEFT_OP_BOOL) {
        weft_text_format(out, "%s", node->value.integer ? "true" : "false");
    } else if (node->op == WEFT_OP_PARAM) {
        weft_text_format(out, "%s", term_names[node->value.integer]);
    } else if (node->op == WEFT_ATOM_WHERE && first->op == WEFT_OP_PARAM && first->value.integer >= FIRST_TERM_SET) {
        weft_text_format(out, "%s", term_names[first->value.integer]);
    } else {
        weft_text_format(out, "%s%s", weft_op_describe((weft_op)node->op)->text, node->arity ? "(" : "");
        for (uint32_t k = 0; k < node->arity; k++) {
            weft_text_format(out, "%s", k ? ", " : "");
            write_term(program, weft_operand(dag, id, k), out);
        }
        weft_text_format(out, "%s", node->arity ? ")" : node->op == WEFT_OP_LISTING ? "()" : "");
    }
}

#endif
