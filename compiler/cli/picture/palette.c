/* The hues are from M. Okabe and K. Ito, "Color Universal Design" (2008), which people with every common kind of colour
 * vision tell apart. Two of their eight are left out: yellow, faint on white, and black, which marks "several terms".
 */
#include "picture/palette.h"

color palette_hue(int term) {
    static const color hues[PALETTE_HUES] = {
        {0x00, 0x72, 0xB2}, /* blue */
        {0xE6, 0x9F, 0x00}, /* orange */
        {0x00, 0x9E, 0x73}, /* bluish green */
        {0xCC, 0x79, 0xA7}, /* reddish purple */
        {0xD5, 0x5E, 0x00}, /* vermillion */
        {0x56, 0xB4, 0xE9}, /* sky blue */
    };
    return hues[term % PALETTE_HUES];
}

color palette_several(void) { return (color){0x30, 0x30, 0x30}; }

color palette_rest(void) { return (color){0x9A, 0x9A, 0x9A}; }

color palette_paper(void) { return (color){0xFF, 0xFF, 0xFF}; }

double palette_strength(uint8_t level) { return level == 0 ? 0 : 0.5 + 0.5 * level / 255; }

static uint8_t mix(uint8_t over, uint8_t under, double strength) {
    return (uint8_t)(under + (over - under) * strength + 0.5);
}

color palette_mix(color over, color under, double strength) {
    return (color){mix(over.red, under.red, strength), mix(over.green, under.green, strength),
                   mix(over.blue, under.blue, strength)};
}

static int distance(color a, int red, int green, int blue) {
    int r = a.red - red, g = a.green - green, b = a.blue - blue;
    return 3 * r * r + 4 * g * g + 2 * b * b; /* the eye's weights, roughly */
}

static int cube_value(int step) { return step == 0 ? 0 : 55 + 40 * step; }

int palette_256(color wanted) {
    int best = 16, least = 1 << 30;
    for (int code = 16; code < 256; code++) {
        int cube = code - 16, grey = 8 + 10 * (code - 232);
        int apart = code < 232 ? distance(wanted, cube_value(cube / 36), cube_value(cube / 6 % 6), cube_value(cube % 6))
                               : distance(wanted, grey, grey, grey);
        if (apart < least) {
            least = apart;
            best = code;
        }
    }
    return best;
}
