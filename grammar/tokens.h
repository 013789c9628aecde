/* The tokens of a source, for those that want its text and not its tree: the formatter. Kinds are those of parse.h.
 * What lies between two tokens is white space and comments. */
#ifndef WEFT_GRAMMAR_TOKENS_H
#define WEFT_GRAMMAR_TOKENS_H

#include "ast/ast.h"

typedef void weft_token_taker(void *user, int kind, weft_span span);

/* Gives every token of a source in order, END last, as the scanner sees it: BLOCK is LBRACE here. What is malformed is
 * reported. False when memory fails. */
bool weft_scan_tokens(const weft_allocator *allocator, const weft_sources *sources, uint32_t source,
                      weft_diagnostics *diagnostics, weft_token_taker *take, void *user);

#endif
