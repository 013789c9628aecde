/* A linker for the one case that occurs: code and constants of a few ELF objects (the ELF-64 gABI, the x86-64 and
 * AArch64 psABIs), laid out one after the other; relocations among them are relative to the place, so that only
 * distances count. The objects come from clang and LLVM and are well formed; offsets are checked all the same. */
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
} object;

typedef struct linker {
    object *objects;
    uint32_t count;
    weft_text *out;
    size_t base; /* of the code in out */
    weft_diagnostics *diagnostics;
} linker;

static bool refuse(const linker *l, const char *what, const char *name) {
    weft_diagnose(l->diagnostics, WEFT_E0901, WEFT_NO_SPAN, "generated code %s%s%s", what, name ? " " : "",
                  name ? name : "");
    return false;
}

static const void *range(const object *o, uint64_t offset, uint64_t size) {
    return offset <= o->size && size <= o->size - offset ? o->bytes + offset : NULL;
}

/* ---- reading ---- */

static bool find_symbols(const linker *l, object *o) {
    for (unsigned i = 0; i < o->header->e_shnum; i++) {
        const Elf64_Shdr *table = &o->sections[i];
        if (table->sh_type != SHT_SYMTAB || table->sh_link >= o->header->e_shnum) continue;
        const Elf64_Shdr *names = &o->sections[table->sh_link];
        o->symbols = range(o, table->sh_offset, table->sh_size);
        o->symbol_count = table->sh_size / sizeof *o->symbols;
        o->names = range(o, names->sh_offset, names->sh_size);
        o->names_size = names->sh_size;
    }
    bool sound = o->symbols && o->names && o->names_size && !o->names[o->names_size - 1];
    return sound || refuse(l, "has no symbols", NULL);
}

static bool open_object(const linker *l, object *o) {
    o->header = range(o, 0, sizeof *o->header);
    if (!o->header || memcmp(o->header->e_ident, ELFMAG, SELFMAG) != 0 || o->header->e_ident[EI_CLASS] != ELFCLASS64 ||
        o->header->e_ident[EI_DATA] != ELFDATA2LSB || o->header->e_type != ET_REL)
        return refuse(l, "is not a relocatable object", NULL);
    o->sections = range(o, o->header->e_shoff, (uint64_t)o->header->e_shnum * sizeof *o->sections);
    if (!o->sections) return refuse(l, "is cut short", NULL);
    if (!find_symbols(l, o)) return false;
    o->placed = weft_allocate(l->out->allocator, o->header->e_shnum * sizeof *o->placed);
    if (!o->placed) return false;
    for (unsigned i = 0; i < o->header->e_shnum; i++) o->placed[i] = ABSENT;
    return true;
}

static const char *symbol_name(const object *o, const Elf64_Sym *symbol) {
    return symbol->st_name < o->names_size ? o->names + symbol->st_name : "";
}

/* ---- laying out ---- */

static void add_zeros(weft_text *out, uint64_t count) {
    static const char zeros[WEFT_CODE_ALIGNMENT];
    weft_text_add(out, zeros, count);
}

/* Appends the sections with code, or those without. Unwind tables stay behind: nothing unwinds through a kernel. */
static bool place_sections(const linker *l, object *o, bool code) {
    for (unsigned i = 0; i < o->header->e_shnum; i++) {
        const Elf64_Shdr *s = &o->sections[i];
        bool unwind = s->sh_type == SHT_X86_64_UNWIND;
        if (!(s->sh_flags & SHF_ALLOC) || !s->sh_size || unwind || (bool)(s->sh_flags & SHF_EXECINSTR) != code)
            continue;
        const void *bytes = range(o, s->sh_offset, s->sh_size);
        if (s->sh_type != SHT_PROGBITS || s->sh_flags & (SHF_WRITE | SHF_TLS)) return refuse(l, "has data", NULL);
        if (!bytes) return refuse(l, "is cut short", NULL);
        if (s->sh_addralign > WEFT_CODE_ALIGNMENT) return refuse(l, "wants too much alignment", NULL);
        uint64_t at = l->out->size - l->base, align = s->sh_addralign ? s->sh_addralign : 1;
        add_zeros(l->out, (align - at % align) % align);
        o->placed[i] = l->out->size - l->base;
        weft_text_add(l->out, bytes, s->sh_size);
        if (l->out->failed) return false;
    }
    return true;
}

/* ---- addresses ---- */

/* The offset of what a symbol stands for, where this object has it; ABSENT otherwise. */
static uint64_t defined_at(const object *o, const Elf64_Sym *symbol) {
    if (symbol->st_shndx == SHN_UNDEF || symbol->st_shndx >= o->header->e_shnum) return ABSENT;
    uint64_t section = o->placed[symbol->st_shndx];
    return section == ABSENT ? ABSENT : section + symbol->st_value;
}

static uint64_t find_global(const linker *l, const char *name) {
    for (uint32_t n = 0; n < l->count; n++) {
        const object *o = &l->objects[n];
        for (uint64_t i = 0; i < o->symbol_count; i++) {
            const Elf64_Sym *symbol = &o->symbols[i];
            if (ELF64_ST_BIND(symbol->st_info) != STB_GLOBAL || strcmp(symbol_name(o, symbol), name) != 0) continue;
            uint64_t at = defined_at(o, symbol);
            if (at != ABSENT) return at;
        }
    }
    return ABSENT;
}

static uint64_t resolve(const linker *l, const object *o, const Elf64_Sym *symbol) {
    uint64_t at = defined_at(o, symbol);
    return at == ABSENT && symbol->st_shndx == SHN_UNDEF ? find_global(l, symbol_name(o, symbol)) : at;
}

/* ---- relocations ---- */

/* value / 2^scale as `bits` bits into the word at `at`, from bit `shift` on; false if they do not hold it. */
static bool insert(unsigned char *at, int64_t value, int scale, int bits, int shift) {
    int64_t unit = (int64_t)1 << scale, limit = (int64_t)1 << (bits - 1), scaled = value / unit;
    if (value % unit || scaled >= limit || scaled < -limit) return false;
    uint32_t word, mask = (uint32_t)(((uint64_t)1 << bits) - 1) << shift;
    memcpy(&word, at, sizeof word);
    word = (word & ~mask) | (((uint32_t)scaled << shift) & mask);
    memcpy(at, &word, sizeof word);
    return true;
}

/* 21 bits, the lowest two of them apart from the others. */
static bool insert_adr(unsigned char *at, int64_t value) {
    int64_t low = ((value % 4) + 4) % 4, low_signed = low < 2 ? low : low - 4;
    return insert(at, (value - low) / 4, 0, 19, 5) && insert(at, low_signed, 0, 2, 29);
}

static bool apply_x86(unsigned char *at, uint32_t type, int64_t value) {
    switch (type) {
    case R_X86_64_PC32:
    case R_X86_64_PLT32: return insert(at, value, 0, 32, 0);
    default: return false;
    }
}

static bool apply_aarch64(unsigned char *at, uint32_t type, int64_t value) {
    switch (type) {
    case R_AARCH64_PREL32: return insert(at, value, 0, 32, 0);
    case R_AARCH64_CALL26:
    case R_AARCH64_JUMP26: return insert(at, value, 2, 26, 0);
    case R_AARCH64_LD_PREL_LO19:
    case R_AARCH64_CONDBR19: return insert(at, value, 2, 19, 5);
    case R_AARCH64_TSTBR14: return insert(at, value, 2, 14, 5);
    case R_AARCH64_ADR_PREL_LO21: return insert_adr(at, value);
    default: return false;
    }
}

static bool relocate(const linker *l, const object *o, unsigned section, const Elf64_Rela *r) {
    uint64_t number = ELF64_R_SYM(r->r_info), size = sizeof(uint32_t), room = o->sections[section].sh_size;
    uint32_t type = (uint32_t)ELF64_R_TYPE(r->r_info);
    if (number >= o->symbol_count || r->r_offset > room || size > room - r->r_offset)
        return refuse(l, "is cut short", NULL);
    const char *name = symbol_name(o, &o->symbols[number]);
    uint64_t symbol = resolve(l, o, &o->symbols[number]), place = o->placed[section] + r->r_offset;
    if (symbol == ABSENT) return refuse(l, "refers to", name);
    unsigned char *at = (unsigned char *)l->out->at + l->base + place;
    int64_t value = (int64_t)(symbol + (uint64_t)r->r_addend - place);
    unsigned machine = o->header->e_machine;
    bool done = machine == EM_X86_64    ? apply_x86(at, type, value)
                : machine == EM_AARCH64 ? apply_aarch64(at, type, value)
                                        : false;
    return done || refuse(l, "has a relocation that is not relative, to", name);
}

static bool relocate_all(const linker *l, const object *o) {
    for (unsigned i = 0; i < o->header->e_shnum; i++) {
        const Elf64_Shdr *s = &o->sections[i];
        if (s->sh_type == SHT_REL) return refuse(l, "has relocations without addends", NULL);
        if (s->sh_type != SHT_RELA || s->sh_info >= o->header->e_shnum || o->placed[s->sh_info] == ABSENT) continue;
        const Elf64_Rela *all = range(o, s->sh_offset, s->sh_size);
        if (!all) return refuse(l, "is cut short", NULL);
        for (uint64_t r = 0; r < s->sh_size / sizeof *all; r++)
            if (!relocate(l, o, s->sh_info, &all[r])) return false;
    }
    return true;
}

/* ---- all of it ---- */

static bool link_all(const linker *l) {
    for (uint32_t n = 0; n < l->count; n++)
        if (!open_object(l, &l->objects[n])) return false;
    for (int code = 1; code >= 0; code--)
        for (uint32_t n = 0; n < l->count; n++)
            if (!place_sections(l, &l->objects[n], code)) return false;
    for (uint32_t n = 0; n < l->count; n++)
        if (!relocate_all(l, &l->objects[n])) return false;
    return true;
}

static bool find_entries(const linker *l, weft_symbol *entries, uint32_t count) {
    for (uint32_t n = 0; n < count; n++) {
        entries[n].offset = find_global(l, entries[n].name);
        if (entries[n].offset == ABSENT) return refuse(l, "lacks", entries[n].name);
    }
    return true;
}

bool weft_flatten(const weft_object *given, uint32_t count, weft_text *out, weft_symbol *entries, uint32_t entry_count,
                  weft_diagnostics *diagnostics) {
    const weft_allocator *allocator = out->allocator;
    linker l = {weft_allocate_zero(allocator, count * sizeof *l.objects), count, out, out->size, diagnostics};
    if (!l.objects) return false;
    for (uint32_t n = 0; n < count; n++) {
        l.objects[n].bytes = given[n].bytes;
        l.objects[n].size = given[n].size;
    }
    bool done = link_all(&l) && find_entries(&l, entries, entry_count);
    for (uint32_t n = 0; n < count; n++)
        if (l.objects[n].placed)
            weft_free(allocator, l.objects[n].placed, l.objects[n].header->e_shnum * sizeof *l.objects[n].placed);
    weft_free(allocator, l.objects, count * sizeof *l.objects);
    return done;
}
