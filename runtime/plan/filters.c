/* The filters of a plan: one for each set that stands beside a list which q and k choose, made once. */
#include "plan/build.h"

/* What the list itself says of its pairs that does not depend on what is chosen. 0: nothing. */
static weft_id within_of(const weft_dag *dag, weft_id list) {
    switch (weft_node_at(dag, list)->op) {
    case WEFT_ATOM_TOPK: return weft_operand(dag, list, 4);
    case WEFT_ATOM_VERTICAL_SLASH: return weft_operand(dag, list, 3);
    default: return 0;
    }
}

static const weft_listed_filter *find(const weft_plan *plan, weft_id set, weft_id list) {
    for (uint32_t n = 0; n < plan->filter_count; n++)
        if (plan->filters[n].set == set && plan->filters[n].list == list) return &plan->filters[n];
    return NULL;
}

static bool make(weft_planner *planner, weft_listed_filter *entry) {
    weft_plan *plan = planner->plan;
    weft_dag *dag = &plan->bound.dag;
    weft_id within = within_of(dag, entry->list), set = entry->set;
    bool open = !within || weft_node_at(dag, within)->op == WEFT_ATOM_ALL;
    if (!open && weft_node_at(dag, set)->op == WEFT_ATOM_ALL)
        set = within;
    else if (!open)
        set = weft_make_set(dag, WEFT_OP_INTERSECTION, WEFT_NO_SPAN, 2, set, within);
    entry->filter = weft_allocate_zero(planner->allocator, sizeof *entry->filter);
    if (!set || !entry->filter || !weft_filter_make(entry->filter, &plan->bound, &plan->shape, set, &entry->fits))
        return false;
    if (!entry->fits) weft_filter_free(entry->filter, planner->allocator); /* what is there is of no use */
    return true;
}

bool weft_plan_filter(weft_planner *planner, weft_id set, weft_id list, const weft_filter **filter) {
    weft_plan *plan = planner->plan;
    const weft_listed_filter *found = find(plan, set, list);
    if (!found) {
        if (!weft_reserve(planner->allocator, &plan->filters, &plan->filter_capacity, (uint64_t)plan->filter_count + 1,
                          sizeof *plan->filters))
            return false;
        weft_listed_filter *entry = &plan->filters[plan->filter_count++]; /* freed with the others in any case */
        *entry = (weft_listed_filter){.set = set, .list = list};
        if (!make(planner, entry)) return false;
        found = entry;
    }
    *filter = found->fits ? found->filter : NULL;
    return true;
}

void weft_plan_filters_free(weft_plan *plan) {
    const weft_allocator *allocator = weft_engine_allocator(plan->kernel->engine);
    for (uint32_t n = 0; n < plan->filter_count; n++) {
        if (plan->filters[n].filter) weft_filter_free(plan->filters[n].filter, allocator);
        weft_free(allocator, plan->filters[n].filter, sizeof *plan->filters[n].filter);
    }
    weft_free(allocator, plan->filters, plan->filter_capacity * sizeof *plan->filters);
}
