#include "kinds.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* The kind of a head, new or old; its work is known. -1 when memory fails. */
static int kind_of(head_kinds *kinds, int64_t head, const weft_plan_work *work, int *kind_at) {
    int *known = &kind_at[work->same_as];
    if (!*known) {
        head_kind *more = realloc(kinds->at, ((size_t)kinds->count + 1) * sizeof *more);
        if (!more) return -1;
        kinds->at = more;
        kinds->at[kinds->count++] = (head_kind){.first = head, .work = *work};
        *known = kinds->count;
    }
    kinds->at[*known - 1].count++;
    return *known - 1;
}

/* Ends with dots where there is no room for all. */
static char *name_of(const head_kinds *kinds, int kind) {
    enum { ROOM = 48 };
    char text[ROOM + 64];
    size_t used = (size_t)sprintf(text, kinds->at[kind].count == 1 ? "head" : "heads");
    const char *between = " ";
    for (int64_t head = 0, end; head < kinds->heads; head = end) {
        end = head + 1;
        if (kinds->of[head] != kind) continue;
        while (end < kinds->heads && kinds->of[end] == kind) end++;
        if (used > ROOM) {
            strcpy(text + used, ", ...");
            break;
        }
        used += (size_t)sprintf(text + used, "%s%" PRId64, between, head);
        if (end - head > 1) used += (size_t)sprintf(text + used, "%s%" PRId64, end - head > 2 ? "-" : ", ", end - 1);
        between = ", ";
    }
    return strdup(text);
}

static int name_all(head_kinds *kinds, bool fine) {
    for (int kind = 0; fine && kind < kinds->count; kind++) {
        kinds->at[kind].name = name_of(kinds, kind);
        fine = kinds->at[kind].name != NULL;
    }
    return fine ? EXIT_FINE : exit_code(WEFT_OUT_OF_MEMORY);
}

static int find(head_kinds *kinds, const weft_plan *plan, const options *given) {
    size_t heads = (size_t)kinds->heads;
    int *kind_at = calloc(heads, sizeof *kind_at); /* by first equal head: 1 + the kind */
    kinds->of = malloc(heads * sizeof *kinds->of);
    bool fine = kind_at && kinds->of;
    for (int64_t head = 0; fine && head < kinds->heads; head++) {
        weft_plan_work work = {.size = sizeof work};
        kinds->of[head] = -1;
        if (given->given & TAKES(HEAD) && head != given->head) continue;
        fine = weft_plan_head(plan, 0, head, &work) == WEFT_OK;
        if (fine) kinds->of[head] = kind_of(kinds, head, &work, kind_at);
        fine = fine && kinds->of[head] >= 0;
    }
    free(kind_at);
    return name_all(kinds, fine);
}

int kinds_find(head_kinds *kinds, const weft_plan *plan, int64_t heads, const options *given) {
    *kinds = (head_kinds){.heads = heads};
    if (!(given->given & TAKES(HEAD)) || given->head < heads) return find(kinds, plan, given);
    complain("there are %" PRId64 " heads, so there is no head %" PRId64 "; see --heads", heads, given->head);
    return EXIT_WRONG;
}

int kinds_join(head_kinds *kinds, const head_kinds *a, const head_kinds *b) {
    size_t most = (size_t)a->count * (size_t)b->count;
    int *kind_at = calloc(most + 1, sizeof *kind_at); /* by both kinds */
    *kinds = (head_kinds){.heads = a->heads, .of = malloc((size_t)a->heads * sizeof *kinds->of)};
    bool fine = kind_at && kinds->of;
    for (int64_t head = 0; fine && head < kinds->heads; head++) {
        const weft_plan_work pair = {.same_as = (int64_t)a->of[head] * b->count + b->of[head]};
        kinds->of[head] = a->of[head] < 0 ? -1 : kind_of(kinds, head, &pair, kind_at);
        fine = a->of[head] < 0 || kinds->of[head] >= 0;
    }
    free(kind_at);
    return name_all(kinds, fine);
}

void kinds_write_heads(const head_kinds *kinds, int kind) {
    const char *between = "[";
    for (int64_t head = 0; head < kinds->heads; head++) {
        if (kinds->of[head] != kind) continue;
        printf("%s%" PRId64, between, head);
        between = ", ";
    }
    putchar(']');
}

void kinds_free(head_kinds *kinds) {
    for (int kind = 0; kind < kinds->count; kind++) free(kinds->at[kind].name);
    free(kinds->at);
    free(kinds->of);
    *kinds = (head_kinds){0};
}
