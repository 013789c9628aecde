/* The pattern file of a mask. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "import.h"

/* Which set `attend` has: that of the most heads. */
static int usual_kind(const import_job *job) {
    int64_t counts[MOST_KINDS] = {0};
    int best = 0;
    for (int64_t head = 0; head < job->heads; head++) counts[job->kind_of[head]]++;
    for (int kind = 1; kind < job->kind_count; kind++)
        if (counts[kind] > counts[best]) best = kind;
    return best;
}

static void write_heads(const import_job *job, int kind, FILE *out) {
    const char *between = "";
    int64_t count = 0;
    for (int64_t head = 0; head < job->heads; head++) count += job->kind_of[head] == kind;
    fputs(count > 1 ? "    heads {" : "    heads ", out);
    for (int64_t head = 0; head < job->heads; head++) {
        if (job->kind_of[head] != kind) continue;
        fprintf(out, "%s%" PRId64, between, head);
        between = ", ";
    }
    fprintf(out, "%s: %s;\n", count > 1 ? "}" : "", job->sets[kind] ? job->sets[kind] : "given(pairs)");
}

static void write_parameters(const import_job *job, FILE *out) {
    const char *texts[] = {import_is_given(job) ? "pairs: mask" : NULL, job->labels ? "doc: labels" : NULL,
                           job->tiles.cells ? "tiles: mask" : NULL};
    const char *before = "(";
    for (size_t n = 0; n < sizeof texts / sizeof *texts; n++) {
        if (!texts[n]) continue;
        fprintf(out, "%s%s", before, texts[n]);
        before = ", ";
    }
    if (before[0] == ',') fputc(')', out);
}

static void write_comment(const import_job *job, FILE *out) {
    const char *file = strrchr(job->given->words[0], '/');
    file = file ? file + 1 : job->given->words[0];
    fprintf(out,
            "# The mask of %s: at %" PRId64 " queries, %" PRId64 " keys and %" PRId64
            " %s exactly its pairs, each of which was compared.\n",
            file, job->queries, job->keys, job->heads, job->heads == 1 ? "head" : "heads");
    if (import_is_given(job)) fprintf(out, "# Needs --array pairs=%s\n", file);
    if (job->labels) fprintf(out, "# Needs --array doc=%s_doc.npy\n", job->name);
    if (job->tiles.cells) fprintf(out, "# Needs --array tiles=%s_tiles.npy\n", job->name);
}

static void write_pattern(const import_job *job, FILE *out) {
    int usual = usual_kind(job);
    write_comment(job, out);
    fprintf(out, "pattern %s", job->name);
    write_parameters(job, out);
    fputs(" {\n", out);
    for (int kind = 0; kind < job->kind_count; kind++)
        if (kind != usual) write_heads(job, kind, out);
    fprintf(out, "    attend %s;\n}\n", job->sets[usual] ? job->sets[usual] : "given(pairs)");
}

char *import_text(const import_job *job) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out) return NULL;
    write_pattern(job, out);
    bool failed = ferror(out);
    if (fclose(out) == 0 && !failed) return text;
    free(text);
    return NULL;
}
