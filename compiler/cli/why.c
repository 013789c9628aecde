/* weft why: which term lets one query attend to one key, or which excludes it; heads with the same answer share it. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* The answer for one head. */
typedef struct answer {
    bool allowed;
    char *text; /* NULL when memory failed or the pair does not exist */
} answer;

static bool read_position(const char *word, const char *name, int64_t *out) {
    char *end;
    errno = 0;
    *out = strtoll(word, &end, 10);
    if (*word && !*end && !errno) return true;
    complain("%s is a position, a whole number, not \"%s\"", name, word);
    return false;
}

static bool in_range(const weft_shape *shape, int64_t i, int64_t j) {
    int64_t first = shape->keys - shape->queries;
    if (i < first || i >= shape->keys) {
        complain("query positions are %" PRId64 " to %" PRId64 ", so there is no query %" PRId64, first,
                 shape->keys - 1, i);
        return false;
    }
    if (j < 0 || j >= shape->keys) {
        complain("keys are 0 to %" PRId64 ", so there is no key %" PRId64, shape->keys - 1, j);
        return false;
    }
    return true;
}

static answer explain(const session *s, int64_t head, int64_t i, int64_t j) {
    answer out = {0};
    char nothing[1];
    size_t length = weft_plan_explain(s->plan, 0, head, i, j, &out.allowed, nothing, sizeof nothing);
    if (length) out.text = malloc(length + 1);
    if (out.text) weft_plan_explain(s->plan, 0, head, i, j, &out.allowed, out.text, length + 1);
    return out;
}

/* The library says for which head it speaks ("head 3: …"); here one answer may be that of several. */
static const char *words_of(const answer *a) {
    const char *colon = strncmp(a->text, "head ", 5) ? NULL : strstr(a->text, ": ");
    return colon ? colon + 2 : a->text;
}

static void print_answer(const answer *a, int64_t from, int64_t to) {
    const char *words = words_of(a);
    if (from == to) {
        printf("head %" PRId64 ": %s", from, words);
    } else {
        printf("heads %" PRId64 " to %" PRId64 ": %s", from, to, words);
    }
    if (*words && words[strlen(words) - 1] != '\n') putchar('\n');
}

static void write_answer(const answer *a, int64_t from, int64_t to, bool first) {
    printf("%s{\"first_head\": %" PRId64 ", \"last_head\": %" PRId64 ", \"allowed\": %s, \"explanation\": ",
           first ? "" : ",\n  ", from, to, a->allowed ? "true" : "false");
    json_string(stdout, words_of(a));
    putchar('}');
}

/* Heads [begin, end), those in a row with the same answer together. */
static int answer_heads(const session *s, int64_t begin, int64_t end, int64_t i, int64_t j) {
    answer now = explain(s, begin, i, j);
    int64_t from = begin;
    for (int64_t head = begin + 1; head <= end && now.text; head++) {
        answer next = {0};
        if (head < end) next = explain(s, head, i, j);
        if (next.text && !strcmp(words_of(&next), words_of(&now))) {
            free(next.text);
            continue;
        }
        if (s->given->json) {
            write_answer(&now, from, head - 1, from == begin);
        } else {
            print_answer(&now, from, head - 1);
        }
        free(now.text);
        now = next;
        from = head;
    }
    free(now.text);
    return from == end ? EXIT_FINE : exit_code(WEFT_OUT_OF_MEMORY);
}

static int answer_all(const session *s, const weft_shape *shape, int64_t i, int64_t j) {
    const options *given = s->given;
    int64_t begin = 0, end = shape->heads;
    if (given->given & TAKES(HEAD)) {
        begin = given->head;
        end = begin + 1;
    }
    if (!in_range(shape, i, j)) return EXIT_WRONG;
    if (begin >= shape->heads) {
        complain("there are %" PRId64 " heads, so there is no head %" PRId64 "; see --heads", shape->heads, begin);
        return EXIT_WRONG;
    }
    if (given->json) printf("{\"i\": %" PRId64 ", \"j\": %" PRId64 ", \"answers\": [", i, j);
    int code = answer_heads(s, begin, end, i, j);
    if (given->json) puts("]}");
    return code;
}

int command_why(const options *given) {
    weft_shape shape;
    session s = {0};
    int64_t i, j;
    if (!read_position(given->words[1], "I", &i) || !read_position(given->words[2], "J", &j)) return EXIT_USAGE;
    int code = session_look(&s, given, &shape);
    if (!code) code = answer_all(&s, &shape, i, j);
    session_close(&s);
    return code;
}
