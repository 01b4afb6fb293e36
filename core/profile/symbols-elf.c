/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See symbols-elf.h. Source: System V ABI, chapters 4 and 5, and its Intel386 supplement. */
#include "profile/symbols-elf.h"

#include <elf.h>
#include <string.h>

#define PAGE_MASK 0xfffu

struct file {
	const char *bytes;
	gsize length;
	Elf32_Ehdr header;
};

gboolean tsr_symbols_is_elf(const char *bytes, gsize length)
{
	return length >= SELFMAG && memcmp(bytes, ELFMAG, SELFMAG) == 0;
}

/* Copies, because nothing in the file need be aligned. FALSE: it is not in the file. */
static gboolean get(const struct file *f, guint64 offset, void *to, gsize size)
{
	if (offset > f->length || size > f->length - offset)
		return FALSE;
	memcpy(to, f->bytes + offset, size);
	return TRUE;
}

static gboolean get_section(const struct file *f, guint index, Elf32_Shdr *section)
{
	return index < f->header.e_shnum && f->header.e_shentsize >= sizeof(*section) &&
	       get(f, f->header.e_shoff + (guint64)index * f->header.e_shentsize, section,
		   sizeof(*section));
}

/* A string of a string table; NULL: it does not end in it. */
static const char *get_string(const struct file *f, const Elf32_Shdr *strings, guint32 at)
{
	guint64 start = (guint64)strings->sh_offset + at;
	guint64 end = MIN((guint64)strings->sh_offset + strings->sh_size, f->length);

	if (at >= strings->sh_size || start >= end)
		return NULL;
	return memchr(f->bytes + start, 0, end - start) ? f->bytes + start : NULL;
}

static gboolean find_section(const struct file *f, guint32 type, Elf32_Shdr *section)
{
	for (guint i = 0; i < f->header.e_shnum; i++)
		if (get_section(f, i, section) && section->sh_type == type)
			return TRUE;
	return FALSE;
}

/* What symbols are relative to: the page of the first segment, in an object file its code. */
static guint32 find_start(const struct file *f)
{
	guint32 lowest = G_MAXUINT32;
	Elf32_Phdr segment;

	for (guint i = 0; i < f->header.e_phnum && f->header.e_phentsize >= sizeof(segment); i++)
		if (get(f, f->header.e_phoff + (guint64)i * f->header.e_phentsize, &segment,
			sizeof(segment)) &&
		    segment.p_type == PT_LOAD)
			lowest = MIN(lowest, segment.p_vaddr & ~PAGE_MASK);
	return lowest == G_MAXUINT32 ? 0 : lowest;
}

/* In an object file only those of .text, since the guest may have put the others anywhere. */
static gboolean is_code(const struct file *f, const Elf32_Sym *symbol)
{
	Elf32_Shdr section, names;
	const char *name;
	int type = ELF32_ST_TYPE(symbol->st_info);

	if ((type != STT_FUNC && type != STT_NOTYPE) ||
	    !get_section(f, symbol->st_shndx, &section) || !(section.sh_flags & SHF_EXECINSTR))
		return FALSE;
	if (f->header.e_type != ET_REL)
		return TRUE;
	name = get_section(f, f->header.e_shstrndx, &names) ? get_string(f, &names, section.sh_name)
							    : NULL;
	return name && strcmp(name, ".text") == 0;
}

/* One of assembly code may have no length; it ends with its section. */
static guint32 length_of(const struct file *f, const Elf32_Sym *symbol)
{
	Elf32_Shdr section;
	guint32 start = 0;

	if (symbol->st_size || !get_section(f, symbol->st_shndx, &section))
		return symbol->st_size;
	if (f->header.e_type != ET_REL)
		start = section.sh_addr;
	return section.sh_size - (symbol->st_value - start);
}

static guint add_symbols(struct tsr_symbols *symbols, const struct file *f,
			 const Elf32_Shdr *section, guint32 moved)
{
	Elf32_Shdr strings;
	Elf32_Sym symbol;
	guint count = 0;

	if (!get_section(f, section->sh_link, &strings))
		return 0;
	for (guint64 at = 0; at + sizeof(symbol) <= section->sh_size; at += sizeof(symbol)) {
		const char *name;

		if (!get(f, section->sh_offset + at, &symbol, sizeof(symbol)))
			break;
		name = is_code(f, &symbol) ? get_string(f, &strings, symbol.st_name) : NULL;
		if (!name || !*name)
			continue;
		tsr_symbols_add(symbols, symbol.st_value + moved, length_of(f, &symbol), TRUE, name,
				strlen(name));
		count++;
	}
	return count;
}

gboolean tsr_symbols_read_elf(struct tsr_symbols *symbols, const char *bytes, gsize length,
			      const guint32 *at, const char **why)
{
	struct file f = { .bytes = bytes, .length = length };
	Elf32_Shdr section;

	if (!get(&f, 0, &f.header, sizeof(f.header)) || f.header.e_ident[EI_CLASS] != ELFCLASS32 ||
	    f.header.e_ident[EI_DATA] != ELFDATA2LSB || f.header.e_machine != EM_386)
		return FALSE;
	if (f.header.e_type == ET_REL && !at) {
		*why = "an object file needs the address of its code: FILE@ADDRESS";
		return FALSE;
	}
	*why = "it has no symbols of functions";
	return (find_section(&f, SHT_SYMTAB, &section) || find_section(&f, SHT_DYNSYM, &section)) &&
	       add_symbols(symbols, &f, &section, at ? *at - find_start(&f) : 0) > 0;
}
