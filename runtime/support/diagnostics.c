/* Collecting diagnostics: codes, reports, notes. render.c turns them into text. */
#include "support/diagnostics.h"

#include <string.h>

/* ---- codes -------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *title;
} codes[] = {
#define DIAGNOSTIC(code, title) {#code, title},
#include "support/codes.def"
#undef DIAGNOSTIC
};

const char *weft_code_name(weft_code code) { return codes[code].name; }
const char *weft_code_title(weft_code code) { return codes[code].title; }
bool weft_code_is_error(weft_code code) { return codes[code].name[0] == 'E'; }

/* ---- reports ------------------------------------------------------------------------------------------------ */

void weft_diagnostics_init(weft_diagnostics *d, const weft_allocator *allocator, const weft_sources *sources) {
    *d = (weft_diagnostics){.sources = sources};
    weft_arena_init(&d->arena, allocator);
}

void weft_diagnostics_free(weft_diagnostics *d) {
    weft_arena_free(&d->arena);
    weft_diagnostics_init(d, d->arena.allocator, d->sources);
}

void weft_diagnostics_clear(weft_diagnostics *d) {
    weft_arena_reset(&d->arena);
    weft_arena arena = d->arena;
    *d = (weft_diagnostics){.sources = d->sources, .arena = arena};
}

WEFT_PRINTF(2, 0)
static const char *format_message(weft_diagnostics *d, const char *format, va_list arguments) {
    weft_text text;
    weft_text_init(&text, d->arena.allocator);
    weft_text_format_list(&text, format, arguments);
    const char *message = text.failed ? NULL : weft_arena_copy(&d->arena, text.at, text.size);
    weft_text_release(&text);
    if (!message) d->out_of_memory = true;
    return message;
}

static bool is_same_place(weft_span a, weft_span b) {
    return a.source == b.source && a.begin == b.begin && a.end == b.end;
}

static bool is_known(const weft_diagnostics *d, const weft_report *report) {
    for (uint32_t k = 0; k < d->count; k++) {
        const weft_report *known = &d->reports[k];
        if (known->code != report->code || !is_same_place(known->span, report->span)) continue;
        if (report->span.source || strcmp(known->message, report->message) == 0) return true;
    }
    return false;
}

/* Makes room for an error among too many reports by dropping the last warning. */
static bool drop_a_warning(weft_diagnostics *d) {
    for (uint32_t k = d->count; k-- > 0;) {
        if (weft_code_is_error(d->reports[k].code)) continue;
        memmove(&d->reports[k], &d->reports[k + 1], (d->count - k - 1) * sizeof *d->reports);
        d->count--;
        return true;
    }
    return false;
}

static void keep(weft_diagnostics *d, const weft_report *report) {
    if (d->count == WEFT_MAX_REPORTS) {
        d->dropped++;
        if (!weft_code_is_error(report->code) || !drop_a_warning(d)) return;
    }
    if (!d->reports) d->reports = weft_arena_take(&d->arena, WEFT_MAX_REPORTS * sizeof *d->reports);
    if (!d->reports) {
        d->out_of_memory = true;
        return;
    }
    d->last = &d->reports[d->count++];
    *d->last = *report;
}

void weft_diagnose(weft_diagnostics *d, weft_code code, weft_span span, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    weft_report report = {.code = code, .span = span, .message = format_message(d, format, arguments)};
    va_end(arguments);
    d->last = NULL;
    bool known = report.message && is_known(d, &report);
    if (weft_code_is_error(code) && !known) d->errors++;
    if (report.message && !known) keep(d, &report);
}

void weft_diagnose_note(weft_diagnostics *d, weft_span span, const char *format, ...) {
    if (!d->last) return;
    va_list arguments;
    va_start(arguments, format);
    const char *message = format_message(d, format, arguments);
    va_end(arguments);
    weft_note *note = weft_arena_take(&d->arena, sizeof *note);
    if (!note || !message) {
        d->out_of_memory = true;
        return;
    }
    *note = (weft_note){.span = span, .message = message};
    weft_note **end = &d->last->notes;
    while (*end) end = &(*end)->next;
    *end = note;
}

void weft_diagnose_suggest(weft_diagnostics *d, const char *replacement) {
    if (!d->last || !replacement) return;
    d->last->suggestion = weft_arena_copy(&d->arena, replacement, strlen(replacement));
    if (!d->last->suggestion) d->out_of_memory = true;
}

static bool is_before(weft_span a, weft_span b) {
    return a.source != b.source ? a.source < b.source : a.begin < b.begin;
}

/* By insertion: stable, and there are few. */
void weft_diagnostics_sort(weft_diagnostics *d) {
    d->last = NULL;
    for (uint32_t k = 1; k < d->count; k++) {
        weft_report report = d->reports[k];
        uint32_t to = k;
        for (; to > 0 && is_before(report.span, d->reports[to - 1].span); to--) d->reports[to] = d->reports[to - 1];
        d->reports[to] = report;
    }
}
