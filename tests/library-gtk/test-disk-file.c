/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What disk images of other programs are recognised as, and which of them are refused unopened. */
#include <string.h>

#include "folder-rig.h"
#include "model/disk-convert.h"
#include "model/disk-file.h"
#include "unit.h"

#define SECTOR 512
#define MIB (1 << 20)

typedef struct {
	guint at;
	const char *bytes;
	guint length;
} Patch;

#define TEXT(offset, text) \
	{ \
		(offset), (text), sizeof(text) - 1 \
	}

static gboolean parse(const guint8 *head, gsize length, const guint8 *tail,
		      struct tsr_disk_file *disk, char **says)
{
	const struct tsr_disk_ends ends = { head, tail, length, length };
	g_autoptr(GError) why = NULL;
	gboolean done = tsr_disk_file_parse(&ends, "x", disk, &why);

	CU_ASSERT_EQUAL(done, why == NULL);
	*says = g_strdup(why ? why->message : "");
	return done;
}

static void headers_are_read(void)
{
	static const struct {
		Patch patches[4];
		guint length;
		TsrDiskFormat format;
		guint64 bytes;
		const char *says; /* NULL: it is taken */
	} rows[] = {
		{ { TEXT(0, "QFI\xfb\0\0\0\3"), TEXT(24, "\0\0\0\0\0\x10\0\0") },
		  104,
		  TSR_DISK_QCOW2,
		  MIB,
		  NULL },
		{ { TEXT(0, "QFI\xfb\0\0\0\2"), TEXT(24, "\0\0\0\0\0\x10\0\0") },
		  104,
		  TSR_DISK_QCOW2,
		  MIB,
		  NULL },
		{ { TEXT(0, "QFI\xfb\0\0\0\1") }, 104, TSR_DISK_QCOW2, 0, "is damaged" },
		{ { TEXT(0, "QFI\xfb\0\0\0\3") }, 20, TSR_DISK_QCOW2, 0, "is damaged" },
		{ { TEXT(0, "QFI\xfb\0\0\0\3\0\0\0\0\0\0\1\0") },
		  104,
		  TSR_DISK_QCOW2,
		  0,
		  "what changed since another disk" },
		{ { TEXT(0, "QFI\xfb\0\0\0\3"), TEXT(79, "\4") },
		  104,
		  TSR_DISK_QCOW2,
		  0,
		  "what changed since another disk" },
		{ { TEXT(0, "QFI\xfb\0\0\0\3"), TEXT(35, "\2") },
		  104,
		  TSR_DISK_QCOW2,
		  0,
		  "is encrypted" },
		{ { TEXT(0, "KDMV\1\0\0\0\3\0\0\0\0\x08") }, SECTOR, TSR_DISK_VMDK, MIB, NULL },
		{ { TEXT(0, "KDMV\1\0\0\0") }, SECTOR, TSR_DISK_VMDK, 0, "is damaged" },
		{ { TEXT(0, "KDMV\1\0\0\0\3\0\0\0\0\x08") }, 40, TSR_DISK_VMDK, 0, "is damaged" },
		{ { TEXT(0, "KDMV\1\0\0\0\3\0\0\0\0\x08"),
		    TEXT(SECTOR, "parentFileNameHint=\"/etc/passwd\"") },
		  2048,
		  TSR_DISK_VMDK,
		  0,
		  "what changed since another disk" },
		{ { TEXT(64, "\x7f\x10\xda\xbe\1\0\1\0"), TEXT(76, "\1"), TEXT(370, "\x10") },
		  SECTOR,
		  TSR_DISK_VDI,
		  MIB,
		  NULL },
		{ { TEXT(64, "\x7f\x10\xda\xbe\1\0\1\0"), TEXT(76, "\4") },
		  SECTOR,
		  TSR_DISK_VDI,
		  0,
		  "what changed since another disk" },
		{ { TEXT(64, "\x7f\x10\xda\xbe\1\0\1\0") }, 100, TSR_DISK_VDI, 0, "is damaged" },
		{ { TEXT(64, "\x7f\x10\xda\xbe\1\0\1\0"), TEXT(0x178, "\0\0\x10\0"),
		    TEXT(0x184, "\1") },
		  SECTOR,
		  TSR_DISK_VDI,
		  0,
		  "is damaged" },
		{ { TEXT(0, "conectix"), TEXT(53, "\x10"), TEXT(63, "\3"), TEXT(1536, "conectix") },
		  2048,
		  TSR_DISK_VHD,
		  MIB,
		  NULL },
		{ { TEXT(0, "conectix"), TEXT(63, "\4"), TEXT(1536, "conectix") },
		  2048,
		  TSR_DISK_VHD,
		  0,
		  "what changed since another disk" },
		{ { TEXT(0, "conectix"), TEXT(63, "\3") }, 2048, TSR_DISK_VHD, 0, "is damaged" },
		{ { TEXT(0, "conectix") }, 60, TSR_DISK_VHD, 0, "is damaged" },
		{ { TEXT(0, "vhdxfile") }, SECTOR, TSR_DISK_VHDX, 0, NULL },
		{ { TEXT(0, "MZ") }, SECTOR, TSR_DISK_RAW, 0, NULL },
		{ { TEXT(0, "QFI\xfb\0\0\0\3"), TEXT(24, "\xff\xff\xff\xff\xff\xff\xff\xff") },
		  104,
		  TSR_DISK_QCOW2,
		  G_MAXUINT64,
		  "is damaged" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree guint8 *head = g_malloc0(rows[i].length);
		g_autofree char *says = NULL;
		struct tsr_disk_file disk = { 0 };

		for (guint k = 0; k < 4 && rows[i].patches[k].bytes; k++)
			memcpy(head + rows[i].patches[k].at, rows[i].patches[k].bytes,
			       MIN(rows[i].patches[k].length,
				   rows[i].length - rows[i].patches[k].at));
		CU_ASSERT_EQUAL(
			parse(head, rows[i].length,
			      rows[i].length >= 2048 ? head + rows[i].length - SECTOR : NULL, &disk,
			      &says),
			!rows[i].says);
		CU_ASSERT_EQUAL(disk.format, rows[i].format);
		CU_ASSERT(disk.format == TSR_DISK_RAW || disk.bytes == rows[i].bytes);
		CU_ASSERT(!rows[i].says || strstr(says, rows[i].says));
		tsr_disk_file_clear(&disk);
	}
}

static void a_fixed_vhd_is_known_by_its_end(void)
{
	guint8 head[SECTOR] = { 0 }, tail[TSR_DISK_TAIL_BYTES] = "conectix";
	g_autofree char *says = NULL;
	struct tsr_disk_file disk = { 0 };

	tail[53] = 0x10;
	tail[63] = 2;
	CU_ASSERT(parse(head, sizeof head, tail, &disk, &says));
	CU_ASSERT_EQUAL(disk.format, TSR_DISK_VHD);
	CU_ASSERT_EQUAL(disk.bytes, MIB);
	tsr_disk_file_clear(&disk);
}

static void descriptors_name_files_beside_them(void)
{
	static const struct {
		const char *lines;
		guint64 sectors; /* 0: refused */
		guint names;
		const char *says;
	} rows[] = {
		{ "RW 2048 SPARSE \"d-s001.vmdk\"\r\nRW 100 FLAT \"d f2.vmdk\" 0\nRW 8 ZERO\n",
		  2156, 2, "" },
		{ "RW 2048 FLAT \"../secret\" 0\n", 0, 0, "outside of its folder" },
		{ "RW 2048 FLAT \"/etc/passwd\" 0\n", 0, 0, "outside of its folder" },
		{ "RW 2048 FLAT \"nbd://host/x\" 0\n", 0, 0, "outside of its folder" },
		{ "RW 2048 FLAT \"fat:dir\" 0\n", 0, 0, "outside of its folder" },
		{ "RW 2048 FLAT \"C:\\\\x\" 0\n", 0, 0, "outside of its folder" },
		{ "RW 2048 FLAT \".hidden\" 0\n", 0, 0, "outside of its folder" },
		{ "RW 2048 FLAT\n", 0, 0, "is damaged" },
		{ "RW 99999999999999999999 FLAT \"a\"\n", 0, 0, "is damaged" },
		{ "RW 9223372036854775 FLAT \"a\"\nRW 18014398509481983 FLAT \"b\"\n", 0, 0,
		  "is damaged" },
		{ "CID=123\n", 0, 0, "is damaged" },
		{ "parentFileNameHint=\"base.vmdk\"\nRW 8 SPARSE \"a\"\n", 0, 0,
		  "what changed since another" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = g_strconcat("# Disk DescriptorFile\nversion=1\n",
						    rows[i].lines, NULL),
				*says = NULL;
		struct tsr_disk_file disk = { 0 };

		CU_ASSERT_EQUAL(parse((const guint8 *)text, strlen(text), NULL, &disk, &says),
				rows[i].sectors != 0);
		CU_ASSERT(strstr(says, rows[i].says) != NULL);
		if (rows[i].sectors) {
			CU_ASSERT_EQUAL(disk.bytes, rows[i].sectors * SECTOR);
			CU_ASSERT_EQUAL(disk.extents->len, rows[i].names);
		}
		tsr_disk_file_clear(&disk);
	}
}

/* QEMU would follow a description in an extent that says that it has no content of its own. */
static void an_extent_describes_nothing(void)
{
	static const char text[] = "# Disk DescriptorFile\nRW 8 SPARSE \"e.vmdk\"\n";
	char extent[SECTOR] = "KDMV";
	g_autofree char *folder = rig_folder(), *path = rig_write(folder, "d.vmdk", text, -1);
	struct tsr_disk_file disk = { 0 };
	g_autoptr(GError) missing = NULL;
	g_autoptr(GError) damaged = NULL;

	CU_ASSERT_FALSE(tsr_disk_file_read(path, &disk, &missing));
	CU_ASSERT(missing && strstr(missing->message, "which is missing"));
	tsr_disk_file_clear(&disk);
	g_free(rig_write(folder, "e.vmdk", extent, sizeof extent));
	CU_ASSERT_FALSE(tsr_disk_file_read(path, &disk, &damaged));
	CU_ASSERT(damaged && strstr(damaged->message, "is damaged"));
	tsr_disk_file_clear(&disk);
	extent[12] = 8;
	g_free(rig_write(folder, "e.vmdk", extent, sizeof extent));
	CU_ASSERT(tsr_disk_file_read(path, &disk, NULL));
	CU_ASSERT_EQUAL(disk.stored, sizeof extent + strlen(text));
	tsr_disk_file_clear(&disk);
}

static void a_flat_extent_is_complete(void)
{
	static const char text[] = "# Disk DescriptorFile\nRW 2 FLAT \"e.vmdk\" 1\n";
	char extent[3 * SECTOR] = { 0 };
	g_autofree char *folder = rig_folder(), *path = rig_write(folder, "d.vmdk", text, -1);
	struct tsr_disk_file disk = { 0 };
	g_autoptr(GError) why = NULL;

	g_free(rig_write(folder, "e.vmdk", extent, sizeof extent - 1));
	CU_ASSERT_FALSE(tsr_disk_file_read(path, &disk, &why));
	CU_ASSERT(why && strstr(why->message, "“e.vmdk” is damaged"));
	tsr_disk_file_clear(&disk);
	g_free(rig_write(folder, "e.vmdk", extent, sizeof extent));
	CU_ASSERT(tsr_disk_file_read(path, &disk, NULL));
	tsr_disk_file_clear(&disk);
}

/* More than any disk has left: refused before anything is written. */
static void a_disk_that_does_not_fit_is_refused(void)
{
	g_autofree char *folder = rig_folder(), *to = g_build_filename(folder, "disk.img", NULL),
			*from = rig_write(folder, "a.qcow2", "QFI\xfb", 4);
	const struct tsr_disk_file disk = { .format = TSR_DISK_QCOW2,
					    .bytes = G_MAXINT64,
					    .stored = G_MAXINT64 };
	g_autoptr(GError) why = NULL;

	CU_ASSERT_FALSE(tsr_disk_convert(from, &disk, to, NULL, NULL, &why));
	CU_ASSERT(why && strstr(why->message, "needs at least") && strstr(why->message, "left"));
	CU_ASSERT_FALSE(g_file_test(to, G_FILE_TEST_EXISTS));
}

static void a_missing_converter_is_named(void)
{
	g_autofree char *folder = rig_folder(), *to = g_build_filename(folder, "disk.img", NULL),
			*from = rig_write(folder, "a.qcow2", "QFI\xfb", 4),
			*path = g_strdup(g_getenv("PATH"));
	const struct tsr_disk_file disk = { .format = TSR_DISK_QCOW2, .bytes = 1, .stored = 1 };
	g_autoptr(GError) why = NULL;

	g_setenv("PATH", folder, TRUE);
	CU_ASSERT_FALSE(tsr_disk_convert(from, &disk, to, NULL, NULL, &why));
	g_setenv("PATH", path, TRUE);
	CU_ASSERT(why && strstr(why->message, "Install the package qemu-utils"));
}

int main(int argc, char **argv)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(headers_are_read),
		UNIT_ROW(a_fixed_vhd_is_known_by_its_end),
		UNIT_ROW(descriptors_name_files_beside_them),
		UNIT_ROW(an_extent_describes_nothing),
		UNIT_ROW(a_flat_extent_is_complete),
		UNIT_ROW(a_disk_that_does_not_fit_is_refused),
		UNIT_ROW(a_missing_converter_is_named),
		CU_TEST_INFO_NULL,
	};
	int status;

	rig_begin(argc, argv);
	status = unit_run("library-disk-file", tests);
	rig_end();
	return status;
}
