/* Numbers as people read them. */
#include "figures.h"

#include <math.h>
#include <stdio.h>

const char *grouped(double value, char text[ROOM]) {
    char digits[ROOM];
    const double exact = 9007199254740992.0;
    if (!(fabs(value) <= exact)) {
        snprintf(text, ROOM, "%.4g", value);
        return text;
    }
    int length = snprintf(digits, sizeof digits, "%.0f", value), used = 0;
    for (int n = 0; n < length; n++) {
        if (n && (length - n) % 3 == 0) text[used++] = ',';
        text[used++] = digits[n];
    }
    text[used] = '\0';
    return text;
}

const char *mean_of(double value, char text[ROOM]) {
    if (value >= 1000) return grouped(value, text);
    snprintf(text, ROOM, "%.1f", value);
    return text;
}

const char *scaled(double value, double base, const char *unit, char text[ROOM]) {
    static const char *const prefixes[] = {"", "K", "M", "G", "T", "P", "E"};
    int n = 0;
    for (; value >= base && n < 6; n++) value /= base;
    int digits = value >= 100 || (n == 0 && value == floor(value)) ? 0 : value >= 10 ? 1 : 2;
    snprintf(text, ROOM, "%.*f %s%s%s", digits, value, prefixes[n], n && base == 1024 ? "i" : "", unit);
    return text;
}

const char *percent(double share, char text[ROOM]) {
    double value = 100 * share;
    int digits = value >= 10 || value == 0 ? 1 : value >= 0.01 ? 2 : -1;
    if (digits < 0)
        snprintf(text, ROOM, "%.1e %%", value);
    else
        snprintf(text, ROOM, "%.*f %%", digits, value);
    return text;
}
