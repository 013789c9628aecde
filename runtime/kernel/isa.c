/* Which instruction sets this processor and its kernel let a process use. */
#include "kernel/isa.h"

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif

const char *weft_isa_name(weft_isa isa) {
    switch (isa) {
    case WEFT_ISA_NONE: return "none";
    case WEFT_ISA_X86_64: return "x86-64";
    case WEFT_ISA_X86_64_V3: return "x86-64-v3";
    case WEFT_ISA_X86_64_V4: return "x86-64-v4";
    case WEFT_ISA_X86_64_V4_BF16: return "x86-64-v4-bf16";
    case WEFT_ISA_X86_64_AMX: return "x86-64-v4-amx";
    case WEFT_ISA_AARCH64: return "aarch64";
    }
    return "unknown";
}

#if defined(__x86_64__)

/* Tile registers are 8 KiB that the kernel keeps for each thread that uses them, so a process has to ask for them
 * first, by ARCH_REQ_XCOMP_PERM for the state XFEATURE_XTILEDATA (Documentation/arch/x86/xstate.rst of Linux). Asking
 * again changes nothing. */
static bool may_use_tiles(void) {
#if defined(__linux__) && defined(SYS_arch_prctl)
    enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 };
    return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
#else
    return false;
#endif
}

static bool has_tiles(void) {
    enum { LEAF = 7, AMX_BF16 = 1 << 22, AMX_TILE = 1 << 24 };
    unsigned a, b, c, d;
    return __get_cpuid_count(LEAF, 0, &a, &b, &c, &d) && (d & AMX_BF16) && (d & AMX_TILE) && may_use_tiles();
}

bool weft_isa_runs(weft_isa isa) {
    switch (isa) {
    case WEFT_ISA_X86_64: return true;
    case WEFT_ISA_X86_64_V3: return __builtin_cpu_supports("x86-64-v3");
    case WEFT_ISA_X86_64_V4: return __builtin_cpu_supports("x86-64-v4");
    case WEFT_ISA_X86_64_V4_BF16:
        return __builtin_cpu_supports("x86-64-v4") && __builtin_cpu_supports("avx512bf16");
    case WEFT_ISA_X86_64_AMX: return weft_isa_runs(WEFT_ISA_X86_64_V4_BF16) && has_tiles();
    default: return false;
    }
}

#elif defined(__aarch64__)
bool weft_isa_runs(weft_isa isa) { return isa == WEFT_ISA_AARCH64; }
#else
bool weft_isa_runs(weft_isa isa) {
    (void)isa;
    return false;
}
#endif
