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
    weft_text image;
    weft_machine_code code; /* bytes point into `pages` */
    void *pages;            /* read and execute, never write */
    size_t pages_size;
    weft_message message;
};

/* weft_kernel_from_image under an engine that exists already. Diagnostics may be NULL. */
WEFT_SHARED weft_status weft_kernel_from_image_in(weft_engine *engine, const weft_image *image,
                                                  weft_diagnostics *diagnostics, weft_kernel **out);
void weft_kernel_retain(const weft_kernel *kernel);

#endif
