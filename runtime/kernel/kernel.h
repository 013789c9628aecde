/* The inside of a kernel: its program, its code in executable memory, and the messages of failures. */
#ifndef WEFT_KERNEL_KERNEL_H
#define WEFT_KERNEL_KERNEL_H

#include <pthread.h>

#include "kernel/image.h"
#include "set/program.h"
#include "support/engine.h"

/* The diagnostics of the last failure of a handle, as text; its own lock, so that shared handles stay shareable. */
typedef struct weft_message {
    const weft_allocator *allocator;
    pthread_mutex_t lock;
    weft_text text; /* under the lock */
} weft_message;
bool weft_message_init(weft_message *message, const weft_allocator *allocator); /* false: no lock */
void weft_message_free(weft_message *message);
void weft_message_set(weft_message *message, const weft_diagnostics *diagnostics);
size_t weft_message_copy(weft_message *message, char *buffer, size_t size);

struct weft_kernel {
    _Atomic(uint32_t) references; /* the creator's and one a plan */
    weft_engine *engine;
    weft_program *program;
    weft_image image;       /* the copy, or where it was linked */
    weft_text copy;         /* empty where it was linked */
    weft_machine_code code; /* bytes point into `pages`, or into the linked image */
    void *pages;            /* read and execute, never write; NULL where it was linked */
    size_t pages_size;
    struct weft_jit_entry *debugger; /* what one has been told of the kernel, or NULL */
    weft_message message;
};

/* weft_kernel_from_image under an engine that exists already. linked: the image lies in executable memory and stays
 * there, and its code runs where it is; else the kernel makes its own. */
WEFT_SHARED weft_status weft_kernel_load(weft_engine *engine, const weft_image *image, bool linked,
                                         weft_diagnostics *diagnostics, weft_kernel **out);
void weft_kernel_retain(const weft_kernel *kernel);

#endif
