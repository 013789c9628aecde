#include "explain.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { COLUMNS = 80, INDENT = 2 };

static const explanation explanations[] = {
#define EXPLAIN(code, title, what, why, mend, bad, command, good, mended_command)                                      \
    {#code, title, what, why, mend, bad, command, good, mended_command},
#include "explain.def"
#undef EXPLAIN
};

enum { EXPLANATION_COUNT = sizeof explanations / sizeof *explanations, CODE_LENGTH = 5 };

const explanation *explain_at(size_t index) { return index < EXPLANATION_COUNT ? &explanations[index] : NULL; }

const char *explain_command(const explanation *e, int mended) {
    const char *command = mended && e->mended_command ? e->mended_command : e->command;
    if (!command || (mended && !e->bad && !e->mended_command)) return "weft check example.weft";
    return *command ? command : NULL;
}

/* ---- which code --------------------------------------------------------------------------------------------- */

/* "error[e101]" becomes E0101; what is no code becomes "". */
static void normalise(const char *text, char code[CODE_LENGTH + 1]) {
    const char *open = strchr(text, '[');
    if (open) text = open + 1;
    char letter = (char)toupper((unsigned char)*text);
    if (letter == 'E' || letter == 'W') {
        text++;
    } else {
        letter = 'E';
    }
    size_t digits = strspn(text, "0123456789");
    bool ends = text[digits] == 0 || (open && strcmp(text + digits, "]") == 0);
    code[0] = 0;
    if (digits == 0 || digits > 4 || !ends) return;
    memset(code, '0', CODE_LENGTH);
    code[0] = letter;
    memcpy(code + CODE_LENGTH - digits, text, digits);
    code[CODE_LENGTH] = 0;
}

/* Characters in which two codes differ; two neighbours that were swapped count as one. */
static int distance(const char *a, const char *b) {
    int apart = 0;
    for (int i = 0; i < CODE_LENGTH; i++) {
        if (a[i] == b[i]) continue;
        apart++;
        if (i + 1 < CODE_LENGTH && a[i] == b[i + 1] && a[i + 1] == b[i]) i++;
    }
    return apart;
}

static const explanation *find(const char *code) {
    for (size_t i = 0; i < EXPLANATION_COUNT; i++)
        if (strcmp(explanations[i].code, code) == 0) return &explanations[i];
    return NULL;
}

static bool contains(const char *text, const char *word) {
    size_t length = strlen(word);
    for (; *text; text++) {
        size_t same = 0;
        while (same < length && tolower((unsigned char)text[same]) == tolower((unsigned char)word[same])) same++;
        if (same == length) return true;
    }
    return false;
}

/* Codes one slip away, or, for a word, those whose titles hold it. */
static bool might_be_meant(const explanation *e, const char *code, const char *typed) {
    return *code ? distance(e->code, code) == 1 : strlen(typed) >= 3 && contains(e->title, typed);
}

static void suggest(const char *code, const char *typed, FILE *errors) {
    bool any = false;
    fputs("weft: there is no such code: ", errors);
    for (const char *c = typed; *c && c < typed + 40; c++) fputc(isprint((unsigned char)*c) ? *c : '?', errors);
    for (size_t i = 0; i < EXPLANATION_COUNT; i++) {
        if (!might_be_meant(&explanations[i], code, typed)) continue;
        if (!any) fputs("; did you mean", errors);
        fprintf(errors, "\n  %s  %s", explanations[i].code, explanations[i].title);
        any = true;
    }
    fputs(any ? "\n" : "; `weft explain` lists them all\n", errors);
}

/* ---- printing ----------------------------------------------------------------------------------------------- */

static void put_paragraph(const char *heading, const char *text, FILE *out) {
    fprintf(out, "\n%s\n", heading);
    int column = 0;
    while (*text) {
        int length = (int)strcspn(text, " ");
        if (column && column + 1 + length > COLUMNS) {
            fputc('\n', out);
            column = 0;
        }
        column += fprintf(out, "%*s%.*s", column ? 1 : INDENT, "", length, text);
        text += length;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

/* Lines of an example; bytes that a terminal should not see are spelt out, as <E7>. */
static void put_text(const char *text, FILE *out) {
    bool begins = true;
    for (; *text; text++) {
        if (begins && *text != '\n') fprintf(out, "%*s", 2 * INDENT, "");
        begins = *text == '\n';
        if (begins || isprint((unsigned char)*text))
            fputc(*text, out);
        else
            fprintf(out, "<%02X>", (unsigned char)*text);
    }
}

static void put_example(const char *heading, const char *text, const char *command, FILE *out) {
    fprintf(out, "\n%s\n", heading);
    if (text) put_text(text, out);
    if (text && command) fputc('\n', out);
    while (command && *command) {
        int length = (int)strcspn(command, "\n");
        fprintf(out, "%*s$ %.*s\n", 2 * INDENT, "", length, command);
        command += length + (command[length] == '\n');
    }
}

static void put_explanation(const explanation *e, FILE *out) {
    fprintf(out, "%s: %s\n", e->code, e->title);
    put_paragraph("What happened", e->what, out);
    put_paragraph("Why it matters", e->why, out);
    put_paragraph("How to mend it", e->mend, out);
    const char *shown = explain_command(e, 0), *mended = explain_command(e, 1);
    if (e->bad || shown) put_example("Example", e->bad, shown, out);
    if (e->good || e->mended_command) put_example("Mended", e->good, mended, out);
}

static void put_list(FILE *out) {
    fputs("`weft explain CODE` says more about each of these.\n\n", out);
    for (size_t i = 0; i < EXPLANATION_COUNT; i++)
        fprintf(out, "%s  %s\n", explanations[i].code, explanations[i].title);
}

int explain_code(const char *code, FILE *out, FILE *errors) {
    if (!code) {
        put_list(out);
        return 0;
    }
    char normal[CODE_LENGTH + 1];
    normalise(code, normal);
    const explanation *e = find(normal);
    if (e) {
        put_explanation(e, out);
        return 0;
    }
    suggest(normal, code, errors);
    return 2;
}
