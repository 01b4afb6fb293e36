/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of a guest's functions: which one an address is in, and files that say so, broken ones too.
 */
#include <elf.h>
#include <stdio.h>
#include <string.h>

#include <glib/gstdio.h>

#include "profile/symbols-file.h"
#include "unit.h"

#define CHECK(good, ...) \
	do { \
		gboolean good_ = (good); \
		if (!good_) \
			printf("\n    " __VA_ARGS__); \
		CU_ASSERT_TRUE(good_); \
	} while (0)

/* Reads a file with these bytes; NULL: it was refused. */
static struct tsr_symbols *read_bytes(const void *bytes, gsize length, const char *at)
{
	g_autofree char *path = NULL, *description = NULL;
	struct tsr_symbols *symbols = tsr_symbols_new();
	gboolean good;
	int fd = g_file_open_tmp("symbols-XXXXXX", &path, NULL);

	g_close(fd, NULL);
	g_file_set_contents(path, bytes, (gssize)length, NULL);
	description = g_strconcat(path, at, NULL);
	good = tsr_symbols_read(symbols, description, NULL);
	g_unlink(path);
	if (!good)
		g_clear_pointer(&symbols, tsr_symbols_free);
	return symbols;
}

static void check_names(const char *row, struct tsr_symbols *symbols, const guint32 *addresses,
			const char *const *names, guint count)
{
	for (guint i = 0; symbols && i < count; i++)
		CHECK(g_strcmp0(tsr_symbols_find(symbols, addresses[i]), names[i]) == 0,
		      "%s: %08x is in %s", row, addresses[i],
		      tsr_symbols_find(symbols, addresses[i])
			      ? tsr_symbols_find(symbols, addresses[i])
			      : "none");
	CHECK(symbols != NULL, "%s was refused", row);
	g_clear_pointer(&symbols, tsr_symbols_free);
}

/* -- maps */

static const char map[] = "c1000000 T _text\n"
			  "c1000000 T startup_32\n"
			  "c1000100 t helper\n"
			  "c1000200 R constant\n"
			  "f8000000 t module_function\t[module]\n"
			  "f8001000 d module_data\t[module]\n";

static void map_names_functions_up_to_the_next_symbol(void)
{
	static const guint32 at[] = { 0x08048000, 0xc10000ff, 0xc1000100, 0xc10001ff,
				      0xc1000200, 0xf8000fff, 0xf8001000 };
	static const char *const names[] = { NULL, "_text",           "helper", "helper",
					     NULL, "module_function", NULL };

	check_names("map", read_bytes(map, strlen(map), ""), at, names, G_N_ELEMENTS(at));
}

static void map_is_moved_by_its_text(void)
{
	static const guint32 at[] = { 0xc1000100, 0xd5000100 };
	static const char *const names[] = { NULL, "helper" };

	check_names("moved map", read_bytes(map, strlen(map), "@d5000000"), at, names, 2);
}

static void other_texts_are_refused(void)
{
	static const char *const texts[] = {
		"",
		"\n",
		"hello\n",
		"c1000000\n",
		"c1000000 T\n",
		"c1000000 T x\nhello\n",
		"ffffffffffffffff B The real System.map is elsewhere\n",
		"c1000000 D only_data\n"
	};

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		CHECK(!read_bytes(texts[i], strlen(texts[i]), ""), "accepted: %s", texts[i]);
}

/* -- ELF files */

struct image {
	Elf32_Ehdr header;
	Elf32_Phdr segment;
	Elf32_Shdr sections[5]; /* null, .text, symbols, strings, names */
	Elf32_Sym symbols[4];
	char strings[32], names[16];
};

#define TEXT 0x08049000u

/* clang-format off */
static void make_image(struct image *f, Elf32_Half type)
{
	guint32 base = type == ET_REL ? 0 : TEXT;

	*f = (struct image){
		.header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB, EV_CURRENT }, .e_type = type,
			    .e_machine = EM_386, .e_phoff = offsetof(struct image, segment), .e_phentsize = sizeof(Elf32_Phdr),
			    .e_phnum = type == ET_REL ? 0 : 1, .e_shoff = offsetof(struct image, sections),
			    .e_shentsize = sizeof(Elf32_Shdr), .e_shnum = 5, .e_shstrndx = 4 },
		.segment = { .p_type = PT_LOAD, .p_vaddr = TEXT - 0xff0 },
		.sections = {
			[1] = { .sh_name = 1, .sh_type = SHT_PROGBITS, .sh_flags = SHF_ALLOC | SHF_EXECINSTR, .sh_addr = base, .sh_size = 0x300 },
			[2] = { .sh_type = SHT_SYMTAB, .sh_offset = offsetof(struct image, symbols), .sh_size = sizeof(f->symbols), .sh_link = 3 },
			[3] = { .sh_type = SHT_STRTAB, .sh_offset = offsetof(struct image, strings), .sh_size = sizeof(f->strings) },
			[4] = { .sh_type = SHT_STRTAB, .sh_offset = offsetof(struct image, names), .sh_size = sizeof(f->names) } },
		.symbols = {
			[1] = { .st_name = 1, .st_value = base, .st_size = 0x80, .st_info = ELF32_ST_INFO(STB_GLOBAL, STT_FUNC), .st_shndx = 1 },
			[2] = { .st_name = 7, .st_value = base + 0x100, .st_info = ELF32_ST_INFO(STB_LOCAL, STT_NOTYPE), .st_shndx = 1 },
			[3] = { .st_name = 13, .st_value = base + 0x200, .st_info = ELF32_ST_INFO(STB_GLOBAL, STT_OBJECT), .st_shndx = 1 } },
		.strings = "\0first\0label\0object", .names = "\0.text" };
}
/* clang-format on */

static const char *const elf_names[] = { "first", "first", NULL, "label", "label", NULL };
static const guint32 elf_offsets[] = { 0, 0x7f, 0x80, 0x100, 0x2ff, 0x300 };

static void check_elf(const char *row, Elf32_Half type, const char *where, guint32 text)
{
	guint32 at[G_N_ELEMENTS(elf_offsets)];
	struct image f;

	make_image(&f, type);
	for (guint i = 0; i < G_N_ELEMENTS(at); i++)
		at[i] = text + elf_offsets[i];
	check_names(row, read_bytes(&f, sizeof(f), where), at, elf_names, G_N_ELEMENTS(at));
}

static void elf_names_functions_by_their_length(void)
{
	check_elf("program", ET_EXEC, "", TEXT);
}

static void elf_is_moved_by_its_first_page(void)
{
	check_elf("shared object", ET_DYN, "@0xb7f00000", 0xb7f00000 + 0x1000);
}

static void object_file_is_moved_by_its_text(void)
{
	struct image f;

	check_elf("object file", ET_REL, "@f8000000", 0xf8000000);
	make_image(&f, ET_REL);
	CHECK(!read_bytes(&f, sizeof(f), ""), "an object file without an address");
}

static void read_and_drop(const struct image *f, gsize length)
{
	struct tsr_symbols *symbols = read_bytes(f, length, "");

	if (symbols)
		tsr_symbols_find(symbols, TEXT);
	g_clear_pointer(&symbols, tsr_symbols_free);
}

/* Each byte of the file with each of some values, and each length: no reader may leave the file. */
static void broken_elf_files_do_no_harm(void)
{
	static const guint8 values[] = { 0x00, 0x7f, 0x80, 0xff };
	struct image f;

	for (gsize i = 0; i < sizeof(f); i++) {
		for (guint v = 0; v < G_N_ELEMENTS(values); v++) {
			make_image(&f, ET_EXEC);
			((guint8 *)&f)[i] = values[v];
			read_and_drop(&f, sizeof(f));
		}
		make_image(&f, ET_EXEC);
		read_and_drop(&f, i);
	}
	CHECK(!read_bytes(&f, sizeof(f.header), ""), "only a header");
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(map_names_functions_up_to_the_next_symbol),
		UNIT_ROW(map_is_moved_by_its_text),
		UNIT_ROW(other_texts_are_refused),
		UNIT_ROW(elf_names_functions_by_their_length),
		UNIT_ROW(elf_is_moved_by_its_first_page),
		UNIT_ROW(object_file_is_moved_by_its_text),
		UNIT_ROW(broken_elf_files_do_no_harm),
		CU_TEST_INFO_NULL,
	};

	return unit_run("symbols", tests);
}
