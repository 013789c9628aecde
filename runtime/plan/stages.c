/* From the passes of a program to the stages of every kind of head. A pass that does not pay joins the
 * contiguous one; what is left empty has no stage. Each class of positions gets a layout, and equal ones share it. */
#include <string.h>

#include "plan/build.h"
#include "plan/clusters.h"

weft_id weft_join_sets(weft_planner *planner, weft_id a, weft_id b) {
    if (!a || !b) return a ? a : b;
    return weft_make_set(&planner->plan->bound.dag, WEFT_OP_UNION, WEFT_NO_SPAN, 2, a, b);
}

weft_id weft_step_set(weft_planner *planner, const weft_step *step) {
    if (!step->list) return step->set;
    return weft_make_set(&planner->plan->bound.dag, WEFT_OP_INTERSECTION, WEFT_NO_SPAN, 2, step->list, step->set);
}

/* A step, or one part of it, in a phase. */
typedef struct weft_turn {
    const weft_step *step;
    uint32_t phase, part;
    bool clusters, rest;
    const weft_filter *filter;
} weft_turn;

/* The layout of that set and space in that phase, new or old. */
static bool find_layout(weft_planner *planner, weft_id set, weft_space space, const weft_turn *turn, uint32_t *number) {
    weft_plan *plan = planner->plan;
    weft_place place;
    weft_id list = turn->step->list;
    memset(&place, 0, sizeof place);
    place.set = set;
    place.list = list;
    place.phase = turn->phase;
    place.rest = turn->rest;
    place.part = turn->part;
    place.first = space.first;
    place.keys = space.keys;
    *number = weft_records_add(&planner->places, &place);
    if (*number == WEFT_NO_NUMBER) return false;
    if (*number < plan->layout_count) return true;
    if (!weft_reserve(planner->allocator, &plan->layouts, &plan->layout_capacity, (uint64_t)plan->layout_count + 1,
                      sizeof *plan->layouts))
        return false;
    plan->layouts[plan->layout_count++] = (weft_layout){.set = set,
                                                        .list = list,
                                                        .at_run = list && weft_list_is_at_run(plan, set, list),
                                                        .clusters = turn->clusters,
                                                        .part = turn->part,
                                                        .filter = turn->filter,
                                                        .space = space,
                                                        .rest = turn->rest,
                                                        .phase = turn->phase};
    plan->clusters |= turn->clusters;
    return true;
}

bool weft_rest_layout(weft_planner *planner, weft_id set, uint32_t *number) {
    const weft_shape *shape = &planner->plan->shape;
    const weft_step step = {.set = set, .stride = 1};
    const weft_turn turn = {.step = &step, .rest = true};
    return find_layout(planner, set, weft_space_of(shape->queries, shape->keys), &turn, number);
}

/* A strided step is not refused: that it pays has shown so. */
static bool add_class(weft_planner *planner, const weft_turn *turn, int64_t residue) {
    weft_plan *plan = planner->plan;
    const weft_step *step = turn->step;
    weft_space space = weft_space_of(plan->shape.queries, plan->shape.keys);
    weft_id set = step->set;
    bool refused = false;
    if (step->stride > 1) {
        set = weft_stride_set(&plan->bound, set, space, step->stride, residue, &refused);
        space = weft_space_class(space, step->stride, residue);
    }
    return set && find_layout(planner, set, space, turn, &plan->classes[plan->class_count++]);
}

static bool add_stage(weft_planner *planner, weft_turn turn, weft_route *route) {
    weft_plan *plan = planner->plan;
    const weft_step *step = turn.step;
    if (!weft_reserve(planner->allocator, &plan->stages, &plan->stage_capacity, (uint64_t)plan->stage_count + 1,
                      sizeof *plan->stages) ||
        !weft_reserve(planner->allocator, &plan->classes, &plan->class_capacity,
                      plan->class_count + (uint64_t)step->stride, sizeof *plan->classes))
        return false;
    plan->stages[plan->stage_count++] = (weft_stage){.stride = step->stride, .first_class = plan->class_count};
    turn.phase = route->stage_count++;
    for (int64_t residue = 0; residue < step->stride; residue++)
        if (!add_class(planner, &turn, residue)) return false;
    return true;
}

/* Is what q and k choose for the step made of clusters? Scores that depend on positions know nothing of them, and what
 * is taken away of pairs that are approximated is known of rows alone. */
static bool can_cluster(const weft_planner *planner, const weft_step *step) {
    const weft_plan *plan = planner->plan;
    const weft_program *program = plan->kernel->program;
    return step->set && step->list && !program->bias && !program->rest.kind &&
           weft_cluster_parts(&plan->bound.dag, step->list);
}

/* A stage a part. */
static bool add_step(weft_planner *planner, const weft_step *step, weft_route *route) {
    const weft_dag *dag = &planner->plan->bound.dag;
    weft_turn turn = {.step = step};
    uint32_t parts = can_cluster(planner, step) ? weft_cluster_parts(dag, step->list) : 0;
    if (parts && !weft_plan_filter(planner, step->set, step->list, &turn.filter)) return false;
    if (!turn.filter) return add_stage(planner, turn, route);
    for (; turn.part < parts; turn.part++) {
        turn.clusters = weft_part_clusters(dag, step->list, turn.part);
        if (!add_stage(planner, turn, route)) return false;
    }
    return true;
}

/* Sends every step that does not pay to the contiguous one, steps[0]. */
static bool settle_steps(weft_planner *planner, weft_step *steps, uint32_t count) {
    for (uint32_t k = 1; k < count; k++) {
        bool pays = false;
        if (!steps[k].set) continue;
        if (!weft_step_pays(planner, steps[0].set, &steps[k], &pays)) return false;
        if (pays) continue;
        weft_id set = weft_step_set(planner, &steps[k]);
        steps[0].set = set ? weft_join_sets(planner, steps[0].set, set) : 0;
        if (!steps[0].set) return false;
        steps[k].set = 0;
    }
    return true;
}

/* Some stage there must be, to leave 0 and -inf where there are no keys at all, and one before all clusters. */
static bool add_route(weft_planner *planner, weft_step *steps, uint32_t count, weft_route *route) {
    weft_plan *plan = planner->plan;
    uint32_t first = 0;
    route->first_stage = plan->stage_count;
    if (!settle_steps(planner, steps, count)) return false;
    while (first < count && !steps[first].set) first++;
    if (first == count || can_cluster(planner, &steps[first])) {
        steps[0].set = weft_make_set(&plan->bound.dag, WEFT_ATOM_NONE, WEFT_NO_SPAN, 0);
        if (!steps[0].set) return false;
    }
    for (uint32_t k = 0; k < count; k++)
        if (steps[k].set && !add_step(planner, &steps[k], route)) return false;
    return true;
}

bool weft_plan_stages(weft_planner *planner) {
    weft_plan *plan = planner->plan;
    uint32_t passes = plan->kernel->program->pass_count;
    if (!weft_reserve(planner->allocator, &plan->routes, &plan->route_capacity, planner->recipes.count,
                      sizeof *plan->routes))
        return false;
    for (uint32_t n = 0; n < planner->recipes.count; n++) {
        plan->routes[n] = (weft_route){0};
        weft_step *steps = (weft_step *)(void *)(planner->recipes.at + n * planner->recipes.size);
        if (!add_route(planner, steps, passes, &plan->routes[n])) return false;
        plan->route_count++;
    }
    for (size_t n = 0; n < weft_plan_heads(plan); n++) plan->routes[plan->route_of[n]].heads++;
    return true;
}
