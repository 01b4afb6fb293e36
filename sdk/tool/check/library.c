/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The library as a file: what it exports, what it imports, which of its sections can be written.
 * (System V ABI, AMD64 supplement; ELF-64.)
 */
#include "check.h"

#include <elf.h>
#include <string.h>

#define NAMES_SHOWN 6

struct library {
	char *bytes;
	gsize length;
	const Elf64_Ehdr *header;
	const Elf64_Shdr *sections;
	const char *names; /* of sections */
};

enum { FOR_DEVICES = 1, FOR_BACKENDS = 2 };

/* clang-format off */
static const struct {
	const char *names; /* separated by spaces */
	const char *why;
	unsigned kinds;    /* that may not */
} forbidden[] = {
	{ "time gettimeofday clock_gettime clock timespec_get ftime times", "asks the host for the time; use tessera.clock/1", FOR_DEVICES },
	{ "localtime localtime_r mktime tzset ctime", "depends on the host's time zone", FOR_DEVICES },
	{ "rand rand_r random srand srandom drand48 lrand48 mrand48 getrandom getentropy arc4random",
	  "takes random numbers from the host; use tessera.random/1", FOR_DEVICES },
	{ "fork vfork clone posix_spawn posix_spawnp system popen execv execve execvp execl execlp",
	  "makes processes", FOR_DEVICES | FOR_BACKENDS },
	{ "signal sigaction sigprocmask pthread_sigmask sigaltstack alarm setitimer timer_create",
	  "changes signals of the whole process", FOR_DEVICES },
	{ "exit _exit _Exit quick_exit", "ends the whole process", FOR_DEVICES | FOR_BACKENDS },
	{ "kill raise tgkill pthread_kill", "sends signals", FOR_DEVICES },
	{ "atexit on_exit", "is called after it was unloaded", FOR_DEVICES | FOR_BACKENDS },
	{ "chdir fchdir umask setlocale setenv putenv unsetenv setuid setgid setrlimit",
	  "changes the whole process", FOR_DEVICES | FOR_BACKENDS },
	{ "sleep usleep nanosleep clock_nanosleep poll select epoll_wait", "blocks the machine; use tessera.worker/1", FOR_DEVICES },
	{ "pthread_create thrd_create", "makes threads, which do not hold the machine's lock; use tessera.worker/1", FOR_DEVICES },
	{ "printf puts putchar perror vprintf __printf_chk __vprintf_chk stdout stderr",
	  "writes to the terminal; use tessera.log/1", FOR_DEVICES | FOR_BACKENDS },
	{ "dlopen dlsym", "looks for symbols by itself; use tessera.bus/1", FOR_DEVICES | FOR_BACKENDS },
};
/* clang-format on */

/* -- Reading */

static const void *at(const struct library *l, guint64 offset, guint64 length)
{
	if (offset > l->length || length > l->length - offset)
		check_fail("the library is damaged: it ends at %" G_GSIZE_FORMAT " bytes",
			   l->length);
	return l->bytes + offset;
}

static struct library read_library(const struct check *check)
{
	struct library l = { 0 };
	g_autoptr(GError) error = NULL;
	const Elf64_Shdr *names;

	if (check->language)
		check_skip("it is a script");
	if (!g_file_get_contents(check->library, &l.bytes, &l.length, &error))
		check_fail("%s", error->message);
	l.header = at(&l, 0, sizeof(*l.header));
	if (memcmp(l.header->e_ident, ELFMAG, SELFMAG) != 0 ||
	    l.header->e_ident[EI_CLASS] != ELFCLASS64 || l.header->e_machine != EM_X86_64 ||
	    l.header->e_type != ET_DYN)
		check_fail("%s is no shared library for x86-64", check->library);
	if (!l.header->e_shnum || l.header->e_shentsize != sizeof(Elf64_Shdr))
		check_fail(
			"the library has no section headers; strip it with --strip-unneeded only");
	l.sections = at(&l, l.header->e_shoff, (guint64)l.header->e_shnum * sizeof(Elf64_Shdr));
	if (l.header->e_shstrndx >= l.header->e_shnum)
		check_fail("the library is damaged: its sections have no names");
	names = &l.sections[l.header->e_shstrndx];
	l.names = at(&l, names->sh_offset, names->sh_size);
	return l;
}

static const Elf64_Shdr *section_of(const struct library *l, Elf64_Word type)
{
	for (unsigned i = 0; i < l->header->e_shnum; i++)
		if (l->sections[i].sh_type == type)
			return &l->sections[i];
	return NULL;
}

/* The symbols of a table; *count is 0 when there is none. */
static const Elf64_Sym *symbols_of(const struct library *l, Elf64_Word type, guint64 *count,
				   const char **strings)
{
	const Elf64_Shdr *table = section_of(l, type), *text;

	*count = 0;
	if (!table || table->sh_link >= l->header->e_shnum)
		return NULL;
	text = &l->sections[table->sh_link];
	*strings = at(l, text->sh_offset, text->sh_size);
	*count = table->sh_size / sizeof(Elf64_Sym);
	return at(l, table->sh_offset, table->sh_size);
}

/* "a, b, c and 4 more" */
static void add_name(GString *list, unsigned *count, const char *name)
{
	if (++*count <= NAMES_SHOWN)
		g_string_append_printf(list, "%s%s", *count > 1 ? ", " : "", name);
}

static void close_list(GString *list, unsigned count)
{
	if (count > NAMES_SHOWN)
		g_string_append_printf(list, " and %u more", count - NAMES_SHOWN);
}

/* -- Tests */

void check_exports(const struct check *check)
{
	struct library l = read_library(check);
	GString *others = g_string_new(NULL);
	guint64 count;
	const char *strings;
	const Elf64_Sym *symbols = symbols_of(&l, SHT_DYNSYM, &count, &strings);
	unsigned extra = 0;
	gboolean entry = FALSE;

	for (guint64 i = 0; i < count; i++) {
		const char *name = strings + symbols[i].st_name;

		if (symbols[i].st_shndx == SHN_UNDEF ||
		    ELF64_ST_BIND(symbols[i].st_info) == STB_LOCAL)
			continue;
		if (strcmp(name, TSR_PLUGIN_SYMBOL) == 0)
			entry = TRUE;
		else
			add_name(others, &extra, name);
	}
	if (!entry)
		check_fail("it does not export " TSR_PLUGIN_SYMBOL "; end a source file with "
			   "TSR_DEVICE_PLUGIN");
	close_list(others, extra);
	if (extra)
		check_fail("it exports more than its entry: %s; compile with -fvisibility=hidden, "
			   "or link "
			   "with a version script",
			   others->str);
}

static gboolean has_word(const char *words, const char *word)
{
	g_auto(GStrv) list = g_strsplit(words, " ", -1);

	return g_strv_contains((const char *const *)list, word);
}

static const char *why_forbidden(const char *name, unsigned kind)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(forbidden); i++)
		if ((forbidden[i].kinds & kind) && has_word(forbidden[i].names, name))
			return forbidden[i].why;
	return NULL;
}

void check_imports(const struct check *check)
{
	struct library l = read_library(check);
	unsigned kind = strcmp(check->kind, "device") == 0 ? FOR_DEVICES : FOR_BACKENDS;
	guint64 count;
	const char *strings;
	const Elf64_Sym *symbols = symbols_of(&l, SHT_DYNSYM, &count, &strings);

	if (strcmp(check->kind, "device") != 0 && strcmp(check->kind, "backend") != 0)
		check_skip("not for the kind %s", check->kind);
	for (guint64 i = 0; i < count; i++) {
		const char *name = strings + symbols[i].st_name;
		const char *why =
			symbols[i].st_shndx == SHN_UNDEF ? why_forbidden(name, kind) : NULL;

		if (why)
			check_fail("%s: %s", name, why);
	}
}

/* Data that is written when the program runs, not only while it is relocated. */
static gboolean is_variable_section(const struct library *l, unsigned index)
{
	const Elf64_Shdr *section = index < l->header->e_shnum ? &l->sections[index] : NULL;
	const char *name = section ? l->names + section->sh_name : "";

	return section && (section->sh_flags & SHF_ALLOC) && (section->sh_flags & SHF_WRITE) &&
	       !g_str_has_prefix(name, ".data.rel.ro") &&
	       (g_str_has_prefix(name, ".data") || g_str_has_prefix(name, ".bss") ||
		g_str_has_prefix(name, ".tdata") || g_str_has_prefix(name, ".tbss"));
}

/* What the compiler's start files have in each library. */
static gboolean is_start_file(const char *name)
{
	return g_str_has_prefix(name, "completed.") || strcmp(name, "__dso_handle") == 0;
}

#define START_FILES_BYTES 16u /* of variables */

void check_statics(const struct check *check)
{
	struct library l = read_library(check);
	GString *names = g_string_new(NULL);
	guint64 count, bytes = 0;
	const char *strings;
	const Elf64_Sym *symbols = symbols_of(&l, SHT_SYMTAB, &count, &strings);
	unsigned found = 0;

	for (guint64 i = 0; i < count; i++)
		if (symbols[i].st_size && is_variable_section(&l, symbols[i].st_shndx) &&
		    !is_start_file(strings + symbols[i].st_name))
			add_name(names, &found, strings + symbols[i].st_name);
	close_list(names, found);
	if (found)
		check_fail("it has variables outside of its instances: %s; put them into the "
			   "instance, or "
			   "make them const",
			   names->str);
	for (unsigned i = 0; i < l.header->e_shnum; i++)
		bytes += is_variable_section(&l, i) ? l.sections[i].sh_size : 0;
	if (!count && bytes > START_FILES_BYTES)
		check_fail("it has %" G_GUINT64_FORMAT
			   " bytes of variables outside of its instances (the "
			   "library is stripped, so that their names are unknown)",
			   bytes);
}
