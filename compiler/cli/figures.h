/* Numbers as people read them, written into `text`, which is also what they return. */
#ifndef WEFT_CLI_FIGURES_H
#define WEFT_CLI_FIGURES_H

enum { ROOM = 40 };

/* "1,234,567"; beyond what a double counts exactly, "1.2e+18". */
const char *grouped(double value, char text[ROOM]);
/* A mean: small ones with a decimal. */
const char *mean_of(double value, char text[ROOM]);
/* With a prefix of 1000 or 1024, four digits at most: "17.18 GFLOP", "84.5 KiB". */
const char *scaled(double value, double base, const char *unit, char text[ROOM]);
const char *percent(double share, char text[ROOM]);

#endif
