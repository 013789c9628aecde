/* The table of targets, the driver of each, and how a name or this machine picks one. */
#include "target.h"

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
_Alignas(8) static const unsigned char leaf_functions_neon[] = {
#include "leaf_functions_neon.inc"
};

enum {
#define LEVEL(leaf, name, triple, isa, lanes, registers, needs) LEVEL_##leaf,
#include "targets.def"
    LEVEL_COUNT
};

#define OBJECT(name) {leaf_##name, sizeof leaf_##name}

static const weft_target levels[] = {
#define LEVEL(leaf, name, triple, isa, lanes, registers, needs)                                                        \
    {name,                                                                                                             \
     triple,                                                                                                           \
     WEFT_ISA_##isa,                                                                                                   \
     lanes,                                                                                                            \
     registers,                                                                                                        \
     needs,                                                                                                            \
     {OBJECT(item_f32_##leaf), OBJECT(item_bf16_##leaf), OBJECT(item_f16_##leaf)},                                     \
     OBJECT(functions_##leaf)},
#include "targets.def"
};

static const struct {
    const char *name;
    int level;
} processors[] = {
#define LEVEL(leaf, name, triple, isa, lanes, registers, needs) {name, LEVEL_##leaf},
#include "targets.def"
#define PROCESSOR(name, leaf) {name, LEVEL_##leaf},
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

static const weft_target *host_level(const char *triple, const char *features) {
    size_t arch = strcspn(triple, "-");
    for (int i = 0; i < LEVEL_COUNT; i++)
        if (strcspn(levels[i].triple, "-") == arch && strncmp(triple, levels[i].triple, arch) == 0 &&
            covered(levels[i].needs, features))
            return &levels[i];
    return NULL;
}

static const weft_target *find_host(char *tune, size_t size, weft_diagnostics *diagnostics) {
    char *triple = LLVMGetDefaultTargetTriple(), *name = LLVMGetHostCPUName(), *features = LLVMGetHostCPUFeatures();
    const weft_target *target = host_level(triple, features);
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

const weft_target *weft_target_find(const char *name, char *tune, size_t size, weft_diagnostics *diagnostics) {
    if (!name) return find_host(tune, size, diagnostics);
    const char *known[PROCESSOR_COUNT];
    for (int i = 0; i < PROCESSOR_COUNT; i++) {
        known[i] = processors[i].name;
        if (strcmp(name, known[i]) != 0) continue;
        const weft_target *target = &levels[processors[i].level];
        snprintf(tune, size, "%s", strcmp(name, "aarch64") == 0 ? "generic" : name);
        return target;
    }
    weft_diagnose(diagnostics, WEFT_E0501, WEFT_NO_SPAN, "unknown target \"%s\"", name);
    const char *meant = weft_closest(name, known, PROCESSOR_COUNT);
    if (meant) weft_diagnose_suggest(diagnostics, meant);
    return NULL;
}
