/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Machines that are made of others' files by the real `qemu-img` and the real tessera-unpack, and
 * what is left when that fails: nothing. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "folder-rig.h"
#include "model/import.h"
#include "unit.h"

#define MIB (1 << 20)
#define DISK_MIB 3
#define TAR_BLOCK 512

static char *source; /* a raw image */

/* -- Steps */

static char *import_with(const char *path, const char *parent, GPtrArray *notes,
			 struct tsr_progress *progress, GCancellable *cancellable, GError **error)
{
	const struct tsr_import_place place = { parent, rig_preset, rig_tessera };
	struct tsr_import *import = tsr_import_look(path, error);
	char *folder = import ? tsr_import_make(import, &place, notes, progress, cancellable, error)
			      : NULL;

	tsr_import_free(import);
	return folder;
}

/* Prints why not. */
static char *import(const char *path, const char *parent, GPtrArray *notes)
{
	g_autoptr(GPtrArray) own = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) why = NULL;
	char *folder = import_with(path, parent, notes ? notes : own, NULL, NULL, &why);

	if (why)
		fprintf(stderr, "%s\n", why->message);
	CU_ASSERT_PTR_NOT_NULL(folder);
	return folder;
}

static guint count_files(const char *folder)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	guint count = 0;

	while (g_dir_read_name(dir))
		count++;
	return count;
}

static void refused(const char *path, const char *says)
{
	g_autofree char *parent = rig_folder();
	g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) why = NULL;

	CU_ASSERT_PTR_NULL(import_with(path, parent, notes, NULL, NULL, &why));
	CU_ASSERT(why && strstr(why->message, says));
	if (why && !strstr(why->message, says))
		fprintf(stderr, "not “%s”: %s\n", says, why->message);
	CU_ASSERT_EQUAL(count_files(parent), 0);
}

static char *contents(const char *folder, const char *name, gsize *length)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	char *bytes = NULL;

	if (!g_file_get_contents(path, &bytes, length, NULL)) {
		fprintf(stderr, "there is no %s\n", path);
		*length = 0;
	}
	return bytes;
}

/* The manifest of a folder that is called like it. */
static char *manifest(const char *folder)
{
	g_autofree char *name = g_path_get_basename(folder),
			*file = g_strconcat(name, ".machine", NULL);
	gsize length;
	char *text = contents(folder, file, &length);

	return text ? text : g_strdup("");
}

/* VHD rounds sizes up to its geometry. */
static void is_copy(const char *folder, const char *name)
{
	gsize length, wanted;
	g_autofree char *copy = contents(folder, name, &length), *original = NULL;

	CU_ASSERT_FATAL(g_file_get_contents(source, &original, &wanted, NULL));
	CU_ASSERT(length >= wanted && length < wanted + MIB);
	CU_ASSERT(length >= wanted && memcmp(copy, original, wanted) == 0);
}

static void make_source(const char *folder)
{
	g_autofree char *bytes = g_malloc0(DISK_MIB * MIB);
	g_autoptr(GRand) random = g_rand_new_with_seed(7);

	for (guint i = 0; i < MIB; i++)
		bytes[i] = (char)g_rand_int(random);
	memcpy(bytes + 510, "\x55\xaa", 2);
	memcpy(bytes + DISK_MIB * MIB - 5, "end", 3);
	source = rig_write(folder, "source.img", bytes, DISK_MIB * MIB);
}

/* The source in another format; the caller frees the path. */
static char *make_image(const char *folder, const char *name, const char *format,
			const char *option)
{
	char *path = g_build_filename(folder, name, NULL);
	const char *words[] = { "qemu-img", "convert", "-f",
				"raw",      "-O",      format,
				source,     path,      option ? "-o" : NULL,
				option,     NULL };
	int status = -1;

	g_spawn_sync(NULL, (char **)words, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL,
		     NULL, NULL, NULL, NULL, &status, NULL);
	CU_ASSERT_EQUAL(status, 0);
	return path;
}

/* POSIX.1-2017, pax, "ustar Interchange Format". */
static void add_member(GByteArray *tar, const char *name, const char *bytes, gsize length)
{
	char header[TAR_BLOCK] = { 0 }, padding[TAR_BLOCK] = { 0 };
	guint sum = 0;

	g_snprintf(header, 100, "%s", name);
	g_snprintf(header + 100, 8, "%07o", 0644);
	g_snprintf(header + 124, 12, "%011lo", (gulong)length);
	memset(header + 148, ' ', 8);
	header[156] = '0';
	memcpy(header + 257, "ustar\00000", 8);
	for (guint i = 0; i < TAR_BLOCK; i++)
		sum += (guchar)header[i];
	g_snprintf(header + 148, 8, "%06o", sum);
	g_byte_array_append(tar, (guint8 *)header, TAR_BLOCK);
	g_byte_array_append(tar, (const guint8 *)bytes, (guint)length);
	g_byte_array_append(tar, (guint8 *)padding,
			    (guint)((TAR_BLOCK - length % TAR_BLOCK) % TAR_BLOCK));
}

static const char ovf[] =
	"<Envelope xmlns:ovf=\"x\" xmlns:rasd=\"y\"><References><File ovf:id=\"f\" "
	"ovf:href=\"%s\"/></References><DiskSection><Disk ovf:diskId=\"d\" ovf:fileRef=\"f\"/>"
	"</DiskSection><VirtualSystem ovf:id=\"Web/server\"><VirtualHardwareSection>"
	"<Item><rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>96"
	"</rasd:VirtualQuantity></Item><Item><rasd:ResourceType>17</rasd:ResourceType>"
	"<rasd:HostResource>ovf:/disk/d</rasd:HostResource></Item></VirtualHardwareSection>"
	"</VirtualSystem></Envelope>";

static char *digest_line(GChecksumType type, const char *word, const char *name, const char *bytes,
			 gsize length)
{
	g_autofree char *sum = g_compute_checksum_for_data(type, (const guchar *)bytes, length);

	return g_strdup_printf("%s(%s)= %s\r\n", word, name, sum);
}

/* The manifest of the package below. */
static char *make_digests(const char *text, const char *disk, gsize length)
{
	g_autofree char *first = digest_line(G_CHECKSUM_SHA256, "SHA256", "box.ovf", text,
					     strlen(text)),
			*second = digest_line(G_CHECKSUM_SHA1, "SHA1 ", "d (1).vmdk", disk, length),
			*third = digest_line(G_CHECKSUM_SHA512, "Sha512", "d (1).vmdk", disk,
					     length);

	return g_strconcat(first, second, third, "SHA256(not there)= 00\n", NULL);
}

/* An OVA with the digests of its files. digests NULL: the right ones; damaged: a byte of its disk
 * is another one than they are of. */
static char *make_ova_with(const char *folder, const char *digests, gboolean damaged)
{
	g_autofree char *image = make_image(folder, "d.vmdk", "vmdk", "subformat=streamOptimized"),
			*text = g_strdup_printf(ovf, "d (1).vmdk"), *bytes = NULL, *right = NULL;
	g_autoptr(GByteArray) tar = g_byte_array_new();
	const guint8 end[2 * TAR_BLOCK] = { 0 };
	gsize length;

	CU_ASSERT_FATAL(g_file_get_contents(image, &bytes, &length, NULL));
	right = make_digests(text, bytes, length);
	bytes[length / 2] ^= (char)damaged;
	add_member(tar, "box.ovf", text, strlen(text));
	add_member(tar, "box.mf", digests ? digests : right, strlen(digests ? digests : right));
	add_member(tar, "d (1).vmdk", bytes, length);
	g_byte_array_append(tar, end, sizeof end);
	g_remove(image);
	return rig_write(folder, "box.ova", (char *)tar->data, tar->len);
}

/* The files of a package, with a digest that is not its disk's; the description's path. */
static char *make_package(const char *folder)
{
	g_autofree char *text = g_strdup_printf(ovf, "d.vmdk");

	g_free(make_image(folder, "d.vmdk", "vmdk", "subformat=streamOptimized"));
	g_free(rig_write(folder, "box.mf", "SHA256(d.vmdk)= 00\n", -1));
	return rig_write(folder, "box.ovf", text, -1);
}

/* An OVA whose description names `href`, with a disk under the name `member`. */
static char *make_ova(const char *folder, const char *href, const char *member)
{
	g_autofree char *image = make_image(folder, "d.vmdk", "vmdk", "subformat=streamOptimized"),
			*text = g_strdup_printf(ovf, href), *bytes = NULL;
	g_autoptr(GByteArray) tar = g_byte_array_new();
	const guint8 end[2 * TAR_BLOCK] = { 0 };
	gsize length;

	CU_ASSERT_FATAL(g_file_get_contents(image, &bytes, &length, NULL));
	add_member(tar, "box.ovf", text, strlen(text));
	add_member(tar, member, bytes, length);
	g_byte_array_append(tar, end, sizeof end);
	g_remove(image);
	return rig_write(folder, "box.ova", (char *)tar->data, tar->len);
}

/* -- Disks */

static void disks_of_others_are_converted(void)
{
	static const struct {
		const char *name, *format, *option;
	} rows[] = {
		{ "a,b.qcow2", "qcow2", NULL },
		{ "old.qcow2", "qcow2", "compat=0.10" },
		{ "a:b.vmdk", "vmdk", NULL },
		{ "stream.vmdk", "vmdk", "subformat=streamOptimized" },
		{ "split.vmdk", "vmdk", "subformat=twoGbMaxExtentSparse" },
		{ "flat.vmdk", "vmdk", "subformat=monolithicFlat" },
		{ "d.vdi", "vdi", NULL },
		{ "d.vhd", "vpc", NULL },
		{ "fixed.vhd", "vpc", "subformat=fixed" },
		{ "d.vhdx", "vhdx", NULL },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *folder = rig_folder(), *parent = rig_folder(),
				*path = make_image(folder, rows[i].name, rows[i].format,
						   rows[i].option),
				*made = import(path, parent, NULL),
				*text = made ? manifest(made) : g_strdup("");

		CU_ASSERT_PTR_NOT_NULL_FATAL(made);
		is_copy(made, "disk.img");
		CU_ASSERT(strstr(text, "slot.default=disk.img") != NULL);
		CU_ASSERT_EQUAL(count_files(made), 2);
		CU_ASSERT_EQUAL(count_files(parent), 1);
		CU_ASSERT_TRUE(g_file_test(path, G_FILE_TEST_EXISTS));
	}
}

static void a_raw_image_is_copied(void)
{
	g_autofree char *parent = rig_folder(), *made = import(source, parent, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(made);
	is_copy(made, "disk.img");
}

/* Each is cut where its headers are whole: QEMU by itself would read zeros for the rest. */
static void cut_disks_leave_nothing(void)
{
	static const struct {
		const char *name, *format, *option;
	} rows[] = {
		{ "a.qcow2", "qcow2", NULL },
		{ "a.vmdk", "vmdk", NULL },
		{ "stream.vmdk", "vmdk", "subformat=streamOptimized" },
		{ "a.vdi", "vdi", NULL },
		{ "a.vhd", "vpc", NULL },
		{ "a.vhdx", "vhdx", NULL },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *folder = rig_folder(),
				*path = make_image(folder, rows[i].name, rows[i].format,
						   rows[i].option);
		GStatBuf info;

		CU_ASSERT_EQUAL_FATAL(g_stat(path, &info), 0);
		CU_ASSERT_EQUAL(truncate(path, info.st_size / 2), 0);
		refused(path, "“");
		CU_ASSERT_EQUAL(truncate(path, 40), 0);
		refused(path, i == 3   ? "neither a disc nor"
			      : i == 5 ? "“"
				       : "is damaged, or not complete");
	}
}

static void a_layer_leaves_nothing(void)
{
	g_autofree char *folder = rig_folder(),
			*path = make_image(folder, "a.qcow2", "qcow2", NULL),
			*layer = g_build_filename(folder, "layer.qcow2", NULL);
	const char *words[] = { "qemu-img", "create", "-q",    "-f",  "qcow2", "-b",
				path,       "-F",     "qcow2", layer, NULL };

	g_spawn_sync(NULL, (char **)words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
		     NULL);
	refused(layer, "only what changed since another disk");
}

static void stop(gpointer user, double done)
{
	if (done > 0)
		g_cancellable_cancel(user);
}

static void a_cancelled_import_leaves_nothing(void)
{
	for (guint i = 0; i < 3; i++) {
		g_autofree char *folder = rig_folder(), *parent = rig_folder(),
				*path = i == 2   ? make_package(folder)
					: i == 1 ? make_ova(folder, "d.vmdk", "d.vmdk")
						 : make_image(folder, "a.qcow2", "qcow2", NULL);
		g_autoptr(GCancellable) cancellable = g_cancellable_new();
		g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
		g_autoptr(GError) why = NULL;
		struct tsr_progress progress = { .report = stop, .user = cancellable };

		CU_ASSERT_PTR_NULL(import_with(path, parent, notes, &progress, cancellable, &why));
		CU_ASSERT(g_error_matches(why, G_IO_ERROR, G_IO_ERROR_CANCELLED));
		CU_ASSERT_EQUAL(count_files(parent), 0);
	}
}

/* -- Machines of others */

static void a_vmx_brings_its_disks(void)
{
	static const char text[] = "config.version=\"8\"\ndisplayName=\"Old PC\"\nmemsize=\"2\"\n"
				   "ide0:0.present=\"TRUE\"\nide0:0.fileName=\"a.vmdk\"\n"
				   "scsi0:0.present=\"TRUE\"\nscsi0:0.fileName=\"sub/b.vmdk\"\n";
	g_autofree char *folder = rig_folder(), *parent = rig_folder(),
			*sub = g_build_filename(folder, "sub", NULL),
			*path = rig_write(folder, "x.vmx", text, -1), *made = NULL, *other = NULL,
			*manifest_text = NULL;
	g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);

	g_mkdir(sub, 0700);
	g_free(make_image(folder, "a.vmdk", "vmdk", NULL));
	g_free(make_image(sub, "b.vmdk", "vmdk", "subformat=twoGbMaxExtentSparse"));
	made = import(path, parent, notes);
	CU_ASSERT_PTR_NOT_NULL_FATAL(made);
	CU_ASSERT(g_str_has_suffix(made, "/Old PC"));
	is_copy(made, "disk.img");
	is_copy(made, "disk1.img");
	manifest_text = manifest(made);
	CU_ASSERT(strstr(manifest_text, "memory=4M\n") != NULL);
	CU_ASSERT(strstr(manifest_text, "slot.default=disk1.img") != NULL);
	CU_ASSERT(strstr(manifest_text, "slot.default=user") == NULL);
	CU_ASSERT_EQUAL(notes->len, 1);
	other = import(folder, parent, NULL);
	CU_ASSERT_STRING_EQUAL_FATAL(other ? other + strlen(parent) : "", "/Old PC 2");
}

/* As a file of the folder in which the program had written its machine. */
static char *put_sample(const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename(SAMPLES, name, NULL), *text = NULL;
	gsize length;

	CU_ASSERT_FATAL(g_file_get_contents(path, &text, &length, NULL));
	return rig_write(folder, name, text, (gssize)length);
}

static void whole_descriptions_become_machines(void)
{
	static const struct {
		const char *file, *disks[2], *title, *memory;
		guint notes;
	} rows[] = {
		{ "workstation-6.vmx", { "Büro.vmdk", "Büro-Daten.vmdk" }, "Büro", "512M", 0 },
		{ "workstation-17.vmx", { "Windows 11 x64.vmdk" }, "Windows 11 x64", "3584M", 3 },
		{ "virtualbox-1.0.ovf", { "box-disk001.vmdk" }, "Debian box", "512M", 0 },
		{ "virtualbox-2.0.ovf", { "box-disk001.vmdk" }, "Debian 64", "1024M", 2 },
		{ "vmware-1.1.ovf", { "web-disk1.vmdk" }, "Web & mail", "768M", 0 },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *folder = rig_folder(), *parent = rig_folder(),
				*path = put_sample(folder, rows[i].file), *made = NULL,
				*text = NULL,
				*memory = g_strconcat("memory=", rows[i].memory, NULL);
		g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);

		for (guint j = 0; j < G_N_ELEMENTS(rows[i].disks) && rows[i].disks[j]; j++)
			g_free(make_image(folder, rows[i].disks[j], "vmdk",
					  "subformat=streamOptimized"));
		made = import(path, parent, notes);
		CU_ASSERT_PTR_NOT_NULL_FATAL(made);
		CU_ASSERT_STRING_EQUAL(made + strlen(parent) + 1, rows[i].title);
		is_copy(made, "disk.img");
		if (rows[i].disks[1])
			is_copy(made, "disk1.img");
		text = manifest(made);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, memory));
		CU_ASSERT_EQUAL(notes->len, rows[i].notes);
	}
}

static void a_vmx_reaches_its_folder_only(void)
{
	static const char *const disks[] = { "../source.vmdk", "/etc/passwd", "C:\\x.vmdk",
					     "link.vmdk" };
	g_autofree char *top = rig_folder(), *folder = g_build_filename(top, "vm", NULL),
			*link = g_build_filename(folder, "link.vmdk", NULL);

	g_mkdir(folder, 0700);
	g_free(make_image(top, "source.vmdk", "vmdk", NULL));
	CU_ASSERT_EQUAL(symlink("../source.vmdk", link), 0);
	for (guint i = 0; i < G_N_ELEMENTS(disks); i++) {
		g_autofree char *text =
			g_strdup_printf("config.version=\"8\"\nide0:0.present=\"TRUE\"\n"
					"ide0:0.deviceType=\"disk\"\nide0:0.fileName=\"%s\"\n",
					disks[i]);
		g_autofree char *path = rig_write(folder, "x.vmx", text, -1);

		refused(path, "which lies outside of its folder");
	}
}

static void an_ova_is_unpacked(void)
{
	g_autofree char *folder = rig_folder(), *parent = rig_folder(),
			*path = make_ova(folder, "d.vmdk", "d.vmdk"),
			*made = import(path, parent, NULL), *text = NULL;

	CU_ASSERT_PTR_NOT_NULL_FATAL(made);
	text = manifest(made);
	is_copy(made, "disk.img");
	CU_ASSERT(strstr(text, "memory=96M\n") && strstr(text, "name=Web/server\n"));
	CU_ASSERT_EQUAL(count_files(made), 2);
}

static void bad_archives_leave_nothing(void)
{
	g_autofree char *folder = rig_folder(), *out = make_ova(folder, "d.vmdk", "../d.vmdk"),
			*escaped = g_build_filename(folder, "d.vmdk", NULL), *named = NULL,
			*cut = NULL, *missing = NULL, *empty = NULL;

	refused(out, "leads out of the archive");
	CU_ASSERT_FALSE(g_file_test(escaped, G_FILE_TEST_EXISTS));
	named = make_ova(folder, "../d.vmdk", "d.vmdk");
	refused(named, "which lies outside of its folder");
	missing = make_ova(folder, "e.vmdk", "d.vmdk");
	refused(missing, "which is missing");
	cut = make_ova(folder, "d.vmdk", "d.vmdk");
	CU_ASSERT_EQUAL(truncate(cut, 3000), 0);
	refused(cut, "cannot be unpacked: ");
	empty = rig_write(folder, "box.ova", "", 0);
	refused(empty, "cannot be unpacked: ");
}

static void digests_of_a_package_are_compared(void)
{
	static const char *const lists[] = { "SHA1(box.ovf)\n", "()\n", "=)(\n", "\xff\n", "x" };
	g_autofree char *folder = rig_folder(), *parent = rig_folder(),
			*good = make_ova_with(folder, NULL, FALSE),
			*made = import(good, parent, NULL), *unknown = NULL, *other = NULL,
			*damaged = NULL;
	g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);

	CU_ASSERT_PTR_NOT_NULL_FATAL(made);
	is_copy(made, "disk.img");
	unknown = make_ova_with(folder, "BLAKE9(box.ovf)= 00\n\nSHA256(../x)= 00", FALSE);
	other = import(unknown, parent, notes);
	CU_ASSERT_EQUAL_FATAL(notes->len, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(notes->pdata[0], "unknown kind “BLAKE9”"));
	damaged = make_ova_with(folder, NULL, TRUE);
	refused(damaged, "“d (1).vmdk” is damaged, or was changed: it does not have the digest");
	for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
		g_autofree char *path = make_ova_with(folder, lists[i], FALSE);

		refused(path, "“box.mf” is damaged, or is not a list of digests");
	}
}

/* The files of a package that was unpacked. */
static void digests_lie_beside_a_description_too(void)
{
	g_autofree char *folder = rig_folder(), *path = make_package(folder);

	refused(path, "“d.vmdk” is damaged, or was changed");
}

static void parts_of_a_machine_are_not_imported_alone(void)
{
	g_autofree char *folder = rig_folder(), *vmx = g_build_filename(folder, "a.VMX", NULL),
			*disk = g_build_filename(folder, "a.vmdk", NULL),
			*iso = g_build_filename(folder, "a.iso", NULL),
			*sub = g_build_filename(folder, "sub", NULL),
			*other = g_build_filename(sub, "a.vmdk", NULL);
	const char *const all[] = { disk, iso, sub, other, vmx, NULL }, *const alone[] = { disk,
											   other,
											   NULL };

	g_mkdir(sub, 0700);
	CU_ASSERT_TRUE(tsr_import_is_part(disk, all));
	for (guint i = 1; all[i]; i++)
		CU_ASSERT_FALSE(tsr_import_is_part(all[i], all));
	CU_ASSERT_FALSE(tsr_import_is_part(disk, alone));
}

/* -- Machines of Tessera */

static void a_machine_is_copied_as_a_whole(void)
{
	g_autofree char *top = rig_folder(), *parent = rig_folder(),
			*machine = rig_machine(top, "My PC"), *other = NULL, *made = NULL,
			*sub = g_build_filename(machine, "snapshots", NULL),
			*file = g_build_filename(machine, "My PC.machine", NULL), *state = NULL,
			*layer = NULL;
	gsize length;

	g_mkdir(sub, 0700);
	g_free(rig_write(sub, "1.layer", "layer", -1));
	g_free(rig_write(machine, "suspended.state", "state", -1));
	g_free(rig_write(machine, "log.txt", "log", -1));
	made = import(machine, parent, NULL);
	CU_ASSERT_STRING_EQUAL_FATAL(made ? made + strlen(parent) : "", "/My PC");
	state = contents(made, "suspended.state", &length);
	layer = contents(made, "snapshots/1.layer", &length);
	CU_ASSERT_STRING_EQUAL(state ? state : "", "state");
	CU_ASSERT_STRING_EQUAL(layer ? layer : "", "layer");
	CU_ASSERT_EQUAL(count_files(made), 4);
	other = import(file, parent, NULL);
	CU_ASSERT_STRING_EQUAL(other ? other + strlen(parent) : "", "/My PC 2");
	CU_ASSERT_EQUAL(count_files(machine), 5);
}

/* As among a user's downloads. */
static void a_loose_manifest_brings_its_disk_alone(void)
{
	g_autofree char *top = rig_folder(), *parent = rig_folder(),
			*machine = rig_machine(top, "PC"), *made = NULL, *base = NULL,
			*file = g_build_filename(machine, "PC.machine", NULL),
			*loose = g_build_filename(machine, "pc2.machine", NULL);

	g_free(rig_write(machine, "private.txt", "x", -1));
	CU_ASSERT_EQUAL(g_rename(file, loose), 0);
	made = import(loose, parent, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(made);
	CU_ASSERT_EQUAL(count_files(made), 2);
	base = rig_write(machine, "pc3.machine", "[Machine]\nextends=pc2.machine\n", -1);
	refused(base, "extends another machine file");
}

static void what_a_machine_must_not_bring_is_refused(void)
{
	g_autofree char *top = rig_folder(), *machine = rig_machine(top, "PC"),
			*link = g_build_filename(machine, "stranger", NULL),
			*disk = g_build_filename(machine, "disk.img", NULL);
	struct flock writing = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(disk, O_RDWR | O_CLOEXEC);

	CU_ASSERT_EQUAL(symlink(source, link), 0);
	refused(machine, "which lies outside of its folder");
	g_remove(link);
	CU_ASSERT_EQUAL(fcntl(fd, F_OFD_SETLK, &writing), 0);
	refused(machine, "runs. Power it off or suspend it");
	close(fd);
	g_remove(disk);
	refused(machine, "“disk.img” is missing");
}

static void other_files_are_refused_in_a_sentence(void)
{
	g_autofree char *top = rig_folder(), *iso = g_build_filename(top, "debian.iso", NULL),
			*nothing = g_build_filename(top, "nothing", NULL),
			*text = rig_write(top, "a.txt", "hello", -1);

	g_mkdir(iso, 0700);
	refused(iso, "“debian.iso” is a folder, and holds no machine");
	g_free(rig_write(iso, "a.vmx", "", 0));
	g_free(rig_write(iso, "b.vmx", "", 0));
	refused(iso, "is a folder with several machines");
	refused(nothing, "“nothing” is not there");
	refused(text, "neither a disc nor the image of a disk");
}

int main(int argc, char **argv)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(a_machine_is_copied_as_a_whole),
		UNIT_ROW(a_loose_manifest_brings_its_disk_alone),
		UNIT_ROW(what_a_machine_must_not_bring_is_refused),
		UNIT_ROW(other_files_are_refused_in_a_sentence),
		UNIT_ROW(a_raw_image_is_copied),
		UNIT_ROW(whole_descriptions_become_machines),
		UNIT_ROW(a_vmx_reaches_its_folder_only),
		UNIT_ROW(disks_of_others_are_converted),
		UNIT_ROW(cut_disks_leave_nothing),
		UNIT_ROW(a_layer_leaves_nothing),
		UNIT_ROW(a_cancelled_import_leaves_nothing),
		UNIT_ROW(a_vmx_brings_its_disks),
		UNIT_ROW(an_ova_is_unpacked),
		UNIT_ROW(bad_archives_leave_nothing),
		UNIT_ROW(parts_of_a_machine_are_not_imported_alone),
		UNIT_ROW(digests_of_a_package_are_compared),
		UNIT_ROW(digests_lie_beside_a_description_too),
		CU_TEST_INFO_NULL,
	};
	g_autofree char *converter = g_find_program_in_path("qemu-img"), *folder = NULL;
	int status;

	if (!converter) {
		printf("skipped: there is no qemu-img (package qemu-utils)\n");
		return 77;
	}
	rig_begin(argc, argv);
	folder = rig_folder();
	make_source(folder);
	status = unit_run("library-import", tests);
	rig_end();
	g_free(source);
	return status;
}
