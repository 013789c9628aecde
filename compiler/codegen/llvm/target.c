/* The table of targets, the driver of each, and how a name or this machine picks one. */
#include "target.h"

#include "kernel/isa.h"

#include <llvm-c/Core.h>
#include <llvm-c/TargetMachine.h>
#include <stdio.h>
#include <string.h>

/* Object files; their headers are read where they lie. */
_Alignas(8) static const unsigned char leaf_item_f32_avx512[] = {
#include "leaf_item_f32_avx512.inc"
};
_Alignas(8) static const unsigned char leaf_item_bf16_avx512[] = {
#include "leaf_item_bf16_avx512.inc"
};
_Alignas(8) static const unsigned char leaf_item_f16_avx512[] = {
#include "leaf_item_f16_avx512.inc"
};
_Alignas(8) static const unsigned char leaf_gather_f32_avx512[] = {
#include "leaf_gather_f32_avx512.inc"
};
_Alignas(8) static const unsigned char leaf_gather_bf16_avx512[] = {
#include "leaf_gather_bf16_avx512.inc"
};
_Alignas(8) static const unsigned char leaf_gather_f16_avx512[] = {
#include "leaf_gather_f16_avx512.inc"
};
_Alignas(8) static const unsigned char leaf_favor_f32_avx512[] = {
#include "leaf_favor_f32_avx512.inc"
};
_Alignas(8) static const unsigned char leaf_favor_bf16_avx512[] = {
#include "leaf_favor_bf16_avx512.inc"
};
_Alignas(8) static const unsigned char leaf_favor_f16_avx512[] = {
#include "leaf_favor_f16_avx512.inc"
};
_Alignas(8) static const unsigned char leaf_functions_avx512[] = {
#include "leaf_functions_avx512.inc"
};
_Alignas(8) static const unsigned char leaf_item_f32_avx2[] = {
#include "leaf_item_f32_avx2.inc"
};
_Alignas(8) static const unsigned char leaf_item_bf16_avx2[] = {
#include "leaf_item_bf16_avx2.inc"
};
_Alignas(8) static const unsigned char leaf_item_f16_avx2[] = {
#include "leaf_item_f16_avx2.inc"
};
_Alignas(8) static const unsigned char leaf_gather_f32_avx2[] = {
#include "leaf_gather_f32_avx2.inc"
};
_Alignas(8) static const unsigned char leaf_gather_bf16_avx2[] = {
#include "leaf_gather_bf16_avx2.inc"
};
_Alignas(8) static const unsigned char leaf_gather_f16_avx2[] = {
#include "leaf_gather_f16_avx2.inc"
};
_Alignas(8) static const unsigned char leaf_favor_f32_avx2[] = {
#include "leaf_favor_f32_avx2.inc"
};
_Alignas(8) static const unsigned char leaf_favor_bf16_avx2[] = {
#include "leaf_favor_bf16_avx2.inc"
};
_Alignas(8) static const unsigned char leaf_favor_f16_avx2[] = {
#include "leaf_favor_f16_avx2.inc"
};
_Alignas(8) static const unsigned char leaf_functions_avx2[] = {
#include "leaf_functions_avx2.inc"
};
_Alignas(8) static const unsigned char leaf_item_f32_sse2[] = {
#include "leaf_item_f32_sse2.inc"
};
_Alignas(8) static const unsigned char leaf_item_bf16_sse2[] = {
#include "leaf_item_bf16_sse2.inc"
};
_Alignas(8) static const unsigned char leaf_item_f16_sse2[] = {
#include "leaf_item_f16_sse2.inc"
};
_Alignas(8) static const unsigned char leaf_gather_f32_sse2[] = {
#include "leaf_gather_f32_sse2.inc"
};
_Alignas(8) static const unsigned char leaf_gather_bf16_sse2[] = {
#include "leaf_gather_bf16_sse2.inc"
};
_Alignas(8) static const unsigned char leaf_gather_f16_sse2[] = {
#include "leaf_gather_f16_sse2.inc"
};
_Alignas(8) static const unsigned char leaf_favor_f32_sse2[] = {
#include "leaf_favor_f32_sse2.inc"
};
_Alignas(8) static const unsigned char leaf_favor_bf16_sse2[] = {
#include "leaf_favor_bf16_sse2.inc"
};
_Alignas(8) static const unsigned char leaf_favor_f16_sse2[] = {
#include "leaf_favor_f16_sse2.inc"
};
_Alignas(8) static const unsigned char leaf_functions_sse2[] = {
#include "leaf_functions_sse2.inc"
};
_Alignas(8) static const unsigned char leaf_item_f32_neon[] = {
#include "leaf_item_f32_neon.inc"
};
_Alignas(8) static const unsigned char leaf_item_bf16_neon[] = {
#include "leaf_item_bf16_neon.inc"
};
_Alignas(8) static const unsigned char leaf_item_f16_neon[] = {
#include "leaf_item_f16_neon.inc"
};
_Alignas(8) static const unsigned char leaf_gather_f32_neon[] = {
#include "leaf_gather_f32_neon.inc"
};
_Alignas(8) static const unsigned char leaf_gather_bf16_neon[] = {
#include "leaf_gather_bf16_neon.inc"
};
_Alignas(8) static const unsigned char leaf_gather_f16_neon[] = {
#include "leaf_gather_f16_neon.inc"
};
_Alignas(8) static const unsigned char leaf_favor_f32_neon[] = {
#include "leaf_favor_f32_neon.inc"
};
_Alignas(8) static const unsigned char leaf_favor_bf16_neon[] = {
#include "leaf_favor_bf16_neon.inc"
};
_Alignas(8) static const unsigned char leaf_favor_f16_neon[] = {
#include "leaf_favor_f16_neon.inc"
};
_Alignas(8) static const unsigned char leaf_functions_neon[] = {
#include "leaf_functions_neon.inc"
};

_Alignas(8) static const unsigned char leaf_item_bf16_avx512_bf16[] = {
#include "leaf_item_bf16_avx512_bf16.inc"
};
_Alignas(8) static const unsigned char leaf_item_bf16_avx512_amx[] = {
#include "leaf_item_bf16_avx512_amx.inc"
};

enum {
#define LEVEL(leaf, ...) LEVEL_##leaf,
#define PAIRS(leaf, ...) LEVEL_##leaf,
#include "targets.def"
    LEVEL_COUNT
};

#define OBJECT(name) {leaf_##name, sizeof leaf_##name}

static const weft_target levels[LEVEL_COUNT] = {
#define LEVEL(leaf, name, cpu, triple, isa, lanes, registers, needs)                                                   \
    {name,                                                                                                             \
     cpu,                                                                                                              \
     "",                                                                                                               \
     triple,                                                                                                           \
     WEFT_ISA_##isa,                                                                                                   \
     lanes,                                                                                                            \
     registers,                                                                                                        \
     needs,                                                                                                            \
     NULL,                                                                                                             \
     false,                                                                                                            \
     0,                                                                                                                \
     {OBJECT(item_f32_##leaf), OBJECT(item_bf16_##leaf), OBJECT(item_f16_##leaf)},                                     \
     {OBJECT(gather_f32_##leaf), OBJECT(gather_bf16_##leaf), OBJECT(gather_f16_##leaf)},                               \
     {OBJECT(favor_f32_##leaf), OBJECT(favor_bf16_##leaf), OBJECT(favor_f16_##leaf)},                                  \
     OBJECT(functions_##leaf)},
#define PAIRS(leaf, level, name, cpu, triple, isa, lanes, registers, group, features, needs)                           \
    {name,                                                                                                             \
     cpu,                                                                                                              \
     features,                                                                                                         \
     triple,                                                                                                           \
     WEFT_ISA_##isa,                                                                                                   \
     lanes,                                                                                                            \
     registers,                                                                                                        \
     needs,                                                                                                            \
     &levels[LEVEL_##level],                                                                                           \
     true,                                                                                                             \
     group,                                                                                                            \
     {[WEFT_BF16] = OBJECT(item_bf16_##leaf)},                                                                         \
     {[WEFT_BF16] = OBJECT(gather_bf16_##level)},                                                                      \
     {[WEFT_BF16] = OBJECT(favor_bf16_##level)},                                                                       \
     OBJECT(functions_##level)},
#include "targets.def"
};

static const struct {
    const char *name, *cpu;
    int level;
} processors[] = {
#define LEVEL(leaf, name, cpu, ...) {name, cpu, LEVEL_##leaf},
#define PAIRS(leaf, level, name, cpu, ...) {name, cpu, LEVEL_##leaf},
#define PROCESSOR(name, leaf) {name, name, LEVEL_##leaf},
#include "targets.def"
};
enum { PROCESSOR_COUNT = sizeof processors / sizeof *processors };

/* Are all features of the comma-separated `needs` among the host's? */
static bool covered(const char *needs, const char *features) {
    while (*needs) {
        size_t length = strcspn(needs, ",");
        const char *at = features;
        while (strncmp(at, needs, length) != 0 || (at[length] && at[length] != ',')) {
            at += strcspn(at, ",");
            if (!*at++) return false;
        }
        needs += length + (needs[length] == ',');
    }
    return true;
}

static const weft_target *fitting(int level, weft_dtype dtype) {
    const weft_target *target = &levels[level];
    return target->level && dtype != WEFT_BF16 ? target->level : target;
}

static bool runs(const weft_target *target, const char *triple, const char *features) {
    size_t arch = strcspn(triple, "-");
    return strcspn(target->triple, "-") == arch && strncmp(triple, target->triple, arch) == 0 &&
           covered(target->needs, features) && weft_isa_runs(target->isa);
}

/* What is listed for the processor, unless something keeps the host from having all of it; else the best level. */
static const weft_target *host_target(const char *name, weft_dtype dtype, const char *triple, const char *features) {
    for (int i = 0; i < PROCESSOR_COUNT; i++)
        if (strcmp(name, processors[i].name) == 0 && runs(&levels[processors[i].level], triple, features))
            return fitting(processors[i].level, dtype);
    for (int i = 0; i < LEVEL_COUNT; i++)
        if (!levels[i].level && runs(&levels[i], triple, features)) return &levels[i];
    return NULL;
}

static const weft_target *find_host(weft_dtype dtype, char *tune, size_t size, weft_diagnostics *diagnostics) {
    char *triple = LLVMGetDefaultTargetTriple(), *name = LLVMGetHostCPUName(), *features = LLVMGetHostCPUFeatures();
    const weft_target *target = host_target(name, dtype, triple, features);
    if (target)
        snprintf(tune, size, "%s", name);
    else
        weft_diagnose(diagnostics, WEFT_E0501, WEFT_NO_SPAN, "no code can be generated for this machine (%s, %s)",
                      triple, name);
    LLVMDisposeMessage(triple);
    LLVMDisposeMessage(name);
    LLVMDisposeMessage(features);
    return target;
}

const weft_target *weft_target_find(const char *name, weft_dtype dtype, char *tune, size_t size,
                                    weft_diagnostics *diagnostics) {
    if (!name) return find_host(dtype, tune, size, diagnostics);
    const char *known[PROCESSOR_COUNT];
    for (int i = 0; i < PROCESSOR_COUNT; i++) {
        known[i] = processors[i].name;
        if (strcmp(name, known[i]) != 0) continue;
        snprintf(tune, size, "%s", processors[i].cpu);
        return fitting(processors[i].level, dtype);
    }
    weft_diagnose(diagnostics, WEFT_E0501, WEFT_NO_SPAN, "unknown target \"%s\"", name);
    const char *meant = weft_closest(name, known, PROCESSOR_COUNT);
    if (meant) weft_diagnose_suggest(diagnostics, meant);
    return NULL;
}
