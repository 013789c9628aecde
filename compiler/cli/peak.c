#include "peak.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

/* ---- rounds ------------------------------------------------------------------------------------------------- */

/* Chains of sums that do not depend on each other, more of them than multiply-adds are under way at once. What is added
 * is small and not 0, so that sums stay ordinary numbers. */
#if defined(__x86_64__)

#define EACH_CHAIN(X) X("0") X("1") X("2") X("3") X("4") X("5") X("6") X("7") X("8") X("9") X("10") X("11")
enum { CHAINS = 12 };
#define CLEAR(chain) "vxorps %%xmm" chain ", %%xmm" chain ", %%xmm" chain "\n"
#define SUMS "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11"

#define WORK(kind, type, load, step)                                                                                   \
    static void work_##kind(long rounds) {                                                                             \
        static const type factors[2] = {FACTORS_##type};                                                               \
        __asm__ volatile(load("%1", "14") load("%2", "15")                                                             \
                             EACH_CHAIN(CLEAR) "1:\n" EACH_CHAIN(step) "dec %0\njnz 1b\nvzeroupper\n"                  \
                         : "+r"(rounds)                                                                                \
                         : "m"(factors[0]), "m"(factors[1])                                                            \
                         : SUMS, "xmm14", "xmm15", "cc");                                                              \
    }
#define FACTORS_float 1.0f, 1e-6f
#define FACTORS_uint32_t 0x3f803f80u, 0x35863586u /* the same in bfloat16, twice */
#define LOAD_XMM(from, to) "vbroadcastss " from ", %%xmm" to "\n"
#define LOAD_YMM(from, to) "vbroadcastss " from ", %%ymm" to "\n"
#define LOAD_ZMM(from, to) "vbroadcastss " from ", %%zmm" to "\n"
#define STEP_XMM(chain) "vfmadd231ps %%xmm14, %%xmm15, %%xmm" chain "\n"
#define STEP_YMM(chain) "vfmadd231ps %%ymm14, %%ymm15, %%ymm" chain "\n"
#define STEP_ZMM(chain) "vfmadd231ps %%zmm14, %%zmm15, %%zmm" chain "\n"
#define STEP_DOT(chain) "vdpbf16ps %%zmm14, %%zmm15, %%zmm" chain "\n"
WORK(xmm, float, LOAD_XMM, STEP_XMM)
WORK(ymm, float, LOAD_YMM, STEP_YMM)
WORK(zmm, float, LOAD_ZMM, STEP_ZMM)
WORK(dot, uint32_t, LOAD_ZMM, STEP_DOT)

/* Four sums of 16 x 16, twice a round, on tiles of 0: their speed does not depend on what is multiplied. */
enum { TILE_STEPS = 8, TILE_FLOPS = 2 * 16 * 16 * 32 };
#define TILE_STEP(sum, a, b) "tdpbf16ps %%tmm" b ", %%tmm" a ", %%tmm" sum "\n"
#define TILE_SUMS TILE_STEP("0", "4", "6") TILE_STEP("1", "4", "7") TILE_STEP("2", "5", "6") TILE_STEP("3", "5", "7")
#define TILE_CLEAR(tile) "tilezero %%tmm" tile "\n"
static void work_tiles(long rounds) {
    static const struct {
        uint8_t palette, rest[15];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } shapes = {1, {0}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};
    __asm__ volatile("ldtilecfg %1\n" TILE_CLEAR("0") TILE_CLEAR("1") TILE_CLEAR("2") TILE_CLEAR("3") TILE_CLEAR("4")
                         TILE_CLEAR("5") TILE_CLEAR("6") TILE_CLEAR("7") "1:\n" TILE_SUMS TILE_SUMS
                                                                         "dec %0\njnz 1b\ntilerelease\n"
                     : "+r"(rounds)
                     : "m"(shapes)
                     : "cc");
}

/* Linux lends tile registers (state 18) to processes that ask for them (ARCH_REQ_XCOMP_PERM). */
static bool has_tiles(void) {
    enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18, AMX_BF16 = 1 << 22, AMX_TILE = 1 << 24 };
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & AMX_BF16) && (d & AMX_TILE) &&
           syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}

static bool has_fma(void) { return __builtin_cpu_supports("avx") && __builtin_cpu_supports("fma"); }
static bool has_avx512(void) { return __builtin_cpu_supports("avx512f"); }
static bool has_dot(void) { return has_avx512() && __builtin_cpu_supports("avx512bf16"); }

static const peak_level levels[] = {
    {"amx tdpbf16ps", WEFT_BF16, (double)TILE_STEPS *TILE_FLOPS, has_tiles, work_tiles},
    {"zmm vdpbf16ps", WEFT_BF16, 4.0 * 16 * CHAINS, has_dot, work_dot},
    {"zmm", WEFT_F32, 2.0 * 16 * CHAINS, has_avx512, work_zmm},
    {"ymm", WEFT_F32, 2.0 * 8 * CHAINS, has_fma, work_ymm},
    {"xmm", WEFT_F32, 2.0 * 4 * CHAINS, has_fma, work_xmm},
    {.name = NULL},
};

#elif defined(__aarch64__)

#define FOUR_CHAINS(X, a, b, c, d) X(a) X(b) X(c) X(d)
#define EACH_CHAIN(X)                                                                                                  \
    FOUR_CHAINS(X, "0", "1", "2", "3")                                                                                 \
    FOUR_CHAINS(X, "4", "5", "6", "7")                                                                                 \
    FOUR_CHAINS(X, "16", "17", "18", "19")                                                                             \
    FOUR_CHAINS(X, "20", "21", "22", "23") FOUR_CHAINS(X, "24", "25", "26", "27")
enum { CHAINS = 20 };
#define CLEAR(chain) "movi v" chain ".4s, #0\n"
#define STEP(chain) "fmla v" chain ".4s, v28.4s, v29.4s\n"

static void work_neon(long rounds) {
    static const float factors[2] = {1.0f, 1e-6f};
    const float *second = &factors[1];
    __asm__ volatile("ld1r {v28.4s}, [%1]\nld1r {v29.4s}, [%2]\n" EACH_CHAIN(CLEAR) "1:\n" EACH_CHAIN(
                         STEP) "subs %0, %0, #1\nb.ne 1b\n"
                     : "+r"(rounds)
                     : "r"(factors), "r"(second)
                     : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17", "v18", "v19", "v20", "v21", "v22",
                       "v23", "v24", "v25", "v26", "v27", "v28", "v29", "cc", "memory");
}
static bool always(void) { return true; }

static const peak_level levels[] = {{"neon", WEFT_F32, 2.0 * 4 * CHAINS, always, work_neon}, {.name = NULL}};

#else
static const peak_level levels[] = {{.name = NULL}};
#endif

static const peak_level *nth(weft_dtype dtype, int index) {
    for (const peak_level *level = levels; level->name; level++)
        if (level->dtype == dtype && level->has() && index-- == 0) return level;
    return NULL;
}

const peak_level *peak_find(weft_dtype dtype, int index) { return nth(nth(dtype, 0) ? dtype : WEFT_F32, index); }

/* ---- threads ------------------------------------------------------------------------------------------------ */

enum { WAIT, GO, GIVE_UP };

/* Threads that do the same at the same time. */
typedef struct crew {
    void (*job)(void *user);
    void *user;
    atomic_int ready, signal;
} crew;

typedef struct worker {
    crew *with;
    pthread_t thread;
    double began, ended;
} worker;

static void *work(void *argument) {
    worker *w = argument;
    atomic_fetch_add(&w->with->ready, 1);
    while (atomic_load(&w->with->signal) == WAIT) sched_yield();
    if (atomic_load(&w->with->signal) == GIVE_UP) return NULL;
    w->began = clock_seconds();
    w->with->job(w->with->user);
    w->ended = clock_seconds();
    return NULL;
}

/* From the first start to the last end; 0 where threads cannot be had. This one is a worker as well. */
static double work_together(void (*job)(void *user), void *user, int threads) {
    crew c = {.job = job, .user = user};
    worker *workers = calloc((size_t)threads, sizeof *workers);
    int started = 1;
    if (!workers) return 0;
    for (int n = 0; n < threads; n++) workers[n].with = &c;
    while (started < threads && !pthread_create(&workers[started].thread, NULL, work, &workers[started])) started++;
    while (atomic_load(&c.ready) < started - 1) sched_yield();
    atomic_store(&c.signal, started < threads ? GIVE_UP : GO);
    work(&workers[0]);
    double began = workers[0].began, ended = workers[0].ended;
    for (int n = 1; n < started; n++) {
        pthread_join(workers[n].thread, NULL);
        began = fmin(began, workers[n].began);
        ended = fmax(ended, workers[n].ended);
    }
    free(workers);
    return started < threads ? 0 : ended - began;
}

/* ---- multiply-adds ------------------------------------------------------------------------------------------ */

typedef struct rounds_of {
    const peak_level *level;
    long rounds;
} rounds_of;

static void do_rounds(void *user) {
    const rounds_of *r = user;
    r->level->work(r->rounds);
}

/* The rounds that take this one thread so many seconds. */
static long rounds_for(const peak_level *level, double seconds) {
    const double most = 1e12;
    long rounds = 1000;
    for (double took = 0;; rounds *= 4) {
        double start = clock_seconds();
        level->work(rounds);
        took = clock_seconds() - start;
        if (took < seconds / 16 && (double)rounds < most) continue;
        return (long)((double)rounds * seconds / took) + 1;
    }
}

double peak_measure(const peak_level *level, int threads, double seconds) {
    rounds_of r = {level, rounds_for(level, seconds)};
    double took = work_together(do_rounds, &r, threads);
    return took > 0 ? level->flops * (double)r.rounds * threads / took : 0;
}

/* ---- copies ------------------------------------------------------------------------------------------------- */

enum { COPIES = 3 };
static const size_t copy_bytes = (size_t)48 << 20; /* a thread's */

typedef struct copies {
    char *memory; /* from and to, for every thread */
    atomic_int taken;
} copies;

static void do_copies(void *user) {
    copies *c = user;
    char *from = c->memory + 2 * copy_bytes * (size_t)atomic_fetch_add(&c->taken, 1);
    for (int n = 0; n < COPIES; n++) memcpy(from + copy_bytes, from, copy_bytes);
}

double peak_copy(int threads) {
    size_t bytes = 2 * copy_bytes * (size_t)threads;
    copies c = {.memory = malloc(bytes)};
    if (!c.memory) return 0;
    memset(c.memory, 1, bytes);
    double took = work_together(do_copies, &c, threads);
    free(c.memory);
    return took > 0 ? 2.0 * COPIES * (double)copy_bytes * threads / took : 0;
}
