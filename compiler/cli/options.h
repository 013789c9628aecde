/* The command line as data: options.def lists the options, every command says which of them it takes. */
#ifndef WEFT_CLI_OPTIONS_H
#define WEFT_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef enum option_id {
#define OPTION(id, name, letter, kind, field, argument, help) OPTION_##id,
#include "options.def"
#undef OPTION
    OPTION_COUNT
} option_id;

#define TAKES(id) (UINT64_C(1) << OPTION_##id)

/* Arguments of an option that may be repeated, in their order. */
typedef struct option_list {
    const char **at;
    size_t count;
} option_list;

enum { MOST_NUMBERS = 32 };

/* The numbers of an option that takes several, "64,128". */
typedef struct number_list {
    int64_t at[MOST_NUMBERS];
    int count;
} number_list;

/* What was given; 0, NULL or false where an option was not (also for CHOICE, whose first choice is the default). */
typedef struct options {
    const char **words; /* FILE and what follows */
    int word_count;
    const char *pattern, *name, *q, *k, *v, *output, *lse, *choices, *target, *header;
    option_list defines, arrays, libraries, targets;
    number_list lengths, head_dims, thread_counts;
    int64_t n, lq, lk, heads, head, head_dim, value_dim, threads, block;
    int dtype, dtypes, against, via, to, stage, color;
    bool check, no_cache, json, help;
    uint64_t given; /* TAKES of every option that was */
} options;

/* One command of the tool. */
typedef struct command {
    const char *name;
    const char *words; /* how its words read, "FILE I J" */
    int least_words, most_words;
    uint64_t takes; /* options, by TAKES */
    uint64_t needs; /* those that must be given */
    const char *summary;
    const char *help; /* more about it, or NULL */
    int (*run)(const options *given);
} command;

/* Parses the arguments after the command's name. On false the mistake has been described on stderr. */
bool options_parse(options *out, const command *command, int count, char **arguments);
void options_free(options *given);

/* The options that a command takes, a line or two each. */
void options_describe(const command *command, FILE *out);

#endif
