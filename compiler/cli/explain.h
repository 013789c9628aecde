/* What `weft explain` knows: for every diagnostic code what happened, why it matters, how to mend it, and an example
 * that is complete, so that tests can run it. */
#ifndef WEFT_CLI_EXPLAIN_H
#define WEFT_CLI_EXPLAIN_H

#include <stddef.h>
#include <stdio.h>

/* The file of an example is called example.weft. A command of NULL is `weft check example.weft`; one of "" says that no
 * command shows it, and then the texts are C. `mended_command` NULL is the same as `command`. */
typedef struct explanation {
    const char *code, *title, *what, *why, *mend;
    const char *bad, *command;         /* bad NULL: the command makes the file, or needs none */
    const char *good, *mended_command; /* good NULL: there is nothing to write differently */
} explanation;

/* In the order of their numbers; NULL beyond the end. */
const explanation *explain_at(size_t index);

/* The command of an example as it is typed, or NULL when there is none. */
const char *explain_command(const explanation *e, int mended);

/* The explanation of a code, or, with NULL, the list of all codes, at most 80 columns wide and in ASCII. Codes are
 * understood in either case, with or without leading letter and zeros where that is enough, and as in "error[E0101]".
 * For one that does not exist it says on `errors` what may have been meant and returns 2 (usage), else 0. */
int explain_code(const char *code, FILE *out, FILE *errors);

#endif
