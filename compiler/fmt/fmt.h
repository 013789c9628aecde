/* The formatter: a pattern file in the house style. It works on the tokens, not on the tree, so that comments and the
 * author's choice of operators stay.
 *
 * words.c reads tokens and comments; layout.c breaks what is too long for a line; items.c lays out definitions and
 * statements; write.c puts comments beside the lines and makes the text. */
#ifndef WEFT_FMT_FMT_H
#define WEFT_FMT_FMT_H

#include "support/diagnostics.h"

/* Adds the formatted text of a source to `out`. False when the source has syntax errors (diagnostics say which) or
 * memory fails (then diagnostics->out_of_memory); `out` holds nothing of use then. */
bool weft_format(const weft_allocator *allocator, const weft_sources *sources, uint32_t source,
                 weft_diagnostics *diagnostics, weft_text *out);

#endif
