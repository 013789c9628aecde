/* The pipeline of compile.c once for each kernel that is wanted; the images as one bundle, in executable memory of the
 * program that it is linked into: nothing is mapped or copied at load, and debuggers know where they are. The bundle
 * holds no address, so the object has no relocation. */
#include "ahead.h"

#include <stdio.h>
#include <string.h>

#include "kernel/bundle.h"
#include "kernel/isa.h"
#include "object.h"

/* A kernel of the object: its code points into the bundle, once there is one. */
typedef struct built {
    weft_text image;
    weft_machine_code code;
    char symbol[160];
} built;

typedef struct builder {
    const weft_compilation *c;
    const char *name;
    built *kernels;
    uint32_t count, room;
    weft_text bundle;
} builder;

static const char *const dtypes[] = {[WEFT_F32] = "f32", [WEFT_BF16] = "bf16", [WEFT_F16] = "f16"};

enum { LONGEST_NAME = 80 }; /* leaves room in a symbol for the rest of it */

static bool is_identifier(const char *name) {
    static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    size_t size = strspn(name, letters);
    return size > 0 && size <= LONGEST_NAME && !name[size] && !strchr("0123456789", *name);
}

static bool is_arm(weft_isa isa) { return isa == WEFT_ISA_AARCH64; }

static bool same_kind(const weft_machine_code *a, const weft_machine_code *b) {
    return a->isa == b->isa && a->dtype == b->dtype && a->head_dim == b->head_dim && a->value_dim == b->value_dim;
}

static bool is_new(const builder *b, const weft_machine_code *code) {
    for (uint32_t n = 0; n < b->count; n++)
        if (same_kind(&b->kernels[n].code, code)) return false;
    return true;
}

/* ---- kernels ------------------------------------------------------------------------------------------------ */

static bool read_code(const weft_image *image, weft_machine_code *code, weft_diagnostics *diagnostics) {
    const char *ir;
    size_t ir_size;
    return weft_image_read(image, &ir, &ir_size, code, diagnostics) == WEFT_OK;
}

static bool add_kernel(builder *b, const weft_codegen_spec *spec) {
    weft_compilation c = *b->c;
    built *made = &b->kernels[b->count];
    c.spec = *spec;
    weft_text_init(&made->image, c.allocator);
    bool done = weft_compile(&c, &made->image) &&
                read_code(&(weft_image){made->image.at, made->image.size}, &made->code, c.diagnostics);
    bool one_architecture = !done || !b->count || is_arm(b->kernels[0].code.isa) == is_arm(made->code.isa);
    if (!one_architecture)
        weft_diagnose(c.diagnostics, WEFT_E0501, WEFT_NO_SPAN,
                      "an object file is for one architecture, not for %s and %s: build one for each",
                      weft_isa_name(b->kernels[0].code.isa), weft_isa_name(made->code.isa));
    done = done && one_architecture;
    if (done && is_new(b, &made->code))
        b->count++;
    else
        weft_text_release(&made->image);
    return done;
}

/* Afterwards the code of every kernel is the one in the bundle. */
static bool make_bundle(builder *b) {
    const weft_allocator *allocator = b->c->allocator;
    weft_image *images = weft_allocate(allocator, b->count * sizeof *images);
    if (!images) return false;
    for (uint32_t n = 0; n < b->count; n++) images[n] = (weft_image){b->kernels[n].image.at, b->kernels[n].image.size};
    bool done = weft_bundle_write(images, b->count, &b->bundle);
    for (uint32_t n = 0; n < b->count && done; n++) {
        weft_image image = weft_bundle_at(b->bundle.at, n);
        done = read_code(&image, &b->kernels[n].code, b->c->diagnostics);
    }
    weft_free(allocator, images, b->count * sizeof *images);
    return done;
}

/* ---- the object --------------------------------------------------------------------------------------------- */

/* "mine_f32_64x64_x86_64_v4" */
static void name_kernel(const builder *b, built *kernel) {
    const weft_machine_code *code = &kernel->code;
    snprintf(kernel->symbol, sizeof kernel->symbol, "%s_%s_%ux%u_%s", b->name, dtypes[code->dtype],
             (unsigned)code->head_dim, (unsigned)code->value_dim, weft_isa_name(code->isa));
    for (char *at = kernel->symbol; *at; at++)
        if (*at == '-') *at = '_';
}

/* On Arm, tools want to be told where data ($d) and where code ($x) begins (AAELF64, mapping symbols). */
static uint32_t list_symbols(builder *b, const char *bundle_name, weft_object_symbol *out) {
    const char *begin = b->bundle.at;
    bool arm = is_arm(b->kernels[0].code.isa);
    uint32_t count = 0;
    for (uint32_t n = 0; n < b->count; n++) {
        built *kernel = &b->kernels[n];
        uint64_t image = (uint64_t)((const char *)weft_bundle_at(begin, n).data - begin);
        uint64_t code = (uint64_t)((const char *)kernel->code.bytes - begin);
        name_kernel(b, kernel);
        if (arm) out[count++] = (weft_object_symbol){"$d", WEFT_OBJECT_LABEL, n ? image : 0, 0};
        if (arm) out[count++] = (weft_object_symbol){"$x", WEFT_OBJECT_LABEL, code, 0};
        out[count++] = (weft_object_symbol){kernel->symbol, WEFT_OBJECT_FUNCTION, code, kernel->code.size};
    }
    out[count++] = (weft_object_symbol){bundle_name, WEFT_OBJECT_DATA, 0, b->bundle.size};
    return count;
}

static bool write_object(builder *b, weft_text *out) {
    const weft_allocator *allocator = b->c->allocator;
    size_t bytes = (3 * (size_t)b->count + 1) * sizeof(weft_object_symbol);
    weft_object_symbol *symbols = weft_allocate(allocator, bytes);
    if (!symbols) return false;
    char bundle_name[LONGEST_NAME + sizeof "_kernels"];
    snprintf(bundle_name, sizeof bundle_name, "%s_kernels", b->name);
    uint32_t count = list_symbols(b, bundle_name, symbols);
    bool done = weft_object_write(b->kernels[0].code.isa, bundle_name, &b->bundle, symbols, count, out);
    weft_free(allocator, symbols, bytes);
    return done;
}

/* ---- the header --------------------------------------------------------------------------------------------- */

static void add_upper(weft_text *out, const char *name) {
    for (; *name; name++) {
        char letter = *name >= 'a' && *name <= 'z' ? (char)(*name - 'a' + 'A') : *name;
        weft_text_add(out, &letter, 1);
    }
}

static void describe(const builder *b, weft_text *out) {
    const weft_ast *pattern = b->c->pattern;
    weft_text_format(out,
                     "/* Kernels of the pattern `%s`, made by weft build %s. Link with the object file that was made\n"
                     " * with this header, and with libweft_runtime.\n *\n",
                     pattern->name, weft_version());
    for (uint32_t n = 0; n < b->count; n++) {
        const weft_machine_code *code = &b->kernels[n].code;
        weft_text_format(out, " *     %s, D = %u, Dv = %u: %s\n", dtypes[code->dtype], (unsigned)code->head_dim,
                         (unsigned)code->value_dim, weft_isa_name(code->isa));
    }
    bool first = true;
    for (const weft_ast *child = pattern->first; child; child = child->next) {
        if (child->kind != WEFT_AST_PARAM) continue;
        weft_text_format(out, "%s *     %s: %s%s\n", first ? " *\n * Parameters, bound to plans and runs:\n *\n" : "",
                         child->name, child->type ? child->type : "int", child->first ? ", has a default" : "");
        first = false;
    }
    weft_text_format(out, " */\n");
}

static void write_header(const builder *b, weft_text *out) {
    describe(b, out);
    for (int turn = 0; turn < 2; turn++) {
        weft_text_format(out, turn ? "#define " : "#ifndef ");
        add_upper(out, b->name);
        weft_text_format(out, "_KERNELS_H\n");
    }
    weft_text_format(
        out,
        "\n#include <weft/runtime.h>\n\n"
        "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
        "extern const unsigned char %s_kernels[%zu] __attribute__((visibility(\"hidden\"), aligned(%d)));\n\n",
        b->name, b->bundle.size, WEFT_BUNDLE_ALIGNMENT);
    weft_text_format(
        out,
        "/* The best of these kernels that this processor can run; as weft_kernel_from_bundle. */\n"
        "static inline weft_status %s_kernel_create(weft_dtype dtype, int64_t head_dim, int64_t value_dim,\n"
        "                                           const weft_config *config, weft_kernel **out) {\n"
        "    return weft_kernel_from_bundle(%s_kernels, sizeof %s_kernels, dtype, head_dim, value_dim,\n"
        "                                   config, out);\n}\n\n"
        "#ifdef __cplusplus\n}\n#endif\n#endif\n",
        b->name, b->name, b->name);
}

/* ---- all of it ---------------------------------------------------------------------------------------------- */

static bool check_name(const builder *b) {
    if (is_identifier(b->name)) return true;
    weft_diagnose(b->c->diagnostics, WEFT_E0405, WEFT_NO_SPAN,
                  "names in C cannot begin with \"%s\": an identifier of at most %d letters can", b->name,
                  (int)LONGEST_NAME);
    return false;
}

static bool build(builder *b, const weft_codegen_spec *specs, weft_text *object, weft_text *header) {
    for (uint32_t n = 0; n < b->room; n++)
        if (!add_kernel(b, &specs[n])) return false;
    if (!make_bundle(b) || !write_object(b, object)) return false;
    write_header(b, header);
    return !header->failed;
}

bool weft_build_ahead(const weft_compilation *c, const char *name, const weft_codegen_spec *specs, uint32_t count,
                      weft_text *object, weft_text *header) {
    builder b = {.c = c, .name = name ? name : c->pattern->name, .room = count};
    if (!check_name(&b)) return false;
    b.kernels = weft_allocate_zero(c->allocator, count * sizeof *b.kernels);
    weft_text_init(&b.bundle, c->allocator);
    bool done = b.kernels && build(&b, specs, object, header);
    for (uint32_t n = 0; n < b.count; n++) weft_text_release(&b.kernels[n].image);
    weft_free(c->allocator, b.kernels, count * sizeof *b.kernels);
    weft_text_release(&b.bundle);
    return done;
}
