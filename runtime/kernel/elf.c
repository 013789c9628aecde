/* The description of a kernel for debuggers: an ELF file without code of its own (its .text says where the code lies),
 * with a symbol for every function, and DWARF 4 that has all of them at one line of the pattern file. */
#include <elf.h>
#include <string.h>

#include "kernel/debug.h"

enum section { NONE, TEXT, SYMBOLS, STRINGS, NAMES, ABBREVIATIONS, INFO, LINES, SECTIONS };

/* The names of the sections, and where each begins. */
static const char section_names[] = "\0.text\0.symtab\0.strtab\0.shstrtab\0.debug_abbrev\0.debug_info\0.debug_line";
static const uint32_t name_offsets[SECTIONS] = {0, 1, 7, 15, 23, 33, 47, 59};

/* What of DWARF 4 is used, by its names (sections 7.5 and 7.21 of the standard). */
enum {
    DW_TAG_compile_unit = 0x11,
    DW_TAG_subprogram = 0x2e,
    DW_AT_name = 0x03,
    DW_AT_stmt_list = 0x10,
    DW_AT_low_pc = 0x11,
    DW_AT_high_pc = 0x12,
    DW_AT_decl_file = 0x3a,
    DW_AT_decl_line = 0x3b,
    DW_FORM_addr = 0x01,
    DW_FORM_data4 = 0x06,
    DW_FORM_data8 = 0x07,
    DW_FORM_string = 0x08,
    DW_FORM_data1 = 0x0b,
    DW_FORM_sec_offset = 0x17,
    DW_LNE_end_sequence = 0x01,
    DW_LNE_set_address = 0x02,
    DW_LNS_copy = 0x01,
    DW_LNS_advance_pc = 0x02,
    DW_LNS_advance_line = 0x03
};

typedef struct description {
    const weft_kernel *kernel;
    weft_symbol symbols[WEFT_MOST_SYMBOLS];
    size_t count;
    const char *file; /* NULL: no line is known */
    uint32_t line;
    weft_text parts[SECTIONS];
} description;

/* ---- bytes ----------------------------------------------------------------------------------------------------- */

static void put(weft_text *out, uint64_t value, int bytes) {
    for (int n = 0; n < bytes; n++) weft_text_add(out, &(char){(char)(value >> 8 * n & 0xff)}, 1);
}

static void put_leb(weft_text *out, uint64_t value) { /* of numbers below 2^63, signed or not: a bit to spare */
    for (; value >= 0x40; value >>= 7) put(out, (value & 0x7f) | 0x80, 1);
    put(out, value, 1);
}

static void put_string(weft_text *out, const char *text) { weft_text_add(out, text, strlen(text) + 1); }

/* The length of what follows it, once that is known. */
static void set_length(weft_text *out, size_t at) {
    if (out->failed) return;
    uint32_t length = (uint32_t)(out->size - at - sizeof length);
    memcpy(out->at + at, &length, sizeof length);
}

static uint64_t address_of(const description *d, size_t symbol) {
    return (uint64_t)(uintptr_t)d->kernel->code.bytes + d->symbols[symbol].offset;
}

/* ---- sections -------------------------------------------------------------------------------------------------- */

static void write_symbols(description *d) {
    weft_text *table = &d->parts[SYMBOLS], *strings = &d->parts[STRINGS];
    const Elf64_Sym none = {0};
    weft_text_add(table, (const char *)&none, sizeof none);
    put_string(strings, "");
    for (size_t n = 0; n < d->count; n++) {
        const Elf64_Sym symbol = {.st_name = (Elf64_Word)strings->size,
                                  .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
                                  .st_shndx = TEXT,
                                  .st_value = address_of(d, n),
                                  .st_size = d->symbols[n].size};
        weft_text_add(table, (const char *)&symbol, sizeof symbol);
        put_string(strings, d->symbols[n].name);
    }
}

static void write_abbreviations(weft_text *out) {
    static const unsigned char bytes[] = {1,
                                          DW_TAG_compile_unit,
                                          1,
                                          DW_AT_name,
                                          DW_FORM_string,
                                          DW_AT_stmt_list,
                                          DW_FORM_sec_offset,
                                          DW_AT_low_pc,
                                          DW_FORM_addr,
                                          DW_AT_high_pc,
                                          DW_FORM_data8,
                                          0,
                                          0,
                                          2,
                                          DW_TAG_subprogram,
                                          0,
                                          DW_AT_name,
                                          DW_FORM_string,
                                          DW_AT_decl_file,
                                          DW_FORM_data1,
                                          DW_AT_decl_line,
                                          DW_FORM_data4,
                                          DW_AT_low_pc,
                                          DW_FORM_addr,
                                          DW_AT_high_pc,
                                          DW_FORM_data8,
                                          0,
                                          0,
                                          0};
    weft_text_add(out, (const char *)bytes, sizeof bytes);
}

static void write_info(description *d) {
    weft_text *out = &d->parts[INFO];
    put(out, 0, 4); /* length */
    put(out, 4, 2); /* version */
    put(out, 0, 4); /* where the abbreviations begin */
    put(out, 8, 1); /* bytes of an address */
    put_leb(out, 1);
    put_string(out, d->file);
    put(out, 0, 4); /* where the lines begin */
    put(out, (uint64_t)(uintptr_t)d->kernel->code.bytes, 8);
    put(out, d->kernel->code.size, 8);
    for (size_t n = 0; n < d->count; n++) {
        put_leb(out, 2);
        put_string(out, d->symbols[n].name);
        put(out, 1, 1); /* the file */
        put(out, d->line, 4);
        put(out, address_of(d, n), 8);
        put(out, d->symbols[n].size, 8);
    }
    put(out, 0, 1); /* no more children */
    set_length(out, 0);
}

static void write_line_header(description *d, weft_text *out) {
    static const char operand_counts[] = {0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1}; /* of standard opcodes */
    put(out, 0, 4);                                                            /* length */
    put(out, 4, 2);                                                            /* version */
    size_t header = out->size;
    put(out, 0, 4); /* the header's length */
    put(out, 1, 1); /* bytes of the least instruction */
    put(out, 1, 1); /* operations of an instruction */
    put(out, 1, 1); /* rows are statements */
    put(out, 0, 1); /* special opcodes, of which there are none: their least line, */
    put(out, 1, 1); /* how many lines they have */
    put(out, sizeof operand_counts + 1, 1);
    weft_text_add(out, operand_counts, sizeof operand_counts);
    put(out, 0, 1); /* no folders */
    put_string(out, d->file);
    put(out, 0, 3); /* in no folder, of no time, of no size */
    put(out, 0, 1); /* no more files */
    set_length(out, header);
}

static void write_lines(description *d) {
    weft_text *out = &d->parts[LINES];
    write_line_header(d, out);
    for (size_t n = 0; n < d->count; n++) {
        put(out, 0, 1);
        put_leb(out, 1 + 8);
        put(out, DW_LNE_set_address, 1);
        put(out, address_of(d, n), 8);
        if (n == 0) {
            put(out, DW_LNS_advance_line, 1);
            put_leb(out, d->line - 1);
        }
        put(out, DW_LNS_copy, 1);
    }
    put(out, DW_LNS_advance_pc, 1);
    put_leb(out, d->symbols[d->count - 1].size);
    put(out, 0, 1);
    put_leb(out, 1);
    put(out, DW_LNE_end_sequence, 1);
    set_length(out, 0);
}

/* ---- the file -------------------------------------------------------------------------------------------------- */

static Elf64_Ehdr file_header(void) {
    Elf64_Ehdr header = {.e_type = ET_EXEC,
#if defined(__aarch64__)
                         .e_machine = EM_AARCH64,
#else
                         .e_machine = EM_X86_64,
#endif
                         .e_version = EV_CURRENT,
                         .e_shoff = sizeof header,
                         .e_ehsize = sizeof header,
                         .e_shentsize = sizeof(Elf64_Shdr),
                         .e_shnum = SECTIONS,
                         .e_shstrndx = NAMES};
    memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    return header;
}

static void write_headers(const description *d, weft_text *out) {
    static const Elf64_Word types[SECTIONS] = {SHT_NULL,   SHT_NOBITS,   SHT_SYMTAB,   SHT_STRTAB,
                                               SHT_STRTAB, SHT_PROGBITS, SHT_PROGBITS, SHT_PROGBITS};
    const Elf64_Ehdr header = file_header();
    uint64_t offset = sizeof header + SECTIONS * sizeof(Elf64_Shdr);
    weft_text_add(out, (const char *)&header, sizeof header);
    for (int n = 0; n < SECTIONS; n++) {
        Elf64_Shdr section = {.sh_name = name_offsets[n],
                              .sh_type = types[n],
                              .sh_offset = n ? offset : 0,
                              .sh_size = d->parts[n].size,
                              .sh_addralign = 1};
        if (n == TEXT) {
            section.sh_flags = SHF_ALLOC | SHF_EXECINSTR;
            section.sh_addr = (uint64_t)(uintptr_t)d->kernel->code.bytes;
            section.sh_size = d->kernel->code.size;
        } else if (n == SYMBOLS) {
            section.sh_link = STRINGS;
            section.sh_info = 1; /* the first global one */
            section.sh_entsize = sizeof(Elf64_Sym);
        }
        weft_text_add(out, (const char *)&section, sizeof section);
        offset += d->parts[n].size;
    }
}

bool weft_debug_elf(const weft_kernel *kernel, weft_text *out) {
    description d = {.kernel = kernel};
    bool failed = false;
    d.count = weft_kernel_symbols(kernel, d.symbols);
    for (int n = 0; n < SECTIONS; n++) weft_text_init(&d.parts[n], weft_engine_allocator(kernel->engine));
    weft_text_add(&d.parts[NAMES], section_names, sizeof section_names);
    write_symbols(&d);
    if (d.count && weft_kernel_line(kernel, &d.file, &d.line)) {
        write_abbreviations(&d.parts[ABBREVIATIONS]);
        write_info(&d);
        write_lines(&d);
    }
    write_headers(&d, out);
    for (int n = 0; n < SECTIONS; n++) {
        if (d.parts[n].size) weft_text_add(out, d.parts[n].at, d.parts[n].size);
        failed = failed || d.parts[n].failed;
        weft_text_release(&d.parts[n]);
    }
    return !failed && !out->failed;
}
