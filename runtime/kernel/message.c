/* What a shared handle has to say about its last failure, behind a lock of its own. */
#include "kernel/kernel.h"

bool weft_message_init(weft_message *message, const weft_allocator *allocator) {
    message->allocator = allocator;
    weft_text_init(&message->text, allocator);
    return pthread_mutex_init(&message->lock, NULL) == 0;
}

void weft_message_free(weft_message *message) {
    weft_text_release(&message->text);
    pthread_mutex_destroy(&message->lock);
}

/* Rendered outside the lock; what cannot be rendered for want of memory leaves no stale text behind. */
void weft_message_set(weft_message *message, const weft_diagnostics *diagnostics) {
    weft_text fresh;
    weft_text_init(&fresh, message->allocator);
    weft_diagnostics_render(diagnostics, false, &fresh);
    if (fresh.failed) weft_text_release(&fresh);
    pthread_mutex_lock(&message->lock);
    weft_text old = message->text;
    message->text = fresh;
    pthread_mutex_unlock(&message->lock);
    weft_text_release(&old);
}

size_t weft_message_copy(weft_message *message, char *buffer, size_t size) {
    pthread_mutex_lock(&message->lock);
    size_t length = weft_text_copy_out(&message->text, buffer, size);
    pthread_mutex_unlock(&message->lock);
    return length;
}
