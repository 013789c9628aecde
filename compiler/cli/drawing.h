/* Where pictures go: into a .png or .svg file, or the terminal. */
#ifndef WEFT_CLI_DRAWING_H
#define WEFT_CLI_DRAWING_H

#include "cli.h"
#include "picture/picture.h"

/* Is the name of -o, if it was given, that of a picture? False with a complaint. */
bool drawing_is_possible(const options *given);
/* Writes a picture where `given` wants it; an exit code. */
int drawing_write(const picture *image, const options *given);
/* "longformer (w=4, g=1)": the pattern with its parameters, as malloc'ed text, or NULL. */
char *drawing_title(const session *s);

#endif
