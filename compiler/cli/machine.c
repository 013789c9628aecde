#include "machine.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* The value of the first line "name : value" of a text; false when there is none. */
static bool find_value(const char *text, const char *name, char *out, size_t size) {
    size_t length = strlen(name);
    for (const char *line = text; *line; line += *line == '\n') {
        const char *end = line + strcspn(line, "\n"), *after = line + length;
        if (!strncmp(line, name, length)) {
            after += strspn(after, " \t");
            if (*after == ':') {
                after++;
                after += strspn(after, " \t");
                snprintf(out, size, "%.*s", (int)(end - after), after);
                return true;
            }
        }
        line = end;
    }
    return false;
}

/* x86 has "model name"; elsewhere the kernel's name of the architecture has to do. */
static void name_processor(char *out, size_t size) {
    char text[4096] = "";
    FILE *file = fopen("/proc/cpuinfo", "r");
    if (file) {
        text[fread(text, 1, sizeof text - 1, file)] = 0;
        fclose(file);
    }
    struct utsname kernel;
    if (find_value(text, "model name", out, size) || find_value(text, "Model", out, size)) return;
    snprintf(out, size, "%s", uname(&kernel) == 0 ? kernel.machine : "unknown");
}

static int count_cores(void) {
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return CPU_COUNT(&allowed);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

void machine_describe(weft_context *context, machine *out) {
    memset(out, 0, sizeof *out);
    name_processor(out->processor, sizeof out->processor);
    out->cores = count_cores();
    char nothing[1];
    size_t size = weft_doctor(context, nothing, sizeof nothing) + 1;
    char *text = malloc(size);
    if (!text) return;
    weft_doctor(context, text, size);
    find_value(text, "host", out->host, sizeof out->host);
    find_value(text, "target", out->target, sizeof out->target);
    find_value(text, "code generator", out->generator, sizeof out->generator);
    free(text);
}
