/* Pictures to test with: published patterns written as predicates, pair by pair, each term its own. */
#ifndef WEFT_TESTS_PICTURE_GALLERY_H
#define WEFT_TESTS_PICTURE_GALLERY_H

#include "picture/picture.h"

enum { GALLERY_COUNT = 9 };
const char *gallery_name(int index); /* "longformer", … */
picture *gallery_picture(int index); /* NULL when memory fails */

/* One pair, (query, key), in an otherwise empty picture of 1,048,576 tokens; two terms, the pair is in the second. */
picture *gallery_lone_pair(int64_t query, int64_t key);

#endif
