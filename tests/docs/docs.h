/* What the parts of the test of pages share. */
#ifndef WEFT_TESTS_DOCS_H
#define WEFT_TESTS_DOCS_H

#include <stdbool.h>
#include <weft/weft.h>

/* Compares the pictures of a block with their sets, or only reads them where `compare` is false. What is wrong, or
 * NULL; counts those that were compared. `patterns` is the folder of shipped patterns. */
const char *check_pictures(const char *text, const char *patterns, bool compare, int *count);

void die(const char *what);
char *read_file(const char *path); /* the caller frees it */
const char *next_line(const char *at);
void print_message(const weft_context *context);

#endif
