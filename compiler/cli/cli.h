/* What the commands share: exit codes, messages, outputs, and a session, which is everything from an opened file to a
 * plan. */
#ifndef WEFT_CLI_CLI_H
#define WEFT_CLI_CLI_H

#include <weft/weft.h>

#include "npy.h"
#include "options.h"

#if defined(__GNUC__)
#define CLI_PRINTF(at, first) __attribute__((format(printf, at, first)))
#else
#define CLI_PRINTF(at, first)
#endif

enum {
    EXIT_FINE = 0,
    EXIT_WRONG = 1, /* the pattern or the data is wrong, or the build cannot do it */
    EXIT_USAGE = 2,
    EXIT_MISMATCH = 3, /* a verification failed */
    EXIT_BUG = 70,     /* ours */
    EXIT_INTERRUPTED = 130
};

/* ---- messages (message.c): all on stderr -------------------------------------------------------------------- */

/* One line, after "weft: ". */
void complain(const char *format, ...) CLI_PRINTF(1, 2);
/* Says what a status means where the library gave no diagnostics, and turns it into an exit code. */
int exit_code(weft_status status);
/* The candidate that was probably meant, or NULL. */
const char *closest(const char *name, const char *const *candidates, size_t count);
/* Should what goes to a descriptor be coloured? `choice` is --color's. */
bool use_color(int choice, int descriptor);
/* "label: 40 %" on a terminal, from the second second on; erased by progress_end. */
void progress(const char *label, double done, double total);
void progress_end(void);

/* ---- interrupts (interrupt.c) ------------------------------------------------------------------------------- */

/* The first SIGINT or SIGTERM asks to stop, so that temporary files are removed; the second one kills. */
void interrupts_catch(void);
bool interrupted(void);

/* ---- the environment (environment.c) ------------------------------------------------------------------------ */

/* Where kernels are kept, for the caller to free: $WEFT_CACHE, else the user's cache folder. NULL: nowhere, since there
 * is none, or it is empty, or --no-cache was given. */
char *cache_folder(const options *given);
/* What $WEFT_DEBUG names, "gdb", "perf" or both: weft_debug flags. */
uint32_t debug_wanted(void);
/* --target, else $WEFT_TARGET; NULL: this machine. */
const char *target_of(const options *given);
/* Where the patterns are that come with the tool, for the caller to free; NULL when it cannot be told. */
char *pattern_folder(void);

/* ---- files (file.c) ----------------------------------------------------------------------------------------- */

/* An output file that appears whole or not at all: it is written beside its place and moved there. Devices, pipes and
 * "-" (standard output) are written directly. */
typedef struct output_file {
    FILE *stream;
    char *path, *temporary; /* temporary NULL: written directly */
} output_file;
/* All say on stderr what went wrong. output_discard may follow any of them; output_commit reports failed writes too. */
bool output_open(output_file *out, const char *path);
bool output_commit(output_file *out);
void output_discard(output_file *out);

/* All of a stream, or its first 64 MiB, as malloc'ed bytes; NULL with a complaint. */
char *read_all(FILE *stream, const char *name, size_t *size);
/* One .npy file; false with a complaint. */
bool read_npy(const char *path, npy_array *out);

/* ---- JSON (json.c) ------------------------------------------------------------------------------------------ */

/* A string with its quotes, or null. */
void json_string(FILE *out, const char *text);
/* A number; null where JSON has none (infinite, NaN). */
void json_number(FILE *out, double value);

/* ---- attention tensors (inputs.c) --------------------------------------------------------------------------- */

/* A tensor [B, H, L, D] that was read or that a run writes. */
typedef struct tensor {
    void *data;
    weft_dtype dtype;
    int dims; /* of the file: 3 or 4 */
    int64_t shape[4];
    DLTensor view;
} tensor;
/* Reads a .npy file of floats, [H, L, D] or [B, H, L, D], and rounds it; the view is always [B, H, L, D]. */
bool tensor_read(tensor *out, const char *option, const char *path, weft_dtype dtype);
/* Allocates; false with a complaint. */
bool tensor_make(tensor *out, int dims, const int64_t *shape, weft_dtype dtype);
size_t tensor_count(const tensor *t);
double tensor_at(const tensor *t, size_t n);
void tensor_free(tensor *t);
/* Checks q against k and, where it was given, v, and fills the shape; false with a complaint. */
bool tensors_shape(const tensor *q, const tensor *k, const tensor *v, weft_shape *out);

/* ---- sessions (session.c) ----------------------------------------------------------------------------------- */

/* From a file to a plan. Zero-initialise; functions return an exit code and have said what is wrong when it is not
 * EXIT_FINE. */
typedef struct session {
    const options *given;
    weft_context *context;
    weft_module *module;
    const char *pattern;
    weft_kernel *kernel;
    weft_plan *plan;
    weft_binding *bindings;
    size_t binding_count;
    npy_array *arrays; /* those that bindings refer to */
    DLTensor *tensors;
    size_t array_count;
    tensor q, k; /* what plans are shown; without data where nothing was read */
} session;

/* Opens the file (words[0], if there is one; "-" is standard input) and, unless `quiet`, says what keeps it from being
 * opened; warnings are left to session_explain. */
int session_open(session *s, const options *given, bool quiet);
/* Chooses the pattern: -p, or the only one (else EXIT_USAGE). */
int session_choose(session *s);
/* Reads -D and --array. */
int session_bind(session *s);
/* Compiles the pattern; the old kernel, if any, is let go. */
int session_compile(session *s, const weft_kernel_options *wanted);
/* Reads --q and --k, if they were given, for plans to be shown, and fills in their shape. */
int session_read(session *s, weft_shape *shape);
/* Makes a plan, and shows it q and k; the old one, if any, is let go. With `quiet` a refusal is not described. */
int session_plan(session *s, const weft_shape *shape, bool quiet);
/* The same with other bindings than the session's. */
int session_plan_with(session *s, const weft_shape *shape, const weft_binding *bindings, size_t count, bool quiet);
/* The lengths of --n, or of --lq and --lk; false with a complaint. */
bool session_lengths(const options *given, weft_shape *shape);
/* The same, or those of --q and --k, which session_read then fills in. */
bool session_lengths_or_tensors(const options *given, weft_shape *shape);
/* Opens, chooses, binds and compiles, without code. */
int session_prepare(session *s, const options *given);
/* All of that and a plan to look at, of the lengths or tensors that were given; which pairs it has must be known. */
int session_look(session *s, const options *given, weft_shape *shape);
/* Shows the plan q and k, so that masks and figures are about them. */
int session_show(const session *s, const tensor *q, const tensor *k);
/* Does the plan know which pairs it has, or do they depend on what was not given? */
bool session_knows_pairs(const session *s);
/* The same with a complaint. */
int session_check_pairs(const session *s);
/* Dense attention, causal or all pairs, as a pattern of its own. */
int session_plan_dense(const session *s, bool causal, const weft_kernel_options *wanted, const weft_shape *shape,
                       weft_plan **out);
/* --heads, else as many as the pattern names, else 1. */
int64_t session_heads(const session *s);
/* The library's words about the last load or compilation, failed plan, failed run, on stderr. */
void session_explain(const session *s);
void session_explain_plan(const session *s);
void session_explain_run(const session *s);
void session_close(session *s);

/* ---- arrays made up (invent.c) ------------------------------------------------------------------------------ */

typedef struct invented_array {
    int64_t length;
    float *data;
    DLTensor view;
} invented_array;

/* The session's bindings, and one for each per_head or table parameter that has none. Zero-initialise. */
typedef struct invention {
    weft_binding *bindings;
    size_t binding_count;
    invented_array *arrays;
    size_t array_count;
} invention;
/* For that many heads; what was made before is let go. False when memory fails. */
bool invention_make(invention *out, const session *s, int64_t heads);
void invention_free(invention *it);

/* ---- choices (choices.c) ------------------------------------------------------------------------------------- */

/* Writes what a plan that was shown q and k chose, and commits. An exit code. */
int write_choices(const session *s, const weft_shape *shape, output_file *out);

/* ---- masks (mask.c) ------------------------------------------------------------------------------------------ */

/* Room for one head's mask; NULL with a complaint. */
uint8_t *mask_room(const weft_shape *shape);
/* The boolean masks of all heads, or of --head, one after the other in the room, as a .npy file. An exit code. */
int write_masks(const session *s, const weft_shape *shape, uint8_t *room, FILE *out);

/* ---- commands ----------------------------------------------------------------------------------------------- */

int command_check(const options *given);
int command_mask(const options *given);
int command_export(const options *given);
int command_import(const options *given);
int command_ir(const options *given);
int command_run(const options *given);
int command_eval(const options *given);
int command_bench(const options *given);
int command_verify(const options *given);
int command_build(const options *given);
int command_why(const options *given);
int command_show(const options *given);
int command_stats(const options *given);
int command_diff(const options *given);
int command_explain(const options *given);
int command_fmt(const options *given);
int command_doctor(const options *given);
int command_help(const options *given);

extern const command *const commands[]; /* ends in NULL */
const command *find_command(const char *name);
void describe_command(const command *c, FILE *out);

#endif
