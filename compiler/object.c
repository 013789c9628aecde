/* Writing ELF relocatable objects (the ELF-64 gABI): header, bytes, symbols, names, section headers. One string table
 * names sections and symbols alike. */
#include "object.h"

#include <elf.h>
#include <string.h>

enum { NOTHING, BYTES, STACK_NOTE, SYMBOLS, STRINGS, SECTION_COUNT };
enum { BYTES_ALIGNMENT = 64, TABLE_ALIGNMENT = 8 };

typedef struct writer {
    weft_text *out, names;
    size_t begin; /* of the object in out */
    Elf64_Shdr sections[SECTION_COUNT];
} writer;

static void add(writer *w, const void *bytes, size_t size) { weft_text_add(w->out, bytes, size); }

static size_t here(const writer *w) { return w->out->size - w->begin; }

static void align(writer *w, size_t boundary) {
    static const char zeros[BYTES_ALIGNMENT] = {0};
    add(w, zeros, (boundary - here(w) % boundary) % boundary);
}

static Elf64_Word add_name(writer *w, const char *before, const char *name) {
    size_t at = w->names.size;
    weft_text_format(&w->names, "%s%s", before, name);
    weft_text_add(&w->names, "", 1);
    return (Elf64_Word)at;
}

/* The section that was written from `from` on. */
static void end_section(writer *w, int number, size_t from) {
    w->sections[number].sh_offset = from;
    w->sections[number].sh_size = here(w) - from;
}

static void add_symbols(writer *w, const weft_object_symbol *symbols, uint32_t count) {
    static const unsigned char info[] = {[WEFT_OBJECT_LABEL] = ELF64_ST_INFO(STB_LOCAL, STT_NOTYPE),
                                         [WEFT_OBJECT_FUNCTION] = ELF64_ST_INFO(STB_LOCAL, STT_FUNC),
                                         [WEFT_OBJECT_DATA] = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT)};
    Elf64_Sym none = {0};
    Elf64_Word locals = 1;
    align(w, TABLE_ALIGNMENT);
    size_t from = here(w);
    add(w, &none, sizeof none);
    for (uint32_t n = 0; n < count; n++) {
        bool seen = symbols[n].kind == WEFT_OBJECT_DATA;
        Elf64_Sym symbol = {.st_name = add_name(w, "", symbols[n].name),
                            .st_info = info[symbols[n].kind],
                            .st_other = seen ? STV_HIDDEN : STV_DEFAULT,
                            .st_shndx = BYTES,
                            .st_value = symbols[n].offset,
                            .st_size = symbols[n].size};
        add(w, &symbol, sizeof symbol);
        locals += !seen;
    }
    end_section(w, SYMBOLS, from);
    w->sections[SYMBOLS].sh_info = locals;
}

static void name_sections(writer *w, const char *name) {
    Elf64_Shdr *s = w->sections;
    s[BYTES] = (Elf64_Shdr){.sh_name = add_name(w, ".text.", name),
                            .sh_type = SHT_PROGBITS,
                            .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
                            .sh_addralign = BYTES_ALIGNMENT};
    /* Its presence says that the stack need not be executable. */
    s[STACK_NOTE] =
        (Elf64_Shdr){.sh_name = add_name(w, "", ".note.GNU-stack"), .sh_type = SHT_PROGBITS, .sh_addralign = 1};
    s[SYMBOLS] = (Elf64_Shdr){.sh_name = add_name(w, "", ".symtab"),
                              .sh_type = SHT_SYMTAB,
                              .sh_link = STRINGS,
                              .sh_addralign = TABLE_ALIGNMENT,
                              .sh_entsize = sizeof(Elf64_Sym)};
    s[STRINGS] = (Elf64_Shdr){.sh_name = add_name(w, "", ".strtab"), .sh_type = SHT_STRTAB, .sh_addralign = 1};
}

bool weft_object_write(weft_isa isa, const char *name, const weft_text *bytes, const weft_object_symbol *symbols,
                       uint32_t count, weft_text *out) {
    writer w = {.out = out, .begin = out->size};
    Elf64_Ehdr head = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                       .e_type = ET_REL,
                       .e_machine = isa == WEFT_ISA_AARCH64 ? EM_AARCH64 : EM_X86_64,
                       .e_version = EV_CURRENT,
                       .e_ehsize = sizeof head,
                       .e_shentsize = sizeof(Elf64_Shdr),
                       .e_shnum = SECTION_COUNT,
                       .e_shstrndx = STRINGS};
    weft_text_init(&w.names, out->allocator);
    weft_text_add(&w.names, "", 1);
    name_sections(&w, name);
    add(&w, &head, sizeof head);
    align(&w, BYTES_ALIGNMENT);
    size_t from = here(&w);
    add(&w, bytes->at, bytes->size);
    end_section(&w, BYTES, from);
    end_section(&w, STACK_NOTE, here(&w));
    add_symbols(&w, symbols, count);
    from = here(&w);
    add(&w, w.names.at, w.names.size);
    end_section(&w, STRINGS, from);
    align(&w, TABLE_ALIGNMENT);
    head.e_shoff = here(&w);
    add(&w, w.sections, sizeof w.sections);
    bool done = !out->failed && !w.names.failed;
    weft_text_release(&w.names);
    if (done) memcpy(out->at + w.begin, &head, sizeof head);
    return done;
}
