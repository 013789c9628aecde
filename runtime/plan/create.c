/* Making a plan: read the shape, bind the parameters, fold the sets, choose the stages, lay out their tiles, cut and
 * order the items. */
#include <time.h>

#include "plan/build.h"

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

bool weft_planner_init(weft_planner *planner, weft_plan *plan, weft_diagnostics *diagnostics) {
    const weft_allocator *allocator = weft_engine_allocator(plan->kernel->engine);
    *planner = (weft_planner){.plan = plan, .allocator = allocator, .diagnostics = diagnostics};
    weft_records_init(&planner->recipes, allocator, plan->kernel->program->pass_count * sizeof(weft_step));
    weft_records_init(&planner->places, allocator, sizeof(weft_place));
    weft_records_init(&planner->pool.masks, allocator, sizeof(weft_mask));
    weft_records_init(&planner->pool.keys, allocator, sizeof(weft_mask_key));
    bool rows = weft_scratch_init(&planner->rows, &plan->bound);
    bool probe = weft_scratch_init(&planner->probe, &plan->bound);
    return rows && probe;
}

void weft_planner_free(weft_planner *planner) {
    weft_records_free(&planner->recipes);
    weft_records_free(&planner->places);
    weft_scratch_free(&planner->rows);
    weft_scratch_free(&planner->probe);
    weft_mask_pool_free(&planner->pool, planner->allocator);
}

/* No layout may take more rows than the plan can hold, however few tiles they have. */
static bool check_rows(const weft_plan *plan, weft_diagnostics *diagnostics) {
    int64_t rows = 0;
    for (uint32_t n = 0; n < plan->layout_count; n++)
        rows += weft_ceil_div(plan->layouts[n].space.queries, WEFT_TILE_ROWS) * WEFT_TILE_ROWS;
    if (rows <= (int64_t)WEFT_MAX_ROW_TILES * WEFT_TILE_ROWS) return true;
    weft_diagnose(diagnostics, WEFT_E0406, WEFT_NO_SPAN,
                  "different heads of %lld queries have %lld rows in all; one plan holds %lld",
                  (long long)plan->shape.queries, (long long)rows, (long long)WEFT_MAX_ROW_TILES * WEFT_TILE_ROWS);
    return false;
}

/* Hands the masks over to the plan. */
static void take_masks(weft_plan *plan, weft_planner *planner) {
    weft_records *masks = &planner->pool.masks;
    weft_shrink(planner->allocator, &masks->at, &masks->capacity, masks->count, masks->size);
    plan->masks = (weft_mask *)(void *)masks->at;
    plan->mask_count = masks->count;
    plan->mask_capacity = masks->capacity;
    masks->at = NULL;
    masks->count = masks->capacity = 0;
}

/* No more tasks than items. */
static uint32_t workers_of(const weft_plan *plan) {
    uint32_t threads = weft_engine_threads(plan->kernel->engine), workers = 1;
    for (uint32_t n = 0; n < plan->phase_count && workers < threads; n++)
        if (plan->phases[n].items > workers)
            workers = plan->phases[n].items < threads ? (uint32_t)plan->phases[n].items : threads;
    int64_t strands = plan->rest.unit_count * plan->rest.segments;
    if (strands > workers) workers = strands < threads ? (uint32_t)strands : threads;
    return workers;
}

static bool make_items(weft_planner *planner) {
    weft_plan *plan = planner->plan;
    for (uint32_t n = 0; n < plan->layout_count; n++)
        if (!weft_plan_items(planner, &plan->layouts[n])) return false;
    return weft_build_masks(planner) && weft_plan_rest_choose(plan, planner->allocator) &&
           weft_plan_sum(plan, planner->allocator) && weft_plan_split(plan, planner->allocator) &&
           weft_plan_order(plan, planner->allocator) && weft_plan_sum(plan, planner->allocator);
}

static bool lay_out(weft_plan *plan, weft_diagnostics *diagnostics) {
    weft_planner planner;
    bool done = weft_planner_init(&planner, plan, diagnostics) && weft_plan_fold(&planner) &&
                weft_plan_modify(plan, diagnostics) && weft_plan_features(plan, diagnostics) &&
                weft_plan_stages(&planner) && weft_plan_rest_layouts(&planner) && check_rows(plan, diagnostics) &&
                make_items(&planner);
    if (done) {
        take_masks(plan, &planner);
        plan->workers = workers_of(plan);
        done = weft_plan_select(plan, true, false, &plan->selection, diagnostics) && weft_plan_measure(plan, &planner);
    }
    weft_planner_free(&planner);
    return done;
}

static weft_plan *new_plan(const weft_kernel *kernel) {
    const weft_allocator *allocator = weft_engine_allocator(kernel->engine);
    weft_plan *plan = weft_allocate_zero(allocator, sizeof *plan);
    if (!plan) return NULL;
    if (!weft_message_init(&plan->message, allocator)) {
        weft_free(allocator, plan, sizeof *plan);
        return NULL;
    }
    if (!weft_bound_init(&plan->bound, allocator)) {
        weft_message_free(&plan->message);
        weft_free(allocator, plan, sizeof *plan);
        return NULL;
    }
    plan->kernel = kernel;
    weft_kernel_retain(kernel);
    return plan;
}

static size_t argument_bytes(const weft_plan *plan) {
    return plan->kernel->program->parameter_count * sizeof *plan->arguments;
}

void weft_plan_destroy(weft_plan *plan) {
    if (!plan) return;
    const weft_kernel *kernel = plan->kernel;
    const weft_allocator *allocator = weft_engine_allocator(kernel->engine);
    size_t heads = weft_plan_heads(plan);
    for (uint32_t n = 0; n < plan->layout_count; n++) weft_layout_free(&plan->layouts[n], allocator);
    weft_free(allocator, plan->layouts, plan->layout_capacity * sizeof *plan->layouts);
    weft_free(allocator, plan->classes, plan->class_capacity * sizeof *plan->classes);
    weft_free(allocator, plan->stages, plan->stage_capacity * sizeof *plan->stages);
    weft_free(allocator, plan->routes, plan->route_capacity * sizeof *plan->routes);
    weft_free(allocator, plan->route_of, heads * sizeof *plan->route_of);
    weft_free(allocator, plan->phases, plan->phase_capacity * sizeof *plan->phases);
    weft_free(allocator, plan->meaning_of, heads * sizeof *plan->meaning_of);
    weft_free(allocator, plan->scale_of, (size_t)plan->shape.heads * sizeof *plan->scale_of);
    weft_free(allocator, plan->masks, plan->mask_capacity * sizeof *plan->masks);
    weft_plan_modifiers_free(plan);
    weft_plan_filters_free(plan);
    weft_plan_rest_free(plan);
    weft_selection_free(&plan->selection);
    weft_chosen_free(&plan->shown);
    weft_free(allocator, plan->arguments, argument_bytes(plan));
    weft_bound_free(&plan->bound);
    weft_message_free(&plan->message);
    weft_free(allocator, plan, sizeof *plan);
    weft_kernel_destroy((weft_kernel *)kernel); /* gives back the plan's reference */
}

static bool bind(weft_plan *plan, const weft_binding *bindings, size_t count, weft_diagnostics *diagnostics) {
    size_t bytes = argument_bytes(plan);
    plan->arguments = weft_allocate_zero(weft_engine_allocator(plan->kernel->engine), bytes);
    if (bytes && !plan->arguments) return false;
    return weft_bind(plan->kernel->program, &plan->shape, bindings, count, plan->arguments, diagnostics);
}

weft_status weft_status_of_failure(const weft_diagnostics *diagnostics) {
    if (diagnostics->out_of_memory || !diagnostics->errors) return WEFT_OUT_OF_MEMORY;
    for (uint32_t n = 0; n < diagnostics->count; n++) {
        weft_code code = diagnostics->reports[n].code;
        if (!weft_code_is_error(code)) continue;
        const char *name = weft_code_name(code);
        if (name[2] == '3') return WEFT_INVALID_PATTERN;
        if (name[2] == '4') return WEFT_INVALID_ARGUMENT;
        return name[2] == '5' ? WEFT_UNSUPPORTED : WEFT_INTERNAL;
    }
    return WEFT_INTERNAL;
}

static void describe_failure(const weft_kernel *kernel, weft_diagnostics *diagnostics) {
    weft_diagnostics_sort(diagnostics);
    weft_message_set((weft_message *)&kernel->message, diagnostics);
}

weft_status weft_plan_create(const weft_kernel *kernel, const weft_shape *shape, const weft_binding *bindings,
                             size_t count, weft_plan **out) {
    if (!out) return WEFT_INVALID_ARGUMENT;
    *out = NULL;
    if (!kernel || (count && !bindings)) return WEFT_INVALID_ARGUMENT;
    double start = now();
    weft_diagnostics diagnostics;
    weft_diagnostics_init(&diagnostics, weft_engine_allocator(kernel->engine), &kernel->program->sources);
    weft_plan *plan = new_plan(kernel);
    weft_status status = WEFT_OK;
    if (!plan)
        status = WEFT_OUT_OF_MEMORY;
    else if (!weft_plan_read_shape(plan, shape, &diagnostics) || !bind(plan, bindings, count, &diagnostics) ||
             !lay_out(plan, &diagnostics))
        status = weft_status_of_failure(&diagnostics);
    if (status == WEFT_OK) {
        plan->info.seconds = now() - start;
        *out = plan;
    } else {
        weft_plan_destroy(plan);
        describe_failure(kernel, &diagnostics);
    }
    weft_diagnostics_free(&diagnostics);
    return status;
}
