/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What discs and images are recognised as, and what is said of files that are neither. */
#include <string.h>
#include <sys/stat.h>

#include "folder-rig.h"
#include "model/medium.h"
#include "unit.h"

#define SECTOR 2048
#define SECTORS 24
#define CATALOGUE 20
#define IMAGE 21

/* A disc of a few sectors, with label and boot catalogue. loader: what its boot image contains;
 * NULL: it cannot be booted. */
static char *make_disc(const char *folder, const char *name, const char *label, const char *loader)
{
	char bytes[SECTORS * SECTOR] = { 0 };
	char *volume = bytes + 16 * SECTOR, *boot = bytes + 17 * SECTOR;
	char *catalogue = bytes + CATALOGUE * SECTOR;

	memcpy(volume, "\1CD001\1", 7);
	memset(volume + 40, ' ', 32);
	memcpy(volume + 40, label, strlen(label));
	memcpy(bytes + 18 * SECTOR, "\377CD001\1", 7);
	if (loader) {
		memcpy(boot, "\0CD001\1EL TORITO SPECIFICATION", 30);
		boot[0x47] = CATALOGUE;
		catalogue[0] = 1;
		catalogue[30] = 0x55;
		catalogue[31] = (char)0xaa;
		catalogue[32] = (char)0x88;
		catalogue[40] = IMAGE;
		strcpy(bytes + IMAGE * SECTOR + 100, loader);
	} else {
		memcpy(boot, "\377CD001\1", 7);
	}
	return rig_write(folder, name, bytes, sizeof bytes);
}

static void discs_are_recognised(void)
{
	static const struct {
		const char *file, *label, *loader; /* given */
		const char *title, *system;        /* expected */
		gboolean is_bootable, is_64_bit;
	} rows[] = {
		{ "a.iso", "Debian 12.4.0 i386 n", "ISOLINUX", "Debian 12.4.0 i386 n", "Debian",
		  TRUE, FALSE },
		{ "b.iso", "Debian 12.4.0 amd64 n", "ISOLINUX", "Debian 12.4.0 amd64 n", "Debian",
		  TRUE, TRUE },
		{ "w.iso", "WIN98 SE", "x", "WIN98 SE", "Windows 98", TRUE, FALSE },
		{ "xp.iso", "WXPFPP_EN", "x", "Windows XP", "Windows XP", TRUE, FALSE },
		{ "f.iso", "FD13-LIVE", "x", "FreeDOS", "FreeDOS", TRUE, FALSE },
		{ "mini.iso", "ISOIMAGE", "ISOLINUX 6.04", "mini", "Linux", TRUE, FALSE },
		{ "photos 2019.iso", "PHOTOS", NULL, "photos 2019", "", FALSE, FALSE },
		{ "arch-x86_64.iso", "", "x", "arch-x86_64", "", TRUE, TRUE },
	};
	g_autofree char *folder = rig_folder();

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path =
			make_disc(folder, rows[i].file, rows[i].label, rows[i].loader);
		struct tsr_medium *medium = tsr_medium_read(path, NULL);

		CU_ASSERT_PTR_NOT_NULL_FATAL(medium);
		CU_ASSERT_EQUAL(medium->kind, TSR_MEDIUM_DISC);
		CU_ASSERT_STRING_EQUAL(medium->label, rows[i].label);
		CU_ASSERT_STRING_EQUAL(medium->title, rows[i].title);
		CU_ASSERT_STRING_EQUAL(medium->system->name, rows[i].system);
		CU_ASSERT_EQUAL(medium->is_bootable, rows[i].is_bootable);
		CU_ASSERT_EQUAL(medium->is_64_bit, rows[i].is_64_bit);
		tsr_medium_free(medium);
	}
}

static void a_raw_image_is_a_disk(void)
{
	g_autofree char *folder = rig_folder();
	char bytes[4096] = { 0 };
	g_autofree char *path = NULL;
	struct tsr_medium *medium;

	bytes[510] = 0x55;
	bytes[511] = (char)0xaa;
	path = rig_write(folder, "disk.raw", bytes, sizeof bytes);
	medium = tsr_medium_read(path, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(medium);
	CU_ASSERT_EQUAL(medium->kind, TSR_MEDIUM_IMAGE);
	CU_ASSERT_EQUAL(medium->bytes, sizeof bytes);
	CU_ASSERT_STRING_EQUAL(medium->title, "disk");
	tsr_medium_free(medium);
}

static void other_files_are_refused_in_a_sentence(void)
{
	static const struct {
		const char *bytes;
		gsize length;
		const char *says;
	} rows[] = {
		{ "", 0, "is empty" },
		{ "hello", 5, "neither a disc nor the image of a disk" },
		{ "QFI\xfb\0\0\0\3", 8, "is a qcow2 image" },
		{ "KDMV", 4, "is a VMDK image" },
		{ "\x1f\x8b\x08", 3, "is packed" },
		{ "PK\3\4", 4, "is packed" },
	};
	g_autofree char *folder = rig_folder(), *pipe = g_build_filename(folder, "p", NULL);

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path =
			rig_write(folder, "x", rows[i].bytes, (gssize)rows[i].length);
		g_autoptr(GError) why = NULL;

		CU_ASSERT_PTR_NULL(tsr_medium_read(path, &why));
		CU_ASSERT(why && strstr(why->message, rows[i].says));
	}
	mkfifo(pipe, 0600);
	for (guint i = 0; i < 3; i++) {
		const char *const paths[] = { folder, pipe, "/nowhere" };
		const char *const says[] = { "is a folder", "is not a file", "cannot be opened" };
		g_autoptr(GError) why = NULL;

		CU_ASSERT_PTR_NULL(tsr_medium_read(paths[i], &why));
		CU_ASSERT(why && strstr(why->message, says[i]));
	}
}

/* Descriptors and catalogues of any contents: what is read stays within the file's sectors. */
static void damaged_discs_do_no_harm(void)
{
	g_autofree char *folder = rig_folder(),
			*path = make_disc(folder, "d.iso", "Debian 12", "ISOLINUX"), *bytes = NULL;
	g_autoptr(GRand) random = g_rand_new_with_seed(1);
	gsize length;

	CU_ASSERT_FATAL(g_file_get_contents(path, &bytes, &length, NULL));
	for (guint round = 0; round < 2000; round++) {
		g_autofree char *copy = g_memdup2(bytes, length), *other = NULL;
		gsize cut = round % 4 ? length : (gsize)g_rand_int_range(random, 1, (gint)length);
		struct tsr_medium *medium;

		for (guint i = 0; i < 8; i++)
			copy[g_rand_int_range(random, 16 * SECTOR, (gint)length)] =
				(char)g_rand_int(random);
		copy[17 * SECTOR + 0x47 + round % 4] = (char)g_rand_int(random);
		other = rig_write(folder, "other.iso", copy, (gssize)cut);
		medium = tsr_medium_read(other, NULL);
		CU_ASSERT(!medium ||
			  (*medium->title && g_utf8_validate(medium->title, -1, NULL) &&
			   g_utf8_validate(medium->label ? medium->label : "", -1, NULL)));
		tsr_medium_free(medium);
	}
}

static void discs_of_a_folder_are_listed(void)
{
	g_autofree char *folder = rig_folder();
	g_auto(GStrv) all = NULL, one = NULL;

	g_free(make_disc(folder, "A.ISO", "X", NULL));
	g_free(make_disc(folder, "b.iso", "Y", NULL));
	g_free(rig_write(folder, "c.txt", "", 0));
	g_free(rig_write(folder, ".d.iso", "", 0));
	all = tsr_medium_list(folder, 10, NULL);
	one = tsr_medium_list(folder, 1, NULL);
	CU_ASSERT_EQUAL(g_strv_length(all), 2);
	CU_ASSERT_EQUAL(g_strv_length(one), 1);
	CU_ASSERT_PTR_NULL(tsr_medium_list("/nowhere", 1, NULL));
}

int main(int argc, char **argv)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(discs_are_recognised),
		UNIT_ROW(a_raw_image_is_a_disk),
		UNIT_ROW(other_files_are_refused_in_a_sentence),
		UNIT_ROW(damaged_discs_do_no_harm),
		UNIT_ROW(discs_of_a_folder_are_listed),
		CU_TEST_INFO_NULL,
	};
	int status;

	rig_begin(argc, argv);
	status = unit_run("library-medium", tests);
	rig_end();
	return status;
}
