/* weft doctor: what this build and this machine can do. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* Lines "name: value" as an object. Cuts the text up. */
static void write_json(char *text) {
    bool first = true;
    putchar('{');
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char *colon = strstr(line, ": ");
        if (!colon) continue;
        *colon = 0;
        if (!first) fputs(", ", stdout);
        first = false;
        json_string(stdout, line);
        fputs(": ", stdout);
        json_string(stdout, colon + 2);
    }
    puts("}");
}

int command_doctor(const options *given) {
    session s = {0};
    int code = session_open(&s, given, false);
    if (!code) {
        char nothing[1];
        size_t length = weft_doctor(s.context, nothing, sizeof nothing);
        char *text = malloc(length + 1);
        if (!text) {
            code = exit_code(WEFT_OUT_OF_MEMORY);
        } else {
            weft_doctor(s.context, text, length + 1);
            if (given->json) {
                write_json(text);
            } else {
                fputs(text, stdout);
            }
        }
        free(text);
    }
    session_close(&s);
    return code;
}
