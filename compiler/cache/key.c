/* Keys: one hash over the hashes and numbers of everything that an image depends on, each in its own place. */
#include <string.h>
#include <xxhash.h>

#include "cache/cache.h"

/* The parts, all of whole words: no padding. */
typedef struct parts {
    XXH128_hash_t program, versions, target;
    weft_host host;
    weft_stamp generator;
    uint64_t dtype, head_dim, value_dim, kernel_abi, codegen_abi;
} parts;

static XXH128_hash_t hash_string(const char *text) { return XXH3_128bits(text, strlen(text)); }

/* The versions are constants of the build, since asking the code generator would load it. Its abi is raised with every
 * change of what it generates, and its file's stamp covers what was forgotten. */
weft_cache_key weft_cache_key_of(const weft_cache_inputs *inputs) {
    const weft_codegen_spec *spec = &inputs->spec;
    parts all;
    memset(&all, 0, sizeof all);
    all.program = XXH3_128bits(inputs->program, inputs->program_size);
    all.versions = hash_string(inputs->versions ? inputs->versions : WEFT_VERSION_TEXT ", LLVM " WEFT_LLVM_VERSION);
    if (spec->target)
        all.target = hash_string(spec->target);
    else
        all.host = inputs->host;
    all.generator = inputs->generator;
    all.dtype = spec->dtype, all.head_dim = spec->head_dim, all.value_dim = spec->value_dim;
    all.kernel_abi = WEFT_KERNEL_ABI, all.codegen_abi = WEFT_CODEGEN_ABI;
    XXH128_hash_t hash = XXH3_128bits(&all, sizeof all);
    return (weft_cache_key){hash.low64, hash.high64};
}
