/* Writing and reading images. An image is a header of fixed-width fields, the program's IR, and the code at the next
 * multiple of 64 bytes. The hash covers every byte after itself, magic and hash are compared whole, and the sizes must
 * add up exactly: no byte can change unnoticed. Numbers are in the byte order of the machine that wrote them, so an
 * image of another byte order fails at the magic. */
#include "kernel/image.h"

#include <string.h>
#include <xxhash.h>

#define MAGIC UINT64_C(0x474d495446455701) /* "\1WEFTIMG", little-endian */

enum { CODE_ALIGNMENT = 64, DTYPES = 3, ISAS = WEFT_ISA_X86_64_AMX + 1 };

typedef struct header {
    uint64_t magic;
    uint64_t hash;
    uint32_t abi, size;
    uint64_t image_size;
    uint64_t text_size;
    uint64_t code_offset, code_size;
    uint64_t tall, strip, gather, pack;
    weft_favor_code favor;
    uint32_t dtype, head_dim, value_dim, isa;
} header;

enum { HASHED_FROM = offsetof(header, abi) };

static uint64_t align_up(uint64_t value) { return (value + CODE_ALIGNMENT - 1) / CODE_ALIGNMENT * CODE_ALIGNMENT; }

static header header_of(const weft_machine_code *code, size_t text_size) {
    header made = {.magic = MAGIC, .abi = WEFT_KERNEL_ABI, .size = sizeof made, .text_size = text_size};
    made.code_offset = align_up(sizeof made + text_size);
    made.image_size = made.code_offset;
    if (!code || !code->bytes) return made;
    made.image_size += code->size;
    made.code_size = code->size;
    made.tall = code->tall, made.strip = code->strip, made.gather = code->gather, made.pack = code->pack;
    made.favor = code->favor;
    made.dtype = code->dtype, made.head_dim = code->head_dim, made.value_dim = code->value_dim;
    made.isa = (uint32_t)code->isa;
    return made;
}

bool weft_image_write(const weft_program *program, const weft_machine_code *code, weft_text *out) {
    static const char zeros[CODE_ALIGNMENT] = {0};
    weft_text text;
    weft_text_init(&text, program->allocator);
    weft_print_program(program, &text);
    header head = header_of(code, text.size);
    size_t start = out->size;
    weft_text_add(out, (const char *)&head, sizeof head);
    weft_text_add(out, text.at, text.size);
    weft_text_add(out, zeros, (size_t)(head.code_offset - sizeof head - text.size));
    if (head.code_size) weft_text_add(out, code->bytes, code->size);
    bool done = !text.failed && !out->failed;
    weft_text_release(&text);
    if (!done) return false;
    head.hash = XXH3_64bits(out->at + start + HASHED_FROM, out->size - start - HASHED_FROM);
    memcpy(out->at + start, &head, sizeof head);
    return true;
}

/* What is wrong with the bytes, or NULL. */
static const char *damage(const weft_image *image, const header *head) {
    if (head->magic != MAGIC) return "these bytes are not a Weft image";
    if (head->size != sizeof *head || head->abi != WEFT_KERNEL_ABI)
        return "the image was made by another version of Weft";
    if (head->image_size != image->size) return "the image is cut short, or has bytes after its end";
    if (head->hash != XXH3_64bits((const char *)image->data + HASHED_FROM, image->size - HASHED_FROM))
        return "the image is damaged: its checksum does not match";
    return NULL;
}

/* An entry that there need not be. */
static bool is_astray(const header *head, uint64_t entry) { return entry >= head->code_size && entry != WEFT_NO_ENTRY; }

/* The same for what the fields say, so that even a well-signed image cannot point outside itself. */
static const char *nonsense(const header *head) {
    uint64_t room = head->image_size - sizeof *head;
    if (head->text_size > room || head->code_offset != align_up(sizeof *head + head->text_size) ||
        head->code_offset > head->image_size || head->code_size != head->image_size - head->code_offset)
        return "the parts of the image do not fit it";
    if (head->code_size == 0) return NULL;
    if (head->tall >= head->code_size || head->strip >= head->code_size || is_astray(head, head->gather) ||
        is_astray(head, head->pack) || is_astray(head, head->favor.item) || is_astray(head, head->favor.rows) ||
        is_astray(head, head->favor.pairs) || is_astray(head, head->favor.fold))
        return "the image's code has no entry where it should";
    if (head->dtype >= DTYPES || head->isa == WEFT_ISA_NONE || head->isa >= ISAS)
        return "the image is for an element type or processor that this version does not know";
    if (head->head_dim - 1 >= WEFT_MAX_DIM || head->value_dim - 1 >= WEFT_MAX_DIM)
        return "the image's head dimensions are out of range";
    return NULL;
}

weft_status weft_image_read(const weft_image *image, const char **text, size_t *text_size, weft_machine_code *code,
                            weft_diagnostics *diagnostics) {
    header head;
    const char *wrong = "there is no image";
    if (image && image->data) wrong = image->size < sizeof head ? "the image is cut short" : NULL;
    if (!wrong) {
        memcpy(&head, image->data, sizeof head);
        wrong = damage(image, &head);
    }
    if (!wrong) wrong = nonsense(&head);
    if (wrong) {
        weft_diagnose(diagnostics, WEFT_E0703, WEFT_NO_SPAN, "%s", wrong);
        return WEFT_INVALID_ARGUMENT;
    }
    const char *bytes = image->data;
    *text = bytes + sizeof head;
    *text_size = (size_t)head.text_size;
    *code = (weft_machine_code){.bytes = head.code_size ? bytes + head.code_offset : NULL,
                                .size = (size_t)head.code_size,
                                .tall = head.tall,
                                .strip = head.strip,
                                .gather = head.gather,
                                .pack = head.pack,
                                .favor = head.favor,
                                .dtype = head.dtype,
                                .head_dim = head.head_dim,
                                .value_dim = head.value_dim,
                                .isa = (weft_isa)head.isa};
    return WEFT_OK;
}
