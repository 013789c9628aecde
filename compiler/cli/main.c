/* weft: the command line. Results go to stdout, everything else to stderr; the exit codes are those of cli.h. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "cli.h"

#define CODE (TAKES(TARGET) | TAKES(NO_CACHE))
#define SESSION (TAKES(PATTERN) | TAKES(DEFINE) | TAKES(ARRAY) | TAKES(LIBRARY) | TAKES(COLOR) | TAKES(HELP))

static const command check = {
    .name = "check",
    .words = "FILE",
    .least_words = 1,
    .most_words = 1,
    .takes = TAKES(PATTERN) | TAKES(LIBRARY) | TAKES(JSON) | TAKES(COLOR) | TAKES(HELP),
    .summary = "parse a file, type-check it, and warn",
    .help = "Prints the patterns of the file with their parameters; `?` marks those with a default. With -p it also\n"
            "checks that this build can compile the pattern.",
    .run = command_check};

static const command mask = {
    .name = "mask",
    .words = "FILE",
    .least_words = 1,
    .most_words = 1,
    .takes = SESSION | TAKES(LQ) | TAKES(LK) | TAKES(HEADS) | TAKES(QUERY) | TAKES(KEY) | TAKES(VIA) | TAKES(OUTPUT),
    .needs = TAKES(OUTPUT),
    .summary = "write the boolean mask [H, Lq, Lk] to a .npy file",
    .help = "The lengths are --lq and --lk, or those of --q and --k. Of a batch it is the first element's mask.",
    .run = command_mask};

static const command export = {
    .name = "export",
    .words = "FILE",
    .least_words = 1,
    .most_words = 1,
    .takes = SESSION | TAKES(LENGTH) | TAKES(LQ) | TAKES(LK) | TAKES(QUERY) | TAKES(KEY) | TAKES(HEADS) | TAKES(HEAD) |
             TAKES(TO) | TAKES(BLOCK) | TAKES(OUTPUT),
    .needs = TAKES(TO) | TAKES(OUTPUT),
    .summary = "write a pattern as other libraries take it",
    .help =
        "flex: the arrays of FlexAttention's BlockMask and the tiles of its mask function, .npz, which\n"
        "weft.block_mask in Python reads. flashinfer: indptr, indices and packed_mask of its block-sparse wrapper,\n"
        ".npz. intervals: int32 [H, Lq, n, 2], the keys [begin, end) of every row, .npy. npy: the boolean mask\n"
        "[H, Lq, Lk]. Of a batch it is the first element's.",
    .run = command_export};

static const command import = {
    .name = "import",
    .words = "MASK.npy",
    .least_words = 1,
    .most_words = 1,
    .takes = TAKES(NAME) | TAKES(OUTPUT) | TAKES(HELP),
    .needs = TAKES(OUTPUT),
    .summary = "make a pattern file of a boolean mask",
    .help =
        "The mask is [Lq, Lk] or [H, Lq, Lk]. Where a few atoms hold exactly its pairs the file has those; else it\n"
        "names the mask, or its blocks, as an array to bind. Either has been compared with the mask pair by pair.\n"
        "Arrays that the file needs are written beside it.",
    .run = command_import};

static const command ir = {.name = "ir",
                           .words = "FILE",
                           .least_words = 1,
                           .most_words = 1,
                           .takes = TAKES(PATTERN) | TAKES(LIBRARY) | TAKES(COLOR) | TAKES(HELP) | TAKES(STAGE) |
                                    TAKES(HEAD_DIM) | TAKES(VALUE_DIM) | TAKES(TARGET),
                           .summary = "print an intermediate form of a pattern",
                           .help = "Without --stage, the block IR.",
                           .run = command_ir};

static const command run = {
    .name = "run",
    .words = "FILE",
    .least_words = 1,
    .most_words = 1,
    .takes = SESSION | TAKES(QUERY) | TAKES(KEY) | TAKES(VALUE) | TAKES(OUTPUT) | TAKES(LSE) | TAKES(CHOICES) |
             TAKES(DTYPE) | TAKES(THREADS) | TAKES(JSON) | CODE,
    .needs = TAKES(QUERY) | TAKES(KEY) | TAKES(VALUE) | TAKES(OUTPUT),
    .summary = "compile a pattern and run it on tensors",
    .help = "Writes o, [H, Lq, Dv] or [B, H, Lq, Dv], and lse as float32. Time, and GFLOP/s on the allowed pairs, go\n"
            "to stderr, or with --json to stdout.",
    .run = command_run};

static const command eval = {
    .name = "eval",
    .words = "FILE",
    .least_words = 1,
    .most_words = 1,
    .takes = SESSION | TAKES(QUERY) | TAKES(KEY) | TAKES(VALUE) | TAKES(AGAINST) | TAKES(DTYPE) | TAKES(THREADS) |
             TAKES(JSON) | CODE,
    .needs = TAKES(QUERY) | TAKES(KEY) | TAKES(VALUE),
    .summary = "say what a pattern keeps of dense attention on tensors, and the time it takes",
    .help = "Per head: recall (the share of a row's dense attention that lies in the pattern; mean and least) and the\n"
            "error of o relative to dense attention, in the Frobenius norm. Times are medians.",
    .run = command_eval};

static const command bench = {
    .name = "bench",
    .words = "FILE",
    .least_words = 1,
    .most_words = 1,
    .takes = SESSION | TAKES(LENGTHS) | TAKES(HEADS) | TAKES(HEAD_DIMS) | TAKES(THREAD_COUNTS) | TAKES(DTYPE) |
             TAKES(AGAINST) | TAKES(JSON) | TAKES(OUTPUT) | CODE,
    .needs = TAKES(LENGTHS),
    .summary = "measure a pattern beside dense attention on this machine",
    .help = "For every length, head dimension and number of threads. Times are medians of turns that are taken with\n"
            "dense attention and with multiply-adds on registers alone, the peak that no kernel can exceed. Dense\n"
            "attention that would take too long is measured at a shorter length and scaled; such times have a ~.\n"
            "-o FILE.png or FILE.svg is a picture of the times.",
    .run = command_bench};

static const command verify = {
    .name = "verify",
    .words = "FILE",
    .least_words = 1,
    .most_words = 1,
    .takes = SESSION | TAKES(LQ) | TAKES(LK) | TAKES(HEADS) | TAKES(DTYPE) | TAKES(THREADS) | TAKES(JSON) | CODE,
    .summary = "compare the plan with the oracle and the kernel with a float64 reference",
    .help =
        "Over many lengths, ragged edges, head dimensions and groups of heads, or for one --lq and --lk. Shapes that\n"
        "the pattern refuses are counted. Exits 3 at the first difference, which is shown.",
    .run = command_verify};

static const command build = {
    .name = "build",
    .words = "FILE",
    .least_words = 1,
    .most_words = 1,
    .takes = TAKES(PATTERN) | TAKES(LIBRARY) | TAKES(COLOR) | TAKES(HELP) | TAKES(OUTPUT) | TAKES(HEADER) |
             TAKES(C_NAME) | TAKES(DTYPES) | TAKES(HEAD_DIMS) | TAKES(VALUE_DIM) | TAKES(TARGETS) | TAKES(NO_CACHE),
    .needs = TAKES(OUTPUT) | TAKES(HEADER),
    .summary = "compile a pattern ahead of time, to an object file and a C header",
    .help =
        "For every type, head dimension and target; without --target, for $WEFT_TARGET or this processor. A program\n"
        "links the object file and libweft_runtime; the best kernel for its processor is taken when it asks for one,\n"
        "by the function that the header declares. All targets are of one architecture.",
    .run = command_build};

static const command why = {.name = "why",
                            .words = "FILE I J",
                            .least_words = 3,
                            .most_words = 3,
                            .takes = SESSION | TAKES(LENGTH) | TAKES(LQ) | TAKES(LK) | TAKES(HEADS) | TAKES(HEAD) |
                                     TAKES(QUERY) | TAKES(KEY) | TAKES(JSON),
                            .summary = "say which term lets query position I attend to key J, or which excludes it",
                            .run = command_why};

static const command show = {
    .name = "show",
    .words = "FILE",
    .least_words = 1,
    .most_words = 1,
    .takes = SESSION | TAKES(LENGTH) | TAKES(LQ) | TAKES(LK) | TAKES(QUERY) | TAKES(KEY) | TAKES(HEADS) | TAKES(HEAD) |
             TAKES(OUTPUT),
    .summary = "draw a pattern, its terms in colours",
    .help =
        "In the terminal, or with -o as a .png or .svg file. Heads with equal sets share a panel. A cell shows what\n"
        "share of its pairs is in the pattern; a single pair never disappears.",
    .run = command_show};

static const command stats = {.name = "stats",
                              .words = "FILE",
                              .least_words = 1,
                              .most_words = 1,
                              .takes = SESSION | TAKES(LENGTH) | TAKES(LQ) | TAKES(LK) | TAKES(QUERY) | TAKES(KEY) |
                                       TAKES(HEADS) | TAKES(HEAD_DIM) | TAKES(DTYPE) | TAKES(THREADS) | TAKES(JSON),
                              .summary = "count pairs and tiles, and say what a run will cost",
                              .run = command_stats};

static const command diff = {
    .name = "diff",
    .words = "A B",
    .least_words = 2,
    .most_words = 2,
    .takes = SESSION | TAKES(LENGTH) | TAKES(LQ) | TAKES(LK) | TAKES(QUERY) | TAKES(KEY) | TAKES(HEADS) | TAKES(HEAD) |
             TAKES(OUTPUT) | TAKES(JSON),
    .summary = "compare the pairs of two patterns, each a FILE or FILE:PATTERN",
    .help =
        "Says how many pairs B loses and gains, for each kind of head, and draws them in the terminal or with -o as\n"
        "a .png or .svg file. -p, -D, --array, --q and --k hold for both. Exits 0 when the patterns are the same, 1 "
        "when they\n"
        "differ, 2 when there is any trouble.",
    .run = command_diff};

static const command explain = {.name = "explain",
                                .words = "[CODE]",
                                .most_words = 1,
                                .takes = TAKES(HELP),
                                .summary = "say what a diagnostic means and how to mend it",
                                .run = command_explain};

static const command fmt = {
    .name = "fmt",
    .words = "FILE...",
    .least_words = 1,
    .most_words = INT_MAX,
    .takes = TAKES(CHECK) | TAKES(COLOR) | TAKES(HELP),
    .summary = "format pattern files in place",
    .help = "White space is settled; comments, and which signs stand for the operators, stay as they are. A file\n"
            "with syntax errors is left alone. - formats standard input to standard output.",
    .run = command_fmt};

static const command doctor = {.name = "doctor",
                               .words = "",
                               .takes = TAKES(JSON) | TAKES(THREADS) | TAKES(NO_CACHE) | TAKES(HELP),
                               .summary = "say what this build and this machine can do",
                               .run = command_doctor};

static const command help = {.name = "help",
                             .words = "[COMMAND]",
                             .most_words = 1,
                             .takes = TAKES(HELP),
                             .summary = "say what the tool, or a command, does",
                             .run = command_help};

const command *const commands[] = {&check, &show,  &stats,  &mask,  &export, &import,  &why,    &diff, &ir, &run,
                                   &eval,  &bench, &verify, &build, &fmt,    &explain, &doctor, &help, NULL};

const command *find_command(const char *name) {
    const char *names[sizeof commands / sizeof *commands];
    size_t count = 0;
    for (; commands[count]; count++) {
        if (!strcmp(commands[count]->name, name)) return commands[count];
        names[count] = commands[count]->name;
    }
    const char *close = closest(name, names, count);
    if (close) {
        complain("there is no command \"%s\"; did you mean %s?", name, close);
    } else {
        complain("there is no command \"%s\"; see weft --help", name);
    }
    return NULL;
}

static int run_command(const char *name, int count, char **arguments) {
    const command *c = find_command(name);
    options given;
    if (!c) return EXIT_USAGE;
    int code = EXIT_USAGE;
    if (options_parse(&given, c, count, arguments)) {
        code = EXIT_FINE;
        if (given.help) {
            describe_command(c, stdout);
        } else {
            code = c->run(&given);
        }
    }
    progress_end();
    options_free(&given);
    return code;
}

/* Results that did not arrive are no results. */
static int finish(int code) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return code;
    complain("standard output: %s", strerror(errno));
    return code == EXIT_FINE ? EXIT_WRONG : code;
}

int main(int count, char **arguments) {
    interrupts_catch();
    if (count < 2) {
        complain("a command is missing; see weft --help");
        return EXIT_USAGE;
    }
    const char *name = arguments[1];
    if (!strcmp(name, "--version")) {
        printf("weft %s\n", weft_version());
        return finish(EXIT_FINE);
    }
    if (!strcmp(name, "--help") || !strcmp(name, "-h")) name = "help";
    return finish(run_command(name, count - 2, arguments + 2));
}
