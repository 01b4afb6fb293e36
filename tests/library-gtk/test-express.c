/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Express installation: the answers, the installer on a disc, and its files in a machine's folder.
 */
#include <archive.h>
#include <archive_entry.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "folder-rig.h"
#include "model/answers.h"
#include "model/installation.h"
#include "model/installer.h"
#include "model/record.h"
#include "unit.h"

#define KERNEL_BYTES 0x400
#define HASH "$6$salt$hash"

static char kernel[KERNEL_BYTES];
static const char initrd[] = "an archive of an odd length";

/* -- The answers */

static const struct tsr_answers good = {
	.full_name = "Ada Lovelace",
	.user_name = "ada",
	.password = "a b,c:d",
	.host_name = "engine-1",
	.locale = "en_GB.UTF-8",
	.keymap = "gb",
	.time_zone = "Europe/London",
	.mirror = "http://mirror.example:8080/linux/debian/",
};

static void good_answers_become_a_file(void)
{
	static const char *const lines[] = {
		"\nd-i debian-installer/locale string en_GB.UTF-8\n",
		"\nd-i keyboard-configuration/xkb-keymap select gb\n",
		"\nd-i netcfg/hostname string engine-1\n",
		"\nd-i mirror/http/hostname string mirror.example:8080\n",
		"\nd-i mirror/http/directory string /linux/debian\n",
		"\nd-i passwd/user-fullname string Ada Lovelace\n",
		"\nd-i passwd/username string ada\n",
		"\nd-i passwd/user-password-crypted password " HASH "\n",
		"\nd-i time/zone string Europe/London\n",
		"echo \"" TSR_INSTALLATION_DONE "\" >/dev/ttyS0\n",
	};
	g_autofree char *text = tsr_answers_write(&good, HASH);

	CU_ASSERT_PTR_NULL(tsr_answers_check(&good));
	for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
		CU_ASSERT_PTR_NOT_NULL(strstr(text, lines[i]));
		if (!strstr(text, lines[i]))
			g_printerr("%s", lines[i]);
	}
	CU_ASSERT_PTR_NULL(strstr(text, good.password));
}

static void the_mirrors_folder_has_a_default(void)
{
	struct tsr_answers answers = good;
	g_autofree char *text = NULL;

	answers.mirror = "deb.debian.org";
	answers.full_name = "";
	text = tsr_answers_write(&answers, HASH);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nd-i mirror/http/hostname string deb.debian.org\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nd-i mirror/http/directory string /debian\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nd-i passwd/user-fullname string ada\n"));
}

/* Also what would add a line of its own to the file. */
static void wrong_answers_are_refused(void)
{
	static const struct {
		gsize field; /* offset */
		const char *value, *says;
	} rows[] = {
		{ offsetof(struct tsr_answers, full_name), "Ada\nd-i x/y string z", "full name" },
		{ offsetof(struct tsr_answers, full_name), "Ada:0:0", "full name" },
		{ offsetof(struct tsr_answers, full_name), "Ada\\", "full name" },
		{ offsetof(struct tsr_answers, full_name), "\xff", "full name" },
		{ offsetof(struct tsr_answers, user_name), "", "user name" },
		{ offsetof(struct tsr_answers, user_name), "Ada", "user name" },
		{ offsetof(struct tsr_answers, user_name), "root", "user name" },
		{ offsetof(struct tsr_answers, user_name), "ada\n", "user name" },
		{ offsetof(struct tsr_answers, password), "", "password" },
		{ offsetof(struct tsr_answers, password), "a\nb", "password" },
		{ offsetof(struct tsr_answers, host_name), "-a", "host name" },
		{ offsetof(struct tsr_answers, host_name), "a.b", "host name" },
		{ offsetof(struct tsr_answers, locale), "de", "language" },
		{ offsetof(struct tsr_answers, locale), "de_DE.UTF-8\n", "language" },
		{ offsetof(struct tsr_answers, keymap), "", "keyboard" },
		{ offsetof(struct tsr_answers, keymap), "de fr", "keyboard" },
		{ offsetof(struct tsr_answers, time_zone), "../../etc/passwd", "time zone" },
		{ offsetof(struct tsr_answers, mirror), "https://deb.debian.org", "mirror" },
		{ offsetof(struct tsr_answers, mirror), "deb.debian.org /x", "mirror" },
		{ offsetof(struct tsr_answers, mirror), "", "mirror" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct tsr_answers answers = good;
		const char *said;

		G_STRUCT_MEMBER(const char *, &answers, rows[i].field) = rows[i].value;
		said = tsr_answers_check(&answers);
		CU_ASSERT(said && strstr(said, rows[i].says));
		if (!said || !strstr(said, rows[i].says))
			g_printerr("“%s”: %s\n", rows[i].value, said);
	}
}

/* Only the password is missing. */
static void the_hosts_answers_are_right(void)
{
	struct tsr_answers answers;

	tsr_answers_propose(&answers);
	CU_ASSERT_STRING_EQUAL(answers.password, "");
	g_free(answers.password);
	answers.password = g_strdup("x");
	CU_ASSERT_PTR_NULL(tsr_answers_check(&answers));
	tsr_answers_clear(&answers);
}

static void passwords_are_hashed_with_salt(void)
{
	g_autofree char *one = tsr_installer_hash("secret", NULL),
			*other = tsr_installer_hash("secret", NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(one);
	CU_ASSERT_PTR_NOT_NULL_FATAL(other);
	CU_ASSERT(g_str_has_prefix(one, "$6$"));
	CU_ASSERT(strlen(one) > 90);
	CU_ASSERT_STRING_NOT_EQUAL(one, other);
}

/* -- The disc */

static void add_file(struct archive *archive, const char *path, const char *bytes, gsize length)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, path);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0444);
	archive_entry_set_size(entry, (gint64)length);
	CU_ASSERT_EQUAL(archive_write_header(archive, entry), ARCHIVE_OK);
	CU_ASSERT_EQUAL(archive_write_data(archive, bytes, length), (ssize_t)length);
	archive_entry_free(entry);
}

/* names: of kernel and initial RAM disk; NULL: it has none. */
static char *make_disc(const char *folder, const char *kernel_name, const char *initrd_name)
{
	char *path = g_build_filename(folder, "disc.iso", NULL);
	struct archive *archive = archive_write_new();

	CU_ASSERT_EQUAL_FATAL(archive_write_set_format_iso9660(archive), ARCHIVE_OK);
	CU_ASSERT_EQUAL_FATAL(archive_write_open_filename(archive, path), ARCHIVE_OK);
	add_file(archive, "README", "read me", 7);
	if (initrd_name)
		add_file(archive, initrd_name, initrd, sizeof initrd - 1);
	if (kernel_name)
		add_file(archive, kernel_name, kernel, sizeof kernel);
	CU_ASSERT_EQUAL(archive_write_close(archive), ARCHIVE_OK);
	archive_write_free(archive);
	return path;
}

static void set_kernel(gboolean is_64_bit)
{
	for (guint i = 0; i < sizeof kernel; i++)
		kernel[i] = (char)i;
	memcpy(kernel + 0x202, "HdrS", 4);
	kernel[0x236] = is_64_bit;
}

static void installers_are_found(void)
{
	static const struct {
		const char *kernel, *initrd;
		gboolean is_64_bit, is_found;
	} rows[] = {
		{ "linux", "initrd.gz", FALSE, TRUE },
		{ "install.386/vmlinuz", "install.386/initrd.gz", FALSE, TRUE },
		{ "linux", "initrd.gz", TRUE, FALSE },
		{ "install.amd/vmlinuz", "install.amd/initrd.gz", FALSE, FALSE },
		{ "linux", NULL, FALSE, FALSE },
		{ NULL, "initrd.gz", FALSE, FALSE },
		{ "linux", "install.386/initrd.gz", FALSE, FALSE },
	};
	g_autofree char *folder = rig_folder(),
			*other = rig_write(folder, "other.iso", "no disc at all", -1);
	g_autoptr(GError) why = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *disc = NULL;

		set_kernel(rows[i].is_64_bit);
		disc = make_disc(folder, rows[i].kernel, rows[i].initrd);
		CU_ASSERT_EQUAL(tsr_installer_find(disc, NULL), rows[i].is_found);
	}
	CU_ASSERT_FALSE(tsr_installer_find(other, &why));
	CU_ASSERT_PTR_NOT_NULL(strstr(why->message, "“other.iso” has no installer"));
	CU_ASSERT_FALSE(tsr_installer_find("/nowhere.iso", NULL));
}

/* -- A machine's folder */

static gboolean has(const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

static char *make_machine(const char *parent, const char *title, const char *disc, GError **error)
{
	const struct tsr_new_machine machine = {
		.title = (char *)title,
		.details = "",
		.memory_mib = 64,
		.disk_mib = 1,
		.preset = (char *)rig_preset,
		.installer = (char *)disc,
		.answers = "d-i a/b string c\n",
	};

	return tsr_folder_create(parent, &machine, NULL, NULL, error);
}

static void check_initrd(const char *path)
{
	const gsize padded = (sizeof initrd - 1 + 3) & ~(gsize)3;
	g_autofree char *bytes = NULL;
	gsize length = 0;

	CU_ASSERT_FATAL(g_file_get_contents(path, &bytes, &length, NULL));
	CU_ASSERT_FATAL(length > padded + 110);
	CU_ASSERT_EQUAL(memcmp(bytes, initrd, sizeof initrd - 1), 0);
	/* cpio(5), "New ASCII Format": 110 bytes, the name, and zeros up to four bytes. */
	CU_ASSERT_EQUAL(memcmp(bytes + padded, "070701", 6), 0);
	CU_ASSERT_STRING_EQUAL(bytes + padded + 110, "preseed.cfg");
	CU_ASSERT_EQUAL(memcmp(bytes + padded + 124, "d-i a/b string c\n", 17), 0);
}

static void the_installer_is_unpacked(void)
{
	g_autofree char *parent = rig_folder(), *disc = NULL, *folder = NULL, *first = NULL,
			*second = NULL, *bytes = NULL;
	gsize length = 0;

	set_kernel(FALSE);
	disc = make_disc(parent, "linux", "initrd.gz");
	folder = make_machine(parent, "PC", disc, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(folder);
	first = g_build_filename(folder, "install.kernel", NULL);
	second = g_build_filename(folder, "install.initrd", NULL);
	CU_ASSERT_FATAL(g_file_get_contents(first, &bytes, &length, NULL));
	CU_ASSERT_EQUAL_FATAL(length, sizeof kernel);
	CU_ASSERT_EQUAL(memcmp(bytes, kernel, sizeof kernel), 0);
	check_initrd(second);
}

static void a_disc_without_one_leaves_nothing(void)
{
	g_autofree char *parent = rig_folder(), *disc = make_disc(parent, NULL, NULL),
			*machines = g_build_filename(parent, "machines", NULL), *folder = NULL;
	g_autoptr(GDir) dir = NULL;
	g_autoptr(GError) why = NULL;

	folder = make_machine(machines, "PC", disc, &why);
	CU_ASSERT_PTR_NULL(folder);
	CU_ASSERT_PTR_NOT_NULL(strstr(why->message, "has no installer of Debian for i386"));
	dir = g_dir_open(machines, 0, NULL);
	CU_ASSERT_PTR_NULL(g_dir_read_name(dir));
}

/* As its card has it. */
static gboolean is_installing(const char *folder)
{
	struct tsr_machine_record *record = tsr_machine_record_read(folder);
	const gboolean is = record->is_installing;

	tsr_machine_record_free(record);
	return is;
}

static void the_guests_report_ends_it(void)
{
	g_autofree char *parent = rig_folder(), *disc = NULL, *folder = NULL, *words = NULL,
			*state = NULL;
	g_autoptr(GStrvBuilder) options = g_strv_builder_new(), later = g_strv_builder_new();
	g_auto(GStrv) list = NULL, none = NULL;

	set_kernel(FALSE);
	disc = make_disc(parent, "linux", "initrd.gz");
	folder = make_machine(parent, "a,b", disc, NULL);
	tsr_installation_add_options(folder, options);
	list = g_strv_builder_end(options);
	words = g_strjoinv(" ", list);
	CU_ASSERT_PTR_NOT_NULL(strstr(words, "a,b/install.kernel --initrd "));
	CU_ASSERT_PTR_NOT_NULL(strstr(words, "a,,b/install.report --exit-on-reset"));

	CU_ASSERT_TRUE(is_installing(folder));
	CU_ASSERT_FALSE(tsr_installation_settle(folder));
	g_free(rig_write(folder, "install.report", "noise\n", -1));
	CU_ASSERT_FALSE(tsr_installation_settle(folder));
	g_free(rig_write(folder, "install.report", "noise\ntessera: installed\r\n", -1));
	state = rig_write(folder, TSR_LIBRARY_STATE, "", 0);
	CU_ASSERT_FALSE(tsr_installation_settle(folder));
	CU_ASSERT(has(folder, "install.initrd"));
	g_remove(state);
	CU_ASSERT(tsr_installation_settle(folder));
	CU_ASSERT_FALSE(has(folder, "install.initrd") || has(folder, "install.kernel") ||
			has(folder, "install.report"));
	CU_ASSERT_FALSE(tsr_installation_settle(folder));
	CU_ASSERT_FALSE(is_installing(folder));
	tsr_installation_add_options(folder, later);
	none = g_strv_builder_end(later);
	CU_ASSERT_PTR_NULL(none[0]);
}

/* A folder from a stranger does not give a file of the host to the guest, nor lets it write one. */
static void links_in_the_folder_are_not_followed(void)
{
	static const char *const names[] = { "install.kernel", "install.initrd", "install.report" };
	g_autofree char *parent = rig_folder(), *disc = NULL,
			*secret = rig_write(parent, "secret", "secret", -1);

	set_kernel(FALSE);
	disc = make_disc(parent, "linux", "initrd.gz");
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autoptr(GStrvBuilder) options = g_strv_builder_new();
		g_autofree char *folder = make_machine(parent, "PC", disc, NULL),
				*path = g_build_filename(folder, names[i], NULL);
		g_auto(GStrv) list = NULL;

		g_remove(path);
		CU_ASSERT_EQUAL_FATAL(symlink(secret, path), 0);
		tsr_installation_add_options(folder, options);
		list = g_strv_builder_end(options);
		CU_ASSERT_PTR_NULL(list[0]);
	}
}

int main(int argc, char **argv)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(good_answers_become_a_file),
		UNIT_ROW(the_mirrors_folder_has_a_default),
		UNIT_ROW(wrong_answers_are_refused),
		UNIT_ROW(the_hosts_answers_are_right),
		UNIT_ROW(passwords_are_hashed_with_salt),
		UNIT_ROW(installers_are_found),
		UNIT_ROW(the_installer_is_unpacked),
		UNIT_ROW(a_disc_without_one_leaves_nothing),
		UNIT_ROW(the_guests_report_ends_it),
		UNIT_ROW(links_in_the_folder_are_not_followed),
		CU_TEST_INFO_NULL,
	};
	int status;

	rig_begin(argc, argv);
	status = unit_run("library-express", tests);
	rig_end();
	return status;
}
