/* SVG: well-formed XML (a small checker, and Python's parser where there is one), names escaped, lone pairs drawn. */
#include "cases.h"

#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* ---- a checker of what we write: elements, attributes in double quotes, five entities, allowed characters ------ */

typedef struct checker {
    const char *at;
    char open[32][32];
    int depth;
} checker;

static bool check_entity(checker *c) {
    static const char *const known[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};
    for (int i = 0; i < 5; i++)
        if (strncmp(c->at, known[i], strlen(known[i])) == 0) {
            c->at += strlen(known[i]);
            return true;
        }
    return false;
}

static bool check_characters(checker *c, char end) {
    while (*c->at && *c->at != end && *c->at != '<') {
        unsigned char byte = (unsigned char)*c->at;
        if (byte < 0x20 && byte != '\n') return false;
        if (byte == '&') {
            if (!check_entity(c)) return false;
        } else {
            c->at++;
        }
    }
    return *c->at == end || end == '<';
}

static void read_name(checker *c, char name[32]) {
    int length = 0;
    while (length < 31 && (isalnum((unsigned char)*c->at) || strchr("-:", *c->at)) && *c->at) name[length++] = *c->at++;
    name[length] = 0;
}

static bool check_tag(checker *c) { /* just past < */
    char name[32];
    bool closes = *c->at == '/';
    c->at += closes;
    read_name(c, name);
    if (!name[0]) return false;
    if (closes) return *c->at++ == '>' && c->depth > 0 && strcmp(c->open[--c->depth], name) == 0;
    char seen[16][32];
    for (int attributes = 0; *c->at == ' '; attributes++) {
        c->at++;
        if (attributes == 16) return false;
        read_name(c, seen[attributes]);
        for (int i = 0; i < attributes; i++)
            if (strcmp(seen[i], seen[attributes]) == 0) return false;
        if (!seen[attributes][0] || *c->at++ != '=' || *c->at++ != '"' || !check_characters(c, '"')) return false;
        c->at++;
    }
    if (c->at[0] == '/' && c->at[1] == '>') {
        c->at += 2;
        return true;
    }
    if (*c->at++ != '>' || c->depth == 32) return false;
    strcpy(c->open[c->depth++], name);
    return true;
}

static bool is_well_formed(const char *text) {
    static const char start[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    checker c = {.at = text};
    if (strncmp(text, start, strlen(start)) != 0) return false;
    c.at += strlen(start);
    while (*c.at) {
        if (*c.at == '<') {
            c.at++;
            if (!check_tag(&c)) return false;
            if (c.depth == 0 && strcmp(c.at, "\n") != 0) return false;
        } else if (!check_characters(&c, '<')) {
            return false;
        }
    }
    return c.depth == 0;
}

static bool python_disagrees(const char *text, size_t size) {
    static const char *const command =
        "python3 -c 'import sys, xml.parsers.expat as e; e.ParserCreate().ParseFile(sys.stdin.buffer)' 2>/dev/null";
    FILE *pipe = popen(command, "w");
    if (!pipe) return false;
    bool fine = fwrite(text, 1, size, pipe) == size;
    int status = pclose(pipe);
    bool is_missing = WIFEXITED(status) && WEXITSTATUS(status) == 127;
    return !is_missing && (status != 0 || !fine);
}

static char *checked(const picture *image) {
    size_t size;
    char *text = written(picture_write_svg, image, &size);
    ck_assert_uint_eq(strlen(text), size);
    ck_assert_msg(is_well_formed(text), "not well-formed:\n%.2000s", text);
    ck_assert(!python_disagrees(text, size));
    return text;
}

START_TEST(checker_can_fail) {
#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    ck_assert(is_well_formed(HEAD "<svg a=\"1\"><g/>x &lt; y</svg>\n"));
    ck_assert(!is_well_formed(HEAD "<svg><g></svg>\n"));
    ck_assert(!is_well_formed(HEAD "<svg>a & b</svg>\n"));
    ck_assert(!is_well_formed(HEAD "<svg a=\"1\" a=\"2\"/>\n"));
    ck_assert(!is_well_formed(HEAD "<svg>\033</svg>\n"));
    ck_assert(!is_well_formed(HEAD "<svg a=\"<\"/>\n"));
}
END_TEST

START_TEST(lone_pair_is_drawn) {
    picture *image = gallery_lone_pair(lone_pairs[_i][0], lone_pairs[_i][1]);
    char *text = checked(image);
    const char *path = strstr(text, "<path fill=\"#e69f00\" fill-opacity=\"0.5"); /* the second term's colour */
    ck_assert_ptr_nonnull(path);
    ck_assert_ptr_nonnull(strstr(path, "h2v2h-2z\"/>"));
    free(text);
    picture_destroy(image);
}
END_TEST

START_TEST(edges_are_drawn) {
    picture *image = edge_picture(_i);
    free(checked(image));
    picture_destroy(image);
}
END_TEST

START_TEST(gallery_is_small) {
    picture *image = gallery_picture(_i);
    char *text = checked(image);
    ck_assert_uint_lt(strlen(text), 100000); /* equal cells are merged */
    for (int term = 0; term < image->term_count; term++) ck_assert_ptr_nonnull(strstr(text, image->terms[term]));
    free(text);
    picture_destroy(image);
}
END_TEST

START_TEST(names_are_escaped) {
    static const char *const names[] = {"where(i < j & h > 2)", "\"<script>\""}, *const titles[] = {"head 0"};
    picture_outline outline = {"a <b> & \"c\"", 4, 4, 4, 4, 2, 1, names, titles, NULL};
    picture *image = picture_create(&outline);
    char *text = checked(image);
    ck_assert_ptr_nonnull(strstr(text, ">where(i &lt; j &amp; h &gt; 2)</text>"));
    ck_assert_ptr_nonnull(strstr(text, "&quot;&lt;script&gt;&quot;"));
    ck_assert_ptr_nonnull(strstr(text, "<title>a &lt;b&gt; &amp; &quot;c&quot;</title>"));
    ck_assert_ptr_null(strstr(text, "<script"));
    free(text);
    picture_destroy(image);
}
END_TEST

START_TEST(failures_are_survived) {
    fail_every_allocation(picture_write_svg);
    fail_to_write(picture_write_svg);
}
END_TEST

int main(void) {
    signal(SIGPIPE, SIG_IGN); /* where there is no Python */
    TCase *all = tcase_create("svg");
    tcase_add_test(all, checker_can_fail);
    tcase_add_loop_test(all, lone_pair_is_drawn, 0, LONE_COUNT);
    tcase_add_loop_test(all, edges_are_drawn, 0, EDGE_COUNT);
    tcase_add_loop_test(all, gallery_is_small, 0, GALLERY_COUNT);
    tcase_add_test(all, names_are_escaped);
    tcase_add_test(all, failures_are_survived);
    return run_cases(all);
}
