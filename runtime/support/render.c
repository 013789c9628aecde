/* Diagnostics as text: place, message, source line, carets, suggestion, notes. Whatever comes from a file or a host is
 * shown harmless: no control byte, escape or direction mark of it reaches the terminal. */
#include "support/diagnostics.h"
#include "support/utf8.h"

#include <string.h>

enum {
    INDENT = 4,
    TAB = 8,
    WIDTH = 120,       /* longer lines are cut around the span */
    LEAD = 40,         /* what a cut line shows before the span */
    REACH = 4 * WIDTH, /* bytes that WIDTH code points may take: how far a line is looked at */
};

typedef struct palette {
    const char *place, *error, *warning, *note, *mark, *plain;
} palette;

static const palette plain_palette = {"", "", "", "", "", ""};
static const palette color_palette = {"\033[1m", "\033[1;31m", "\033[1;35m", "\033[1;36m", "\033[1;32m", "\033[0m"};

static void add(weft_text *out, const char *string) { weft_text_add(out, string, strlen(string)); }

static void add_repeated(weft_text *out, char c, size_t count) {
    for (; count > 0; count--) weft_text_add(out, &c, 1);
}

/* Controls, and what moves or hides the text around it. */
static bool is_harmful(uint32_t point) {
    return point < 0x20 || (point >= 0x7F && point < 0xA0) || (point >= 0x200B && point <= 0x200F) ||
           (point >= 0x2028 && point <= 0x202E) || (point >= 0x2060 && point <= 0x206F) || point == 0xFEFF ||
           point == WEFT_UTF8_INVALID;
}

/* Adds the code point at `bytes` and returns its length. */
static size_t add_harmless(weft_text *out, const char *bytes, size_t size) {
    uint32_t point;
    size_t length = weft_utf8_read(bytes, size, &point);
    if (is_harmful(point))
        add(out, "\uFFFD");
    else
        weft_text_add(out, bytes, length);
    return length;
}

static void add_harmless_string(weft_text *out, const char *string) {
    for (size_t size = strlen(string), at = 0; at < size;) at += add_harmless(out, string + at, size - at);
}

/* ---- the source line ---------------------------------------------------------------------------------------- */

/* The part of a line that is shown. */
typedef struct excerpt {
    const char *text;
    size_t begin, end;
    bool cut_before, cut_after;
} excerpt;

static size_t skip_points(const char *text, size_t at, size_t end, size_t count) {
    uint32_t point;
    for (; count > 0 && at < end; count--) at += weft_utf8_read(text + at, end - at, &point);
    return at < end ? at : end;
}

static size_t count_points(const char *text, size_t at, size_t end) {
    size_t count = 0;
    for (; at < end; count++) at = skip_points(text, at, end, 1);
    return count;
}

/* The line around byte `focus`, looked at no further than REACH to either side. */
static excerpt find_line(const weft_source *source, size_t focus) {
    excerpt line = {.text = source->text, .begin = focus, .end = focus};
    while (line.begin > 0 && source->text[line.begin - 1] != '\n' && focus - line.begin < REACH) line.begin--;
    while (line.end < source->size && source->text[line.end] != '\n' && line.end - focus < REACH) line.end++;
    line.cut_before = line.begin > 0 && source->text[line.begin - 1] != '\n';
    line.cut_after = line.end < source->size && source->text[line.end] != '\n';
    bool marked = line.begin == 0 && source->size >= 3 && !memcmp(source->text, "\xEF\xBB\xBF", 3);
    if (marked && focus >= 3) line.begin = 3; /* a byte order mark is no text */
    if (!line.cut_after && line.end > line.begin && source->text[line.end - 1] == '\r') line.end--;
    while (line.cut_before && line.begin < focus && (source->text[line.begin] & 0xC0) == 0x80) line.begin++;
    return line;
}

static excerpt cut_line(excerpt line, size_t focus) {
    if (!line.cut_before && !line.cut_after && count_points(line.text, line.begin, line.end) <= WIDTH) return line;
    size_t before = focus > line.begin ? count_points(line.text, line.begin, focus) : 0;
    if (before > WIDTH / 2) {
        line.begin = skip_points(line.text, line.begin, line.end, before - LEAD);
        line.cut_before = true;
    }
    size_t end = skip_points(line.text, line.begin, line.end, WIDTH);
    line.cut_after |= end < line.end;
    line.end = end;
    return line;
}

/* The line, and under it a caret and tildes below the part of the span that stands in it. */
static void add_excerpt(const weft_source *source, weft_span span, const palette *colors, weft_text *out) {
    excerpt line = cut_line(find_line(source, span.begin), span.begin);
    size_t lead = 0, marked = 0, column = 0;
    add_repeated(out, ' ', INDENT);
    if (line.cut_before) {
        add(out, "…");
        column = lead = 1;
    }
    for (size_t at = line.begin; at < line.end;) {
        bool is_tab = line.text[at] == '\t';
        size_t columns = is_tab ? TAB - column % TAB : 1;
        size_t next = at + 1;
        if (is_tab)
            add_repeated(out, ' ', columns);
        else
            next = at + add_harmless(out, line.text + at, line.end - at);
        if (next <= span.begin)
            lead += columns;
        else if (at < span.end)
            marked += columns;
        column += columns;
        at = next;
    }
    if (line.cut_after) add(out, "…");
    add(out, "\n");
    add_repeated(out, ' ', INDENT + lead);
    add(out, colors->mark);
    add(out, "^");
    add_repeated(out, '~', marked > 0 ? marked - 1 : 0);
    add(out, colors->plain);
    add(out, "\n");
}

/* ---- reports ------------------------------------------------------------------------------------------------ */

static const weft_source *source_of(const weft_diagnostics *d, weft_span span) {
    if (!d->sources || span.source == 0 || span.source > d->sources->count) return NULL;
    return &d->sources->at[span.source - 1];
}

static void add_place(const weft_diagnostics *d, weft_span span, const palette *colors, weft_text *out) {
    const weft_source *source = source_of(d, span);
    add(out, colors->place);
    if (source) {
        weft_point point = weft_sources_point(d->sources, span.source, span.begin);
        add_harmless_string(out, source->name);
        weft_text_format(out, ":%u:%u:", point.line, point.column);
    } else {
        add(out, "weft:");
    }
    add(out, colors->plain);
    add(out, " ");
}

/* The message, and the line it is about. */
static void add_message(const weft_diagnostics *d, weft_span span, const char *message, const palette *colors,
                        weft_text *out) {
    const weft_source *source = source_of(d, span);
    add_harmless_string(out, message);
    add(out, "\n");
    if (!source) return;
    if (span.begin > source->size) span.begin = (uint32_t)source->size;
    add_excerpt(source, span, colors, out);
}

static void add_report(const weft_diagnostics *d, const weft_report *report, const palette *colors, weft_text *out) {
    bool is_error = weft_code_is_error(report->code);
    add_place(d, report->span, colors, out);
    weft_text_format(out, "%s%s[%s]:%s ", is_error ? colors->error : colors->warning, is_error ? "error" : "warning",
                     weft_code_name(report->code), colors->plain);
    add_message(d, report->span, report->message, colors, out);
    if (report->suggestion) {
        add_repeated(out, ' ', INDENT);
        weft_text_format(out, "%shelp:%s did you mean `", colors->note, colors->plain);
        add_harmless_string(out, report->suggestion);
        add(out, "`?\n");
    }
    for (const weft_note *note = report->notes; note; note = note->next) {
        add_place(d, note->span, colors, out);
        weft_text_format(out, "%snote:%s ", colors->note, colors->plain);
        add_message(d, note->span, note->message, colors, out);
    }
}

void weft_diagnostics_render(const weft_diagnostics *d, bool color, weft_text *out) {
    const palette *colors = color ? &color_palette : &plain_palette;
    for (uint32_t k = 0; k < d->count; k++) add_report(d, &d->reports[k], colors, out);
    if (d->dropped) weft_text_format(out, "weft: %u more not shown\n", d->dropped);
    if (d->out_of_memory) add(out, "weft: out of memory\n");
}
