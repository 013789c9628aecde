/* gdb's interface for code made at run time (its manual, "JIT Compilation Interface"; lldb has it too): a list of ELF
 * files in memory, and a function at which the debugger stops to look at it. Its names are fixed, so this is the one
 * place where the libraries have globals. They hold nothing that a run reads. */
#include <pthread.h>

#include "kernel/debug.h"

struct weft_jit_entry {
    weft_jit_entry *next, *previous;
    const char *file;
    uint64_t size;
    weft_text text; /* the file's bytes; beyond what debuggers know of */
};

typedef enum weft_jit_action { JIT_NOTHING, JIT_REGISTER, JIT_UNREGISTER } weft_jit_action;

struct jit_descriptor {
    uint32_t version, action;
    weft_jit_entry *relevant, *first;
};

extern struct jit_descriptor __jit_debug_descriptor;
void __jit_debug_register_code(void);

struct jit_descriptor __jit_debug_descriptor = {.version = 1};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the list */

__attribute__((noinline)) void __jit_debug_register_code(void) { __asm__ volatile("" ::: "memory"); }

static void tell(weft_jit_action action, weft_jit_entry *entry) {
    __jit_debug_descriptor.action = (uint32_t)action;
    __jit_debug_descriptor.relevant = entry;
    __jit_debug_register_code();
    __jit_debug_descriptor.action = JIT_NOTHING;
    __jit_debug_descriptor.relevant = NULL;
}

weft_jit_entry *weft_jit_register(const weft_kernel *kernel) {
    const weft_allocator *allocator = weft_engine_allocator(kernel->engine);
    weft_jit_entry *entry = weft_allocate_zero(allocator, sizeof *entry);
    if (!entry) return NULL;
    weft_text_init(&entry->text, allocator);
    if (!weft_debug_elf(kernel, &entry->text)) {
        weft_text_release(&entry->text);
        weft_free(allocator, entry, sizeof *entry);
        return NULL;
    }
    entry->file = entry->text.at;
    entry->size = entry->text.size;
    pthread_mutex_lock(&lock);
    entry->next = __jit_debug_descriptor.first;
    if (entry->next) entry->next->previous = entry;
    __jit_debug_descriptor.first = entry;
    tell(JIT_REGISTER, entry);
    pthread_mutex_unlock(&lock);
    return entry;
}

void weft_jit_unregister(const weft_allocator *allocator, weft_jit_entry *entry) {
    if (!entry) return;
    pthread_mutex_lock(&lock);
    if (entry->previous) {
        entry->previous->next = entry->next;
    } else {
        __jit_debug_descriptor.first = entry->next;
    }
    if (entry->next) entry->next->previous = entry->previous;
    tell(JIT_UNREGISTER, entry);
    pthread_mutex_unlock(&lock);
    weft_text_release(&entry->text);
    weft_free(allocator, entry, sizeof *entry);
}
