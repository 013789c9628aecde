/* weft ir: a pattern after a stage of the pipeline. */
#include <string.h>

#include "cli.h"

int command_ir(const options *given) {
    enum { USUAL_DIM = 64 };
    weft_kernel_options how = {.size = sizeof how,
                               .head_dim = given->head_dim ? given->head_dim : USUAL_DIM,
                               .value_dim = given->value_dim,
                               .target = target_of(given)};
    weft_stage stage = given->given & TAKES(STAGE) ? (weft_stage)given->stage : WEFT_STAGE_BLOCKS;
    char *text = NULL;
    session s = {0};
    int code = session_open(&s, given, false);
    if (!code) code = session_choose(&s);
    if (!code) {
        weft_status status = weft_module_dump(s.module, s.pattern, stage, &how, &text);
        if (status != WEFT_OK) session_explain(&s);
        code = exit_code(status);
    }
    if (text) {
        fputs(text, stdout);
        if (*text && text[strlen(text) - 1] != '\n') putchar('\n');
        weft_text_free(s.module, text);
    }
    session_close(&s);
    return code;
}
