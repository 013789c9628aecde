/* weft/runtime.h: plan and run compiled sparse attention. This header is the whole contract of libweft_runtime:
 * tensors, kernels, plans, runs. It knows no compiler types; <weft/weft.h> adds those.
 *
 * Words: B batch elements, H query heads, KV heads (KV_H divides H; head h reads KV head h / (H / KV_H)), Lq queries,
 * Lk keys, D head dimension of q and k, Dv of v and o. Query row r has position i = r + (Lk - Lq).
 *
 * A struct whose first field is `size` grows at its end. Set it to the sizeof that you were compiled with: what an
 * older host does not know is taken as 0 or is not written, and what a newer one adds is left alone.
 *
 * Every function returns a status and never prints, exits or aborts. After a failure the handle that was passed holds
 * the diagnostics (weft_*_message), and *out is NULL. Pointers that a function fills are owned by the caller and
 * released by the matching _destroy, which accepts NULL. Where a failure leaves no handle, config.log is told why.
 *
 * Threads: what takes a const handle may be called from any number of threads at once, also on one handle; what takes
 * another one (_destroy, weft_plan_choose) must be the only call on it. The message of a shared handle is that of the
 * last failure in any thread. */
#ifndef WEFT_RUNTIME_H
#define WEFT_RUNTIME_H

#include <dlpack/dlpack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_VERSION_MAJOR 0
#define WEFT_VERSION_MINOR 1
#define WEFT_VERSION_PATCH 0
#define WEFT_VERSION_TEXT "0.1.0"
#define WEFT_VERSION_AT_LEAST(major, minor, patch)                                                                     \
    (WEFT_VERSION_MAJOR > (major) ||                                                                                   \
     (WEFT_VERSION_MAJOR == (major) &&                                                                                 \
      (WEFT_VERSION_MINOR > (minor) || (WEFT_VERSION_MINOR == (minor) && WEFT_VERSION_PATCH >= (patch)))))

#if defined(__GNUC__)
#define WEFT_API __attribute__((visibility("default")))
#else
#define WEFT_API
#endif

/* ---- status ------------------------------------------------------------------------------------------------- */

typedef enum weft_status {
    WEFT_OK = 0,
    WEFT_INVALID_PATTERN,  /* the text of a pattern, or what it means for this shape, is wrong */
    WEFT_INVALID_ARGUMENT, /* a parameter, array, tensor or option is wrong */
    WEFT_UNSUPPORTED,      /* right, but this build cannot do it */
    WEFT_OUT_OF_MEMORY,
    WEFT_IO_ERROR,  /* a file cannot be read or written */
    WEFT_CANCELLED, /* the cancel hook said stop; outputs are unspecified */
    WEFT_INTERNAL   /* a bug of ours; please report it */
} weft_status;

/* A short lower-case phrase such as "invalid pattern"; never NULL. Thread-safe. */
WEFT_API const char *weft_status_name(weft_status status);

/* The version of the library that is loaded, "0.1.0". Thread-safe. */
WEFT_API const char *weft_version(void);

/* ---- hooks -------------------------------------------------------------------------------------------------- */

/* Allocates (block NULL), resizes, or frees (new_size 0) memory aligned as malloc's. Returns NULL when it cannot, and
 * then the old block stays valid. Must be thread-safe. */
typedef void *weft_resize_hook(void *user, void *block, size_t old_size, size_t new_size);

/* Calls task(task_user, index) once for every index in [0, count), in any order, on any threads, and returns when all
 * have returned. May be called from several threads at once. */
typedef void weft_parallel_for_hook(void *user, size_t count, void (*task)(void *task_user, size_t index),
                                    void *task_user);

/* Polled between items of a run, from any thread; true stops the run. */
typedef bool weft_cancel_hook(void *user);

/* One line of text, without a newline, about something slow or unexpected that is not an error. Must be thread-safe. */
typedef void weft_log_hook(void *user, const char *line);

/* Who is told of kernels, with their names and the line of the pattern file: gdb and lldb through their JIT interface,
 * which the library must keep its symbol table for; perf through /tmp/perf-PID.map. */
typedef enum weft_debug { WEFT_DEBUG_GDB = 1, WEFT_DEBUG_PERF = 2 } weft_debug;

/* How to run. Zero-initialise, set `size` to sizeof(weft_config), and change what matters; NULL hooks mean the defaults
 * (malloc, a pthreadpool, never cancelled, silent). */
typedef struct weft_config {
    size_t size;
    weft_resize_hook *resize;
    void *resize_user;
    weft_parallel_for_hook *parallel_for;
    void *parallel_for_user;
    weft_cancel_hook *cancel;
    void *cancel_user;
    weft_log_hook *log;
    void *log_user;
    uint32_t threads; /* threads a run may use at once; 0: one a core. With parallel_for: the count it is called with */
    /* A folder where the compiler keeps the kernels that it made, for itself and other processes of this user; NULL:
     * none. It is made when first needed; copied. Of no meaning to kernels from images. */
    const char *cache_path;
    uint64_t cache_limit; /* bytes that the folder may hold, what was used longest ago going first; 0: 64 MiB */
    uint32_t debug;       /* weft_debug flags; 0: nobody is told */
} weft_config;

/* ---- kernels ------------------------------------------------------------------------------------------------ */

/* The type of the elements of q, k, v and o: float32, bfloat16 (DLPack's kDLBfloat of 16 bits), or IEEE's float16
 * (<weft/half.h> converts). Products are summed, and scores and weights kept, in float32. Where a processor multiplies
 * bfloat16 as it is (vdpbf16ps, AMX), weights are rounded to it first, powers are good to 1e-4, so lse is as well, and
 * subnormal elements count as 0. */
typedef enum weft_dtype { WEFT_F32 = 0, WEFT_BF16, WEFT_F16 } weft_dtype;

typedef struct weft_kernel weft_kernel; /* immutable; may be shared between threads */
typedef struct weft_plan weft_plan;     /* immutable; may be shared between threads */

/* A compiled pattern as bytes. Checked when it is loaded. */
typedef struct weft_image {
    const void *data;
    size_t size;
} weft_image;

/* Makes a kernel from an image, without the compiler. config may be NULL; it is copied. The image's bytes are copied.
 * WEFT_INVALID_ARGUMENT: damaged, of another version, or for another processor. */
WEFT_API weft_status weft_kernel_from_image(const weft_image *image, const weft_config *config, weft_kernel **out);

/* Makes a kernel from what `weft build` put into a program: a bundle of images of one pattern, each for one instruction
 * set, type of elements and pair of head dimensions (value_dim 0: head_dim). Of those that fit, the best one that this
 * processor can run is taken. Its code runs where it lies and nothing is copied: the bundle must be in executable
 * memory, at a multiple of 64 bytes, and stay there while kernels and plans of it live. The header that `weft build`
 * writes declares a function that calls this one. WEFT_INVALID_ARGUMENT: damaged, or of another version.
 * WEFT_UNSUPPORTED: no image fits, or this processor can run none of those. */
WEFT_API weft_status weft_kernel_from_bundle(const void *bundle, size_t size, weft_dtype dtype, int64_t head_dim,
                                             int64_t value_dim, const weft_config *config, weft_kernel **out);

/* The kernel as an image; its bytes live as long as the kernel. */
WEFT_API weft_image weft_kernel_image(const weft_kernel *kernel);

/* What a kernel is. `size` is sizeof(weft_kernel_info). Strings live as long as the kernel. */
typedef struct weft_kernel_info {
    size_t size;
    const char *pattern;
    const char *target; /* the instruction set that its code needs, "x86-64-v4"; "none": no code, plans are looked at */
    weft_dtype dtype;
    int64_t head_dim, value_dim;   /* 0 without code */
    int64_t code_size, image_size; /* bytes */
    int64_t tile_rows, strip_rows; /* query rows of an item, and of a short one */
    int64_t tile_keys;             /* keys of a tile */
} weft_kernel_info;
WEFT_API weft_status weft_kernel_describe(const weft_kernel *kernel, weft_kernel_info *info);

/* Releases the caller's reference; plans made from the kernel keep what they need. */
WEFT_API void weft_kernel_destroy(weft_kernel *kernel);

/* The diagnostics of the last failure on this kernel (by any thread), rendered as text with source lines and carets.
 * Copies at most size - 1 bytes and a NUL, as snprintf; returns the length of the whole. */
WEFT_API size_t weft_kernel_message(const weft_kernel *kernel, char *buffer, size_t size);

/* ---- plans -------------------------------------------------------------------------------------------------- */

/* The shape of the tensors of a run. `size` is sizeof(weft_shape). batch, heads and kv_heads default to 1, 1 and heads
 * when 0. head_dim and value_dim may be 0 in a plan that is only looked at (masks), never run. */
typedef struct weft_shape {
    size_t size;
    int64_t batch;
    int64_t heads;
    int64_t kv_heads;
    int64_t queries; /* Lq >= 1 */
    int64_t keys;    /* Lk >= 1 */
    int64_t head_dim;
    int64_t value_dim;
} weft_shape;

typedef enum weft_binding_kind { WEFT_BIND_INT, WEFT_BIND_FLOAT, WEFT_BIND_BOOL, WEFT_BIND_ARRAY } weft_binding_kind;

/* A value for a parameter of the pattern. Arrays are CPU tensors of any strides whose memory must stay valid and
 * unchanged while the plan lives, or, bound to a run, until it returns (LANGUAGE.md section 1 says which element types
 * each parameter type takes). Numbers and the arrays that decide pairs are bound when the plan is made. `keys`,
 * `per_head` and the tables that only `bias` reads may be bound there, as defaults, or in weft_tensors. */
typedef struct weft_binding {
    const char *name;
    weft_binding_kind kind;
    union {
        int64_t integer;
        double real;
        bool truth;
        const DLTensor *array;
    } value;
} weft_binding;

/* Works out which tiles each head visits. Time and memory grow with the non-empty tiles, not with Lq * Lk.
 * bindings may be NULL when count is 0. On failure weft_kernel_message(kernel) says why. Thread-safe. */
WEFT_API weft_status weft_plan_create(const weft_kernel *kernel, const weft_shape *shape, const weft_binding *bindings,
                                      size_t count, weft_plan **out);
WEFT_API void weft_plan_destroy(weft_plan *plan);

/* Bytes that weft_run needs as workspace; depends on the shape, the parameters and config.threads only. */
WEFT_API size_t weft_plan_workspace(const weft_plan *plan);

/* What a plan holds; figures are sums over the batch and all heads. Of keys that come with a run those are counted that
 * the plan was given. `size` is sizeof(weft_plan_info). */
typedef struct weft_plan_info {
    size_t size;
    double pairs;           /* allowed pairs */
    double computed_pairs;  /* pairs of tiles, allowed or masked (kernels skip some of these), and pairs of lists */
    int64_t full_tiles;     /* 64-key steps that need no mask */
    int64_t partial_tiles;  /* those that do */
    int64_t layouts;        /* distinct (head, batch element) layouts */
    int64_t items;          /* units of work that threads claim */
    int64_t bit_tiles;      /* distinct 64 x 64 masks kept */
    int64_t bytes;          /* memory the plan holds */
    int64_t span_calls;     /* set evaluations that planning took: the cost of the plan */
    int64_t contains_calls; /* pairs asked one by one */
    double seconds;         /* wall time that planning took */
    double density;         /* pairs as a share of all B * H * Lq * Lk */
    double rest_pairs;      /* features of all queries and keys, where pairs are approximated: each costs what a pair
                               does */
} weft_plan_info;
WEFT_API weft_status weft_plan_describe(const weft_plan *plan, weft_plan_info *info);

typedef enum weft_mask_source {
    WEFT_MASK_ORACLE, /* from the definition of the set, pair by pair */
    WEFT_MASK_PLAN    /* from the tiles and lists that a run visits */
} weft_mask_source;

/* Fills mask[r * Lk + j] with 1 where head `head` of batch element `batch` lets query row r attend to key j, else 0.
 * mask holds Lq * Lk bytes. Keys that come with a run are those that the plan was given, and q and k those that it was
 * shown (weft_plan_choose); where there are none there is no mask (E0401), and nothing of what follows here. */
WEFT_API weft_status weft_plan_mask(const weft_plan *plan, int64_t batch, int64_t head, weft_mask_source source,
                                    uint8_t *mask);

/* Explains one pair of positions as text: which term admits it or which excludes it, with the place in the file.
 * i is a position (not a row). Returns the length as snprintf does; 0 where head, i or j are out of range. *allowed
 * says whether the pair is in the set. */
WEFT_API size_t weft_plan_explain(const weft_plan *plan, int64_t batch, int64_t head, int64_t i, int64_t j,
                                  bool *allowed, char *buffer, size_t size);

/* ---- looking at plans --------------------------------------------------------------------------------------------
 *
 * What a plan's sets are, without a mask of Lq * Lk bytes. All of these are thread-safe. */

/* The values of the pattern's parameters, defaults included, as text: "w=256, g=1, doc=[4096]", arrays by their shapes.
 * As snprintf; 0 where there are none. */
WEFT_API size_t weft_plan_parameters(const weft_plan *plan, char *buffer, size_t size);

enum {
    WEFT_ALL_TERMS = -1, /* the whole set */
    WEFT_MOST_TERMS = 16 /* of a set with more, the last one stands for all that are left */
};

/* Where a term was written. `size` is sizeof(weft_term_place). */
typedef struct weft_term_place {
    size_t size;
    const char *file;      /* NULL where there is no place, as for the last of many; else lives as long as the plan */
    uint32_t line, column; /* from 1, in code points */
} weft_term_place;

/* The terms of a head's set are the operands of the unions at its top as they are written, seen through what clips
 * them: in `(a | b) & causal` they are a and b, each within causal. At least 1; 0 where there is no such head, or no
 * memory. */
WEFT_API int64_t weft_plan_term_count(const weft_plan *plan, int64_t batch, int64_t head);

/* The text of one term, on one line, as snprintf; 0 where there is none. place may be NULL. */
WEFT_API size_t weft_plan_term(const weft_plan *plan, int64_t batch, int64_t head, int64_t term, weft_term_place *place,
                               char *text, size_t size);

/* The set as a grid of rows x columns cells, 1 <= rows <= Lq, 1 <= columns <= Lk. Cell (r, c) holds the query rows from
 * floor(r * Lq / rows) to before floor((r + 1) * Lq / rows) and the keys likewise, and share[r * columns + c] becomes
 * the share of its pairs that are in the term, or in the set. Pairs are counted exactly: the share is above 0 when a
 * single one is, and 1 only when all are. Time grows with the non-empty tiles and the cells, memory (beside share) with
 * the columns. */
WEFT_API weft_status weft_plan_coverage(const weft_plan *plan, int64_t batch, int64_t head, int64_t term, int64_t rows,
                                        int64_t columns, float *share);

/* Keys [begin, end). */
typedef struct weft_key_range {
    int64_t begin, end;
} weft_key_range;

/* Is told the keys of query row `row`: sorted ranges that neither overlap nor touch, valid during the call. False stops
 * the visit. */
typedef bool weft_row_hook(void *user, int64_t row, const weft_key_range *keys, size_t count);

/* Visits count query rows, those listed or, where rows is NULL, the first ones. WEFT_CANCELLED when the hook stopped
 * it.
 */
WEFT_API weft_status weft_plan_rows(const weft_plan *plan, int64_t batch, int64_t head, const int64_t *rows,
                                    size_t count, weft_row_hook *visit, void *user);

/* What a run does for one head. `size` is sizeof(weft_plan_work). A cost is in pairs that the 64-row kernel would
 * compute in the time. */
typedef struct weft_plan_work {
    size_t size;
    int64_t same_as; /* the first batch * H + head with an equal set */
    double pairs;    /* as in weft_plan_info */
    double computed_pairs;
    int64_t full_tiles;
    int64_t partial_tiles;
    int64_t items;
    double cost;          /* of all items */
    double heaviest;      /* of the dearest one: no run is faster, however many threads it has */
    int64_t rows_read;    /* rows of q that items read, those that several read counted as often */
    int64_t keys_read;    /* rows of k, and as many of v */
    int64_t rows_written; /* rows of o */
} weft_plan_work;
WEFT_API weft_status weft_plan_head(const weft_plan *plan, int64_t batch, int64_t head, weft_plan_work *work);

/* The inputs of the model by which plans choose among ways that give the same result, in the unit of such costs. False
 * when there is no input number n. The strings are static. */
typedef struct weft_cost {
    const char *name, *meaning;
    double value;
} weft_cost;
WEFT_API bool weft_cost_input(size_t n, weft_cost *out);

/* ---- running ------------------------------------------------------------------------------------------------ */

/* q [B, H, Lq, D], k [B, KV_H, Lk, D], v [B, KV_H, Lk, Dv], o [B, H, Lq, Dv], lse [B, H, Lq] (may be NULL): CPU
 * tensors, strides in elements, strides NULL for compact row-major. With B = 1 the first dimension may be missing. q,
 * k, v and o have the kernel's dtype, lse is float32 (natural logarithm of the softmax denominator, -inf for an empty
 * row). Where the pattern says shared_qk, k is not looked at and may be NULL: keys are made of q, in its type. Elements
 * of o are rounded to nearest, ties to even; NaN stays NaN. Rows that several passes or parts of the keys make up are
 * rounded once a pass. o and lse must not overlap anything else. `size` is sizeof(weft_tensors).
 *
 * bindings (may be NULL when binding_count is 0) are arrays for this run: parameters of type keys and per_head, and
 * tables that only `bias` reads. They replace what the plan was given; what neither has is an error (E0401).
 *
 * recomputed_rows (may be NULL) is where a run leaves how many query rows, over the batch and all heads, it made again
 * pair by pair, because their approximated pairs (LANGUAGE.md section 4) could not be summed up to float32's accuracy.
 */
typedef struct weft_tensors {
    size_t size;
    const DLTensor *q, *k, *v;
    const DLTensor *o, *lse;
    const weft_binding *bindings;
    size_t binding_count;
    int64_t *recomputed_rows;
} weft_tensors;

/* o_i = sum_j exp(s_ij) v_j / sum_j exp(s_ij) over the keys j of row i, s_ij = scale (q_i . k_j), by online softmax
 * (Milakov and Gimelshein 2018; Dao et al. 2022), tile by tile, or key by key where a row's keys are listed. workspace
 * has weft_plan_workspace bytes, any alignment, and is used by one run at a time; with NULL the run allocates it. The
 * result does not depend on the number of threads, to the bit. One plan may be run by several threads at once, each
 * with its own workspace and outputs. */
WEFT_API weft_status weft_run(const weft_plan *plan, const weft_tensors *tensors, void *workspace);

/* The same in float64, pair by pair from the definition of the set: slow, simple, the judge of weft_run. q, k, v as
 * above, of any one weft_dtype, whatever the kernel's; out_o [B, H, Lq, Dv] and out_lse [B, H, Lq] (may be NULL) are
 * compact. */
WEFT_API weft_status weft_reference(const weft_plan *plan, const weft_tensors *tensors, double *out_o, double *out_lse);

/* Shows a plan q and k, so that masks, terms, rows and figures of sets that depend on them are about these: makes the
 * choices that a run with them makes, and keeps those in the plan in place of earlier ones. Of the tensors only q and k
 * are read, of any one weft_dtype; they count as rounded to the kernel's. Runs choose anew, whatever was shown. Not
 * while another thread uses the plan. */
WEFT_API weft_status weft_plan_choose(weft_plan *plan, const weft_tensors *tensors);

/* What an atom that depends on q and k chose for one head. `size` is sizeof(weft_choices). Arrays that the atom does
 * not have are NULL; the others live until the plan is shown something else. */
typedef struct weft_choices {
    size_t size;
    const char *atom;      /* "lsh", "topk" or "vertical_slash" */
    uint32_t line, column; /* where it was written, from 1; 0: not known */
    bool chunked;          /* lsh: buckets are numbers of chunks */
    int64_t rounds;
    const uint32_t *row_buckets, *key_buckets; /* lsh: [rounds, Lq], [rounds, Lk] */
    int64_t blocks_a_row;
    const uint32_t *blocks; /* topk: [Lq, blocks_a_row], ascending, then UINT32_MAX */
    int64_t column_count, diagonal_count;
    const uint32_t *columns, *diagonals; /* vertical_slash: keys, and distances i - j, ascending */
    const uint32_t *hashes;              /* lsh with chunks: [rounds, Lk], the buckets that chunks were cut from */
    int64_t choices;                     /* topk: blocks that there are; lsh: buckets a round */
    double flops;                        /* that choosing takes for this head, its keys' part included */
} weft_choices;
/* How many such atoms the head's set has, in the order of the file; 0 where the plan was shown nothing. Thread-safe. */
WEFT_API int64_t weft_plan_choice_count(const weft_plan *plan, int64_t batch, int64_t head);
/* Fills in one of them. WEFT_INVALID_ARGUMENT: there is no such one. Thread-safe. */
WEFT_API weft_status weft_plan_choices(const weft_plan *plan, int64_t batch, int64_t head, int64_t n,
                                       weft_choices *choices);

/* The diagnostics of the last failure of a run of this plan; as weft_kernel_message. */
WEFT_API size_t weft_plan_message(const weft_plan *plan, char *buffer, size_t size);

#ifdef __cplusplus
}
#endif
#endif
