/* Files: outputs that appear whole or not at all, and whole inputs. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

/* ---- outputs ------------------------------------------------------------------------------------------------ */

static bool refuse(output_file *out, const char *path) {
    complain("%s: %s", path, strerror(errno));
    output_discard(out);
    return false;
}

/* A temporary file beside its place, with the permissions of the file that it replaces (NULL: those of a new one). */
static bool open_beside(output_file *out, const struct stat *replaced) {
    static const char suffix[] = ".XXXXXX";
    size_t size = strlen(out->path) + sizeof suffix;
    char *name = malloc(size);
    if (!name) return false;
    snprintf(name, size, "%s%s", out->path, suffix);
    int descriptor = mkstemp(name);
    if (descriptor < 0) {
        free(name);
        return false;
    }
    out->temporary = name;
    mode_t mask = umask(0);
    umask(mask);
    fchmod(descriptor, replaced ? replaced->st_mode & 0777 : 0666 & ~mask);
    out->stream = fdopen(descriptor, "wb");
    if (!out->stream) close(descriptor);
    return out->stream != NULL;
}

bool output_open(output_file *out, const char *path) {
    memset(out, 0, sizeof *out);
    if (!strcmp(path, "-")) {
        out->stream = stdout;
        return true;
    }
    struct stat status;
    bool exists = stat(path, &status) == 0;
    out->path = exists ? realpath(path, NULL) : strdup(path); /* through links, so that they stay links */
    if (!out->path) return refuse(out, path);
    if (exists && S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        return refuse(out, path);
    }
    if (!exists || S_ISREG(status.st_mode)) return open_beside(out, exists ? &status : NULL) || refuse(out, path);
    out->stream = fopen(out->path, "wb");
    return out->stream || refuse(out, path);
}

bool output_commit(output_file *out) {
    const char *name = out->path ? out->path : "standard output";
    FILE *stream = out->stream;
    bool written = !ferror(stream) && fflush(stream) == 0;
    if (written && out->temporary) written = fsync(fileno(stream)) == 0;
    int reason = errno;
    if (stream != stdout && fclose(stream) != 0 && written) {
        written = false;
        reason = errno;
    }
    out->stream = NULL;
    if (written && out->temporary && rename(out->temporary, out->path) != 0) {
        written = false;
        reason = errno;
    }
    if (written) {
        free(out->temporary);
        out->temporary = NULL;
    } else {
        complain("%s: %s", name, strerror(reason));
        if (stream == stdout) clearerr(stdout); /* it has been said */
    }
    output_discard(out);
    return written;
}

void output_discard(output_file *out) {
    if (out->stream && out->stream != stdout) fclose(out->stream);
    if (out->temporary) unlink(out->temporary);
    free(out->temporary);
    free(out->path);
    memset(out, 0, sizeof *out);
}

/* ---- inputs ------------------------------------------------------------------------------------------------- */

char *read_all(FILE *stream, const char *name, size_t *size) {
    const size_t most = (size_t)1 << 26; /* the library refuses far smaller files */
    char *data = NULL;
    size_t room = 0;
    *size = 0;
    do {
        if (*size == room) {
            room = room ? 2 * room : 1 << 16;
            char *more = realloc(data, room);
            if (!more) {
                complain("%s: out of memory", name);
                free(data);
                return NULL;
            }
            data = more;
        }
        *size += fread(data + *size, 1, room - *size, stream);
    } while (!feof(stream) && !ferror(stream) && *size < most);
    if (!ferror(stream)) return data;
    complain("%s: %s", name, strerror(errno));
    free(data);
    return NULL;
}

bool read_npy(const char *path, npy_array *out) {
    npy_error error;
    FILE *file = fopen(path, "rb");
    if (!file) {
        complain("%s: %s", path, strerror(errno));
        return false;
    }
    bool read = npy_read(file, out, &error);
    if (!read) complain("%s: %s", path, ferror(file) ? strerror(errno) : error.text);
    fclose(file);
    return read;
}
