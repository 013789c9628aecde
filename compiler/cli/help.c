/* weft help: the tool, or one command. weft explain: one diagnostic. */
#include <string.h>

#include "cli.h"
#include "explain.h"

static void describe_tool(FILE *out) {
    fputs("usage: weft COMMAND FILE [options]\n\n"
          "Weft compiles patterns of sparse attention. FILE is a .weft file, or - for standard input.\n\n",
          out);
    for (const command *const *c = commands; *c; c++) fprintf(out, "  %-8s %s\n", (*c)->name, (*c)->summary);
    fputs(
        "\n`weft COMMAND --help` says more; `weft --version` prints the version.\n"
        "Environment: WEFT_CACHE, the folder where kernels are kept (empty: none; else ~/.cache/weft); WEFT_TARGET,\n"
        "the processor to make code for; NO_COLOR.\n"
        "Exit codes: 0 fine, 1 the pattern or the data is wrong, 2 usage, 3 a verification failed, 70 a bug of ours.\n",
        out);
}

void describe_command(const command *c, FILE *out) {
    fprintf(out, "usage: weft %s%s%s [options]\n\n%s\n", c->name, *c->words ? " " : "", c->words, c->summary);
    if (c->help) fprintf(out, "\n%s\n", c->help);
    fputc('\n', out);
    options_describe(c, out);
}

int command_explain(const options *given) {
    return explain_code(given->word_count ? given->words[0] : NULL, stdout, stderr);
}

int command_help(const options *given) {
    if (!given->word_count) {
        describe_tool(stdout);
        return EXIT_FINE;
    }
    const command *c = find_command(given->words[0]);
    if (!c) return EXIT_USAGE;
    describe_command(c, stdout);
    return EXIT_FINE;
}
