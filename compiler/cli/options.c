/* Reads options from the table in options.def: --name VALUE, --name=VALUE, -x VALUE, -xVALUE; "--" ends them. A number
 * with a minus sign is a word, since positions may be negative. */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

typedef enum kind { FLAG, TEXT, COUNT, INDEX, NUMBERS, CHOICE, CHOICES, LIST } kind;

typedef struct option {
    const char *name;
    char letter;
    kind kind;
    size_t field;
    const char *argument, *help;
} option;

static const option table[OPTION_COUNT] = {
#define OPTION(id, name, letter, kind, field, argument, help)                                                          \
    {name, letter, kind, offsetof(options, field), argument, help},
#include "options.def"
#undef OPTION
};

/* "--name", or "-x" where there is no long name. */
static const char *shown(const option *o, char buffer[32]) {
    if (o->name) {
        snprintf(buffer, 32, "--%s", o->name);
    } else {
        snprintf(buffer, 32, "-%c", o->letter);
    }
    return buffer;
}

/* ---- values ------------------------------------------------------------------------------------------------- */

static bool store_number(const option *o, const char *value, int64_t *field) {
    char name[32], *end;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    int64_t least = o->kind == COUNT;
    if (isdigit((unsigned char)*value) && !*end && !errno && number >= least) {
        *field = number;
        return true;
    }
    complain("%s takes a whole number of at least %d, not \"%s\"", shown(o, name), (int)least, value);
    return false;
}

/* "64,128": whole numbers of at least 1. */
static bool store_numbers(const option *o, const char *value, number_list *list) {
    char name[32];
    list->count = 0;
    for (const char *at = value;; at++) {
        char *end;
        errno = 0;
        long long number = strtoll(at, &end, 10);
        bool fine = isdigit((unsigned char)*at) && (!*end || *end == ',') && !errno && number >= 1;
        if (!fine) break;
        if (list->count == MOST_NUMBERS) {
            complain("%s takes at most %d numbers", shown(o, name), (int)MOST_NUMBERS);
            return false;
        }
        list->at[list->count++] = number;
        if (!*end) return true;
        at = end;
    }
    complain("%s takes whole numbers of at least 1, such as 64,128, not \"%s\"", shown(o, name), value);
    return false;
}

/* The number of the `size` bytes at `value` among "a|b|c", or -1. */
static int choice_number(const char *choices, const char *value, size_t size) {
    for (int n = 0; size; n++) {
        size_t length = strcspn(choices, "|");
        if (length == size && !memcmp(choices, value, size)) return n;
        if (!choices[length]) break;
        choices += length + 1;
    }
    return -1;
}

static bool store_choice(const option *o, const char *value, int *field) {
    char name[32];
    *field = choice_number(o->argument, value, strlen(value));
    if (*field >= 0) return true;
    complain("%s takes one of %s, not \"%s\"", shown(o, name), o->argument, value);
    return false;
}

/* "f32,bf16": a bit each. */
static bool store_choices(const option *o, const char *value, int *field) {
    char name[32];
    *field = 0;
    for (const char *at = value;; at++) {
        size_t size = strcspn(at, ",");
        int number = choice_number(o->argument, at, size);
        if (number < 0) break;
        *field |= 1 << number;
        at += size;
        if (!*at) return true;
    }
    complain("%s takes some of %s, with commas between them, not \"%s\"", shown(o, name), o->argument, value);
    return false;
}

static bool store_in_list(const char *value, option_list *list) {
    const char **more = realloc(list->at, (list->count + 1) * sizeof *more);
    if (!more) {
        complain("out of memory");
        return false;
    }
    list->at = more;
    list->at[list->count++] = value;
    return true;
}

static bool store(options *out, const option *o, const char *value) {
    char *field = (char *)out + o->field;
    out->given |= UINT64_C(1) << (o - table);
    switch (o->kind) {
    case FLAG: *(bool *)field = true; return true;
    case TEXT: *(const char **)(void *)field = value; return true;
    case COUNT:
    case INDEX: return store_number(o, value, (int64_t *)(void *)field);
    case NUMBERS: return store_numbers(o, value, (number_list *)(void *)field);
    case CHOICE: return store_choice(o, value, (int *)(void *)field);
    case CHOICES: return store_choices(o, value, (int *)(void *)field);
    default: return store_in_list(value, (option_list *)(void *)field);
    }
}

/* ---- names -------------------------------------------------------------------------------------------------- */

static bool is_taken(const command *c, int n) { return c->takes >> n & 1; }

/* Commands may take different kinds of one name: the option is the command's own, or else any. */
static const option *find_name(const command *c, const char *name, size_t size) {
    const option *found = NULL;
    for (int n = 0; n < OPTION_COUNT; n++) {
        bool same = table[n].name && strlen(table[n].name) == size && !memcmp(table[n].name, name, size);
        if (same && (!found || is_taken(c, n))) found = &table[n];
    }
    return found;
}

static const option *find_letter(const command *c, char letter) {
    const option *found = NULL;
    for (int n = 0; n < OPTION_COUNT; n++)
        if (table[n].letter == letter && (!found || is_taken(c, n))) found = &table[n];
    return found;
}

static void complain_unknown(const command *c, const char *argument) {
    const char *names[OPTION_COUNT];
    size_t count = 0;
    for (int n = 0; n < OPTION_COUNT; n++)
        if (table[n].name && is_taken(c, n)) names[count++] = table[n].name;
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(argument, "="), argument);
    const char *close = closest(name + strspn(name, "-"), names, count);
    if (close) {
        complain("%s: unknown option %s; did you mean --%s?", c->name, name, close);
    } else {
        complain("%s: unknown option %s; see weft %s --help", c->name, name, c->name);
    }
}

/* The option that an argument names and the value that is attached to it, or NULL. */
static const option *recognise(const command *c, const char *argument, const char **value) {
    *value = NULL;
    if (argument[1] != '-') {
        const option *o = find_letter(c, argument[1]);
        if (o && argument[2]) *value = argument + 2;
        return o;
    }
    size_t size = strcspn(argument + 2, "=");
    if (argument[2 + size]) *value = argument + 3 + size;
    return find_name(c, argument + 2, size);
}

static bool is_option(const char *argument) {
    return argument[0] == '-' && argument[1] && !isdigit((unsigned char)argument[1]);
}

/* Takes the option at arguments[*at] and its value. */
static bool take_option(options *out, const command *c, int count, char **arguments, int *at) {
    const char *argument = arguments[*at], *value;
    char name[32];
    const option *o = recognise(c, argument, &value);
    if (!o || !is_taken(c, (int)(o - table)) || (o->kind == FLAG && value && argument[1] != '-')) {
        complain_unknown(c, argument);
        return false;
    }
    if (o->kind == FLAG && value) {
        complain("%s takes no value", shown(o, name));
        return false;
    }
    if (o->kind != FLAG && !value && ++*at < count) value = arguments[*at];
    if (o->kind == FLAG || value) return store(out, o, value);
    complain("%s lacks its value, %s", shown(o, name), o->argument);
    return false;
}

static bool take_word(options *out, const command *c, const char *word) {
    if (out->word_count == c->most_words) {
        complain("%s: \"%s\" is one word too many; see weft %s --help", c->name, word, c->name);
        return false;
    }
    out->words[out->word_count++] = word;
    return true;
}

static bool check_needs(const options *out, const command *c) {
    if (out->word_count < c->least_words) {
        complain("%s needs %s; see weft %s --help", c->name, c->words, c->name);
        return false;
    }
    for (int n = 0; n < OPTION_COUNT; n++) {
        if (!(c->needs & ~out->given & UINT64_C(1) << n)) continue;
        char name[32];
        complain("%s needs %s %s; see weft %s --help", c->name, shown(&table[n], name), table[n].argument, c->name);
        return false;
    }
    return true;
}

bool options_parse(options *out, const command *c, int count, char **arguments) {
    memset(out, 0, sizeof *out);
    out->words = calloc((size_t)count + 1, sizeof *out->words);
    if (!out->words) {
        complain("out of memory");
        return false;
    }
    bool words_only = false;
    for (int at = 0; at < count; at++) {
        if (!words_only && !strcmp(arguments[at], "--")) {
            words_only = true;
        } else if (words_only || !is_option(arguments[at])) {
            if (!take_word(out, c, arguments[at])) return false;
        } else if (!take_option(out, c, count, arguments, &at)) {
            return false;
        }
        if (out->help) return true;
    }
    return check_needs(out, c);
}

void options_free(options *given) {
    free(given->words);
    free(given->defines.at);
    free(given->arrays.at);
    free(given->libraries.at);
    free(given->targets.at);
}

void options_describe(const command *c, FILE *out) {
    for (int n = 0; n < OPTION_COUNT; n++) {
        const option *o = &table[n];
        if (!is_taken(c, n)) continue;
        char left[80], name[32], letter[8] = "";
        if (o->name && o->letter) snprintf(letter, sizeof letter, "-%c, ", o->letter);
        snprintf(left, sizeof left, "%s%s%s%s", letter, shown(o, name), o->argument ? " " : "",
                 o->argument ? o->argument : "");
        fprintf(out, "  %-30s %s\n", left, o->help);
    }
}
