/* A linker for the one case that occurs: .text and constants of one ELF object (the ELF-64 gABI, the x86-64 and AArch64
 * psABIs), laid out one after the other; relocations among them are relative to the place, so that only distances
 * count. The object comes from LLVM in this process and is well formed; offsets are checked all the same. */
#include "flatten.h"

#include <elf.h>
#include <string.h>

static const uint64_t ABSENT = UINT64_MAX;

typedef struct object {
    const unsigned char *bytes;
    size_t size;
    const Elf64_Ehdr *header;
    const Elf64_Shdr *sections;
    const Elf64_Sym *symbols;
    uint64_t symbol_count;
    const char *names; /* of symbols */
    uint64_t names_size;
    uint64_t *placed; /* where each section went, or ABSENT */
    weft_text *out;
    size_t base; /* of the code in out */
    weft_diagnostics *diagnostics;
} object;

static bool refuse(const object *o, const char *what, const char *name) {
    weft_diagnose(o->diagnostics, WEFT_E0901, WEFT_NO_SPAN, "generated code %s%s%s", what, name ? " " : "",
                  name ? name : "");
    return false;
}

static const void *range(const object *o, uint64_t offset, uint64_t size) {
    return offset <= o->size && size <= o->size - offset ? o->bytes + offset : NULL;
}

static bool open_object(object *o) {
    o->header = range(o, 0, sizeof *o->header);
    if (!o->header || memcmp(o->header->e_ident, ELFMAG, SELFMAG) != 0 || o->header->e_ident[EI_CLASS] != ELFCLASS64 ||
        o->header->e_ident[EI_DATA] != ELFDATA2LSB || o->header->e_type != ET_REL)
        return refuse(o, "is not a relocatable object", NULL);
    o->sections = range(o, o->header->e_shoff, (uint64_t)o->header->e_shnum * sizeof *o->sections);
    if (!o->sections) return refuse(o, "is cut short", NULL);
    for (unsigned i = 0; i < o->header->e_shnum; i++) {
        const Elf64_Shdr *table = &o->sections[i];
        if (table->sh_type != SHT_SYMTAB) continue;
        if (table->sh_link >= o->header->e_shnum) return refuse(o, "is cut short", NULL);
        const Elf64_Shdr *names = &o->sections[table->sh_link];
        o->symbols = range(o, table->sh_offset, table->sh_size);
        o->symbol_count = table->sh_size / sizeof *o->symbols;
        o->names = range(o, names->sh_offset, names->sh_size);
        o->names_size = names->sh_size;
    }
    if (!o->symbols || !o->names || !o->names_size || o->names[o->names_size - 1])
        return refuse(o, "has no symbols", NULL);
    return true;
}

static const char *symbol_name(const object *o, const Elf64_Sym *symbol) {
    return symbol->st_name < o->names_size ? o->names + symbol->st_name : "";
}

static void add_zeros(weft_text *out, uint64_t count) {
    static const char zeros[WEFT_CODE_ALIGNMENT];
    for (; count > sizeof zeros; count -= sizeof zeros) weft_text_add(out, zeros, sizeof zeros);
    weft_text_add(out, zeros, count);
}

/* Code first, then what it reads. Unwind tables stay behind: nothing unwinds through a kernel. */
static bool place_sections(object *o, bool code) {
    for (unsigned i = 0; i < o->header->e_shnum; i++) {
        const Elf64_Shdr *s = &o->sections[i];
        bool unwind = s->sh_type == SHT_X86_64_UNWIND;
        if (!(s->sh_flags & SHF_ALLOC) || !s->sh_size || unwind || (bool)(s->sh_flags & SHF_EXECINSTR) != code)
            continue;
        const void *bytes = range(o, s->sh_offset, s->sh_size);
        if (s->sh_type != SHT_PROGBITS || s->sh_flags & (SHF_WRITE | SHF_TLS)) return refuse(o, "has data", NULL);
        if (!bytes) return refuse(o, "is cut short", NULL);
        if (s->sh_addralign > WEFT_CODE_ALIGNMENT) return refuse(o, "wants too much alignment", NULL);
        uint64_t at = o->out->size - o->base, align = s->sh_addralign ? s->sh_addralign : 1;
        add_zeros(o->out, (align - at % align) % align);
        o->placed[i] = o->out->size - o->base;
        weft_text_add(o->out, bytes, s->sh_size);
        if (o->out->failed) return false;
    }
    return true;
}

/* The low `bits` of value / 2^scale into the word at `at`, from bit `shift` on; false if they do not hold it. */
static bool insert(unsigned char *at, int64_t value, int scale, int bits, int shift) {
    int64_t scaled = value >> scale;
    if (scaled * ((int64_t)1 << scale) != value || scaled >= (int64_t)1 << (bits - 1) ||
        scaled < -((int64_t)1 << (bits - 1)))
        return false;
    uint32_t word, mask = (uint32_t)(((uint64_t)1 << bits) - 1) << shift;
    memcpy(&word, at, sizeof word);
    word = (word & ~mask) | (((uint32_t)scaled << shift) & mask);
    memcpy(at, &word, sizeof word);
    return true;
}

static bool insert_adr(unsigned char *at, int64_t value) { /* 21 bits, the lowest two of them apart */
    return value >= -(1 << 20) && value < 1 << 20 && insert(at, value >> 2, 0, 19, 5) &&
           insert(at, (value & 3) - 2 * (value & 2), 0, 2, 29);
}

static bool apply_x86(unsigned char *at, uint32_t type, int64_t value) {
    switch (type) {
    case R_X86_64_PC32:
    case R_X86_64_PLT32: return insert(at, value, 0, 32, 0);
    case R_X86_64_PC64: memcpy(at, &value, sizeof value); return true;
    default: return false;
    }
}

static bool apply_aarch64(unsigned char *at, uint32_t type, int64_t value) {
    switch (type) {
    case R_AARCH64_PREL32: return insert(at, value, 0, 32, 0);
    case R_AARCH64_PREL64: memcpy(at, &value, sizeof value); return true;
    case R_AARCH64_CALL26:
    case R_AARCH64_JUMP26: return insert(at, value, 2, 26, 0);
    case R_AARCH64_LD_PREL_LO19:
    case R_AARCH64_CONDBR19: return insert(at, value, 2, 19, 5);
    case R_AARCH64_TSTBR14: return insert(at, value, 2, 14, 5);
    case R_AARCH64_ADR_PREL_LO21: return insert_adr(at, value);
    default: return false;
    }
}

static bool relocate(const object *o, unsigned section, const Elf64_Rela *r) {
    uint64_t number = ELF64_R_SYM(r->r_info);
    uint32_t type = (uint32_t)ELF64_R_TYPE(r->r_info);
    if (number >= o->symbol_count) return refuse(o, "is cut short", NULL);
    const Elf64_Sym *symbol = &o->symbols[number];
    const char *name = symbol_name(o, symbol);
    if (symbol->st_shndx == SHN_UNDEF) return refuse(o, "refers to the symbol", name);
    if (symbol->st_shndx >= o->header->e_shnum || o->placed[symbol->st_shndx] == ABSENT)
        return refuse(o, "refers to what it may not have:", name);
    bool wide = o->header->e_machine == EM_X86_64 ? type == R_X86_64_PC64 : type == R_AARCH64_PREL64;
    uint64_t size = wide ? 8 : 4, room = o->sections[section].sh_size;
    if (r->r_offset > room || size > room - r->r_offset) return refuse(o, "is cut short", NULL);
    uint64_t place = o->placed[section] + r->r_offset;
    uint64_t target = o->placed[symbol->st_shndx] + symbol->st_value + (uint64_t)r->r_addend;
    unsigned char *at = (unsigned char *)o->out->at + o->base + place;
    int64_t value = (int64_t)(target - place);
    bool done = o->header->e_machine == EM_X86_64    ? apply_x86(at, type, value)
                : o->header->e_machine == EM_AARCH64 ? apply_aarch64(at, type, value)
                                                     : false;
    return done || refuse(o, "has a relocation that is not relative, to", name);
}

static bool relocate_all(const object *o) {
    for (unsigned i = 0; i < o->header->e_shnum; i++) {
        const Elf64_Shdr *s = &o->sections[i];
        if (s->sh_type == SHT_REL) return refuse(o, "has relocations without addends", NULL);
        if (s->sh_type != SHT_RELA || s->sh_info >= o->header->e_shnum || o->placed[s->sh_info] == ABSENT) continue;
        const Elf64_Rela *all = range(o, s->sh_offset, s->sh_size);
        if (!all) return refuse(o, "is cut short", NULL);
        for (uint64_t r = 0; r < s->sh_size / sizeof *all; r++)
            if (!relocate(o, s->sh_info, &all[r])) return false;
    }
    return true;
}

static bool find_function(const object *o, const char *name, uint64_t *offset) {
    for (uint64_t i = 0; i < o->symbol_count; i++) {
        const Elf64_Sym *symbol = &o->symbols[i];
        if (strcmp(symbol_name(o, symbol), name) != 0) continue;
        if (symbol->st_shndx >= o->header->e_shnum || o->placed[symbol->st_shndx] == ABSENT) break;
        *offset = o->placed[symbol->st_shndx] + symbol->st_value;
        return true;
    }
    return refuse(o, "lacks the function", name);
}

bool weft_flatten(const void *bytes, size_t size, weft_text *out, uint64_t *tall, uint64_t *strip,
                  weft_diagnostics *diagnostics) {
    object o = {.bytes = bytes, .size = size, .out = out, .base = out->size, .diagnostics = diagnostics};
    if (!open_object(&o)) return false;
    size_t table = o.header->e_shnum * sizeof *o.placed;
    o.placed = weft_allocate(out->allocator, table);
    if (!o.placed) return false;
    for (unsigned i = 0; i < o.header->e_shnum; i++) o.placed[i] = ABSENT;
    bool done = place_sections(&o, true) && place_sections(&o, false) && relocate_all(&o) &&
                find_function(&o, "weft_tall", tall) && find_function(&o, "weft_strip", strip);
    weft_free(out->allocator, o.placed, table);
    return done;
}
