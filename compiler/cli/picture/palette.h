/* Colours of terms, the same in every kind of picture. */
#ifndef WEFT_CLI_PICTURE_PALETTE_H
#define WEFT_CLI_PICTURE_PALETTE_H

#include <stdint.h>

typedef struct color {
    uint8_t red, green, blue;
} color;

enum { PALETTE_HUES = 6 }; /* from the seventh term on the hues come back with a texture */

color palette_hue(int term); /* for a term at full density */
color palette_several(void); /* where one colour must stand for several terms, or there are none */
color palette_rest(void);    /* of pairs that are in no term, beside terms */
color palette_paper(void);   /* empty cells */
double
palette_strength(uint8_t level); /* how much of the hue shows at a level: 0 for none, at least a half otherwise */
color palette_mix(color over, color under, double strength);
int palette_256(color wanted); /* the nearest of xterm's 256 colours, from its cube and its greys */

#endif
