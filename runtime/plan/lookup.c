/* Arrays as kernels read them: 8 bytes an element, side by side. */
#include "plan/plan.h"

const int64_t weft_lookup_nothing = 0;

const void *weft_lookup_in_place(const weft_array *array) {
    bool is_float = array->type == WEFT_TYPE_TABLE || array->type == WEFT_TYPE_PER_HEAD;
    if (array->columns == 0) return &weft_lookup_nothing;
    if (array->element.code != (is_float ? kDLFloat : kDLInt) || array->element.bits != 64) return NULL;
    if (array->column_stride != (int64_t)sizeof(int64_t) && array->columns > 1) return NULL;
    return (uintptr_t)array->at % sizeof(int64_t) == 0 ? array->at : NULL;
}

bool weft_lookup_copy(const weft_array *array, void *to) {
    weft_value *elements = to;
    for (int64_t k = 0; k < weft_array_length(array); k++)
        if (!weft_read_array(array, k, &elements[k])) return false;
    return true;
}

void weft_lookup_refuse(const weft_program *program, uint32_t parameter, weft_diagnostics *diagnostics) {
    const weft_parameter_info *info = &program->parameters[parameter];
    weft_diagnose(diagnostics, WEFT_E0405, WEFT_NO_SPAN, "`%s`: an element does not fit in 64 bits", info->name);
    if (info->place.source) weft_diagnose_note(diagnostics, info->place, "`%s` is declared here", info->name);
}
