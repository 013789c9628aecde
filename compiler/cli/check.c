/* weft check: what a file defines, or what is wrong with it. */
#include <inttypes.h>

#include "cli.h"

static void list_patterns(const session *s) {
    const char *pattern;
    for (size_t n = 0; (pattern = weft_module_pattern(s->module, n)); n++) {
        weft_parameter parameter;
        printf("%s(", pattern);
        for (size_t k = 0; weft_module_parameter(s->module, pattern, k, &parameter); k++)
            printf("%s%s: %s%s", k ? ", " : "", parameter.name, parameter.type, parameter.has_default ? "?" : "");
        puts(")");
    }
}

static void write_patterns(const session *s) {
    const char *pattern;
    for (size_t n = 0; s->module && (pattern = weft_module_pattern(s->module, n)); n++) {
        weft_parameter parameter;
        fputs(n ? ", {\"name\": " : "{\"name\": ", stdout);
        json_string(stdout, pattern);
        fputs(", \"parameters\": [", stdout);
        for (size_t k = 0; weft_module_parameter(s->module, pattern, k, &parameter); k++) {
            fputs(k ? ", {\"name\": " : "{\"name\": ", stdout);
            json_string(stdout, parameter.name);
            fputs(", \"type\": ", stdout);
            json_string(stdout, parameter.type);
            printf(", \"has_default\": %s}", parameter.has_default ? "true" : "false");
        }
        fputs("]}", stdout);
    }
}

static void write_diagnostics(const session *s) {
    weft_diagnostic d;
    for (size_t n = 0; s->context && weft_context_diagnostic(s->context, n, &d); n++) {
        fputs(n ? ",\n  {\"code\": " : "\n  {\"code\": ", stdout);
        json_string(stdout, d.code);
        printf(", \"severity\": \"%s\", \"file\": ", d.is_error ? "error" : "warning");
        json_string(stdout, d.file);
        printf(", \"line\": %" PRIu32 ", \"column\": %" PRIu32 ", \"end_line\": %" PRIu32 ", \"end_column\": %" PRIu32,
               d.line, d.column, d.end_line, d.end_column);
        fputs(", \"message\": ", stdout);
        json_string(stdout, d.message);
        fputs(", \"suggestion\": ", stdout);
        json_string(stdout, d.suggestion);
        fputs("}", stdout);
    }
}

static void write_report(const session *s, int code) {
    fputs("{\"file\": ", stdout);
    json_string(stdout, s->given->words[0]);
    printf(", \"ok\": %s, \"patterns\": [", code == EXIT_FINE ? "true" : "false");
    write_patterns(s);
    fputs("], \"diagnostics\": [", stdout);
    write_diagnostics(s);
    puts("]}");
}

int command_check(const options *given) {
    const weft_kernel_options plan_only = {.size = sizeof plan_only, .plan_only = true};
    session s = {0};
    int code = session_open(&s, given, given->json);
    if (!code && !given->json) session_explain(&s); /* warnings */
    if (!code && given->pattern) {
        s.pattern = given->pattern;
        code = session_compile(&s, &plan_only);
    }
    if (given->json) {
        write_report(&s, code);
    } else if (!code) {
        list_patterns(&s);
    }
    session_close(&s);
    return code;
}
