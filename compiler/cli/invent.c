/* Arrays that no file was given for and that decide no pair: commands that run a pattern only to look at its kernel
 * make them up, so that a pattern with slopes or sinks can be verified and timed as it stands. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { TABLE_LENGTH = 4096 }; /* what most indices are within; beyond it a bias is 0 */

static bool is_given(const session *s, const char *name) {
    for (size_t n = 0; n < s->binding_count; n++)
        if (!strcmp(s->bindings[n].name, name)) return true;
    return false;
}

/* The parameters of those types that nothing was given for; number n of them. */
static bool wanted_parameter(const session *s, size_t n, weft_parameter *out) {
    for (size_t k = 0; weft_module_parameter(s->module, s->pattern, k, out); k++) {
        bool fits = !strcmp(out->type, "per_head") || !strcmp(out->type, "table");
        if (fits && !is_given(s, out->name) && n-- == 0) return true;
    }
    return false;
}

static void make_up(invented_array *array, weft_parameter parameter, int64_t heads) {
    uint32_t state = 12345; /* the same every time */
    array->length = strcmp(parameter.type, "table") ? heads : TABLE_LENGTH;
    array->data = malloc((size_t)array->length * sizeof *array->data);
    for (int64_t n = 0; array->data && n < array->length; n++) {
        state = state * 1664525u + 1013904223u;                      /* Numerical Recipes' */
        array->data[n] = ((float)(state >> 8) / (1 << 23) - 1) / 16; /* times a thousand tokens still a usual score */
    }
    array->view = (DLTensor){
        .data = array->data, .device = {kDLCPU, 0}, .ndim = 1, .dtype = {kDLFloat, 32, 1}, .shape = &array->length};
}

bool invention_make(invention *out, const session *s, int64_t heads) {
    weft_parameter parameter;
    size_t count = 0;
    invention_free(out);
    while (wanted_parameter(s, count, &parameter)) count++;
    out->arrays = calloc(count + 1, sizeof *out->arrays);
    out->bindings = calloc(s->binding_count + count + 1, sizeof *out->bindings);
    if (!out->arrays || !out->bindings) return false;
    if (s->binding_count) memcpy(out->bindings, s->bindings, s->binding_count * sizeof *out->bindings);
    out->binding_count = s->binding_count;
    for (; out->array_count < count && wanted_parameter(s, out->array_count, &parameter); out->array_count++) {
        invented_array *array = &out->arrays[out->array_count];
        make_up(array, parameter, heads);
        if (!array->data) return false;
        out->bindings[out->binding_count++] = (weft_binding){parameter.name, WEFT_BIND_ARRAY, {.array = &array->view}};
    }
    return true;
}

void invention_free(invention *it) {
    for (size_t n = 0; n < it->array_count; n++) free(it->arrays[n].data);
    free(it->arrays);
    free(it->bindings);
    memset(it, 0, sizeof *it);
}
