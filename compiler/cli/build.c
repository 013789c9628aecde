/* weft build: an object file and a C header for programs that have no compiler. */
#include <stdlib.h>

#include "cli.h"

enum { DTYPES = 3, USUAL_DIM = 64 };

/* Every kernel that was asked for: types times head dimensions times targets. */
typedef struct wanted {
    weft_kernel_options *options;
    const weft_kernel_options **list;
    size_t count;
} wanted;

static void want(wanted *w, const options *given, weft_dtype dtype, int64_t head_dim) {
    size_t targets = given->targets.count;
    for (size_t n = 0; n < (targets ? targets : 1); n++) {
        w->list[w->count] = &w->options[w->count];
        w->options[w->count++] = (weft_kernel_options){.size = sizeof(weft_kernel_options),
                                                       .dtype = dtype,
                                                       .head_dim = head_dim,
                                                       .value_dim = given->value_dim,
                                                       .target = targets ? given->targets.at[n] : target_of(given)};
    }
}

static bool list_wanted(wanted *w, const options *given) {
    const number_list *dims = &given->head_dims;
    int dim_count = dims->count ? dims->count : 1, dtypes = given->dtypes ? given->dtypes : 1 << WEFT_F32;
    size_t room = DTYPES * (size_t)dim_count * (given->targets.count + 1);
    w->options = calloc(room, sizeof *w->options);
    w->list = calloc(room, sizeof *w->list);
    if (!w->options || !w->list) return false;
    for (int dtype = 0; dtype < DTYPES; dtype++)
        for (int n = 0; n < dim_count && dtypes >> dtype & 1; n++)
            want(w, given, (weft_dtype)dtype, dims->count ? dims->at[n] : USUAL_DIM);
    return true;
}

/* Both files, or neither of them where one cannot be opened. */
static int write_built(const options *given, const weft_built *built) {
    output_file object = {0}, header = {0};
    bool written = output_open(&object, given->output) && output_open(&header, given->header);
    if (written) {
        fwrite(built->object, 1, built->object_size, object.stream);
        fputs(built->header, header.stream);
        written = output_commit(&object) && output_commit(&header);
    }
    output_discard(&object);
    output_discard(&header);
    return written ? EXIT_FINE : EXIT_WRONG;
}

static int build(const session *s, const wanted *w) {
    weft_built built;
    weft_status status = weft_module_build(s->module, s->pattern, s->given->name, w->list, w->count, &built);
    if (status != WEFT_OK) {
        session_explain(s);
        return exit_code(status);
    }
    int code = write_built(s->given, &built);
    weft_built_free(s->module, &built);
    return code;
}

int command_build(const options *given) {
    wanted w = {0};
    session s = {0};
    int code = session_open(&s, given, false);
    if (!code) code = session_choose(&s);
    if (!code) code = list_wanted(&w, given) ? build(&s, &w) : exit_code(WEFT_OUT_OF_MEMORY);
    free(w.options);
    free(w.list);
    session_close(&s);
    return code;
}
