/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Folders of machines: making, damage, another title, a copy; and that a failure leaves nothing. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#include "folder-rig.h"
#include "model/record.h"
#include "unit.h"

static guint count_entries(const char *folder)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	guint count = 0;

	while (dir && g_dir_read_name(dir))
		count++;
	return count;
}

static goffset size_of(const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	struct stat info;

	return stat(path, &info) == 0 ? info.st_size : -1;
}

static void a_new_machine_can_be_read(void)
{
	g_autofree char *parent = rig_folder(), *folder = rig_machine(parent, "a/b 🐧"),
			*base = g_path_get_basename(folder);
	struct tsr_machine_record *record = tsr_machine_record_read(folder);

	CU_ASSERT_STRING_EQUAL(base, "a-b 🐧");
	CU_ASSERT_STRING_EQUAL(record->title, "a/b 🐧");
	CU_ASSERT_STRING_EQUAL(record->memory, "64M");
	CU_ASSERT_PTR_NULL(record->damage);
	CU_ASSERT_FALSE(record->is_suspended);
	CU_ASSERT_EQUAL(size_of(folder, TSR_LIBRARY_DISK), 1 << 20);
	tsr_machine_record_free(record);
}

/* The real program judges the manifest: it runs until its time limit. */
static void the_program_accepts_the_manifest(void)
{
	g_autofree char *parent = rig_folder(), *folder = rig_machine(parent, "300 € \\n ; # [x]");
	struct tsr_machine_record *record = tsr_machine_record_read(folder);
	const char *const words[] = {
		rig_tessera, "run", record->manifest, "--timeout", "1", NULL
	};
	g_autofree char *said = NULL;
	int status = 0;

	CU_ASSERT_STRING_EQUAL(record->title, "300 € \\n ; # [x]");
	CU_ASSERT(g_spawn_sync(NULL, (char **)words, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL,
			       NULL, &said, &status, NULL));
	CU_ASSERT_EQUAL(status >> 8, 124);
	if (status >> 8 != 124)
		g_printerr("%s\n", said);
	tsr_machine_record_free(record);
}

/* -- Damage */

static void damage_no_manifest(const char *folder, const char *manifest)
{
	g_remove(manifest);
}

static void damage_two_manifests(const char *folder, const char *manifest)
{
	g_autofree char *one = g_build_filename(folder, "one.machine", NULL);

	g_rename(manifest, one);
	g_free(rig_write(folder, "two.machine", "[Machine]\n", -1));
}

static void damage_empty(const char *folder, const char *manifest)
{
	g_free(rig_write("/", manifest, "", 0));
}

static void damage_binary(const char *folder, const char *manifest)
{
	g_free(rig_write("/", manifest, "\377\1\2[", 4));
}

static void damage_no_disk(const char *folder, const char *manifest)
{
	g_autofree char *disk = g_build_filename(folder, TSR_LIBRARY_DISK, NULL);

	g_remove(disk);
}

static void damage_disk_is_folder(const char *folder, const char *manifest)
{
	g_autofree char *disk = g_build_filename(folder, TSR_LIBRARY_DISK, NULL);

	g_remove(disk);
	g_mkdir(disk, 0700);
}

static void damage_state_is_folder(const char *folder, const char *manifest)
{
	g_autofree char *state = g_build_filename(folder, TSR_LIBRARY_STATE, NULL);

	g_mkdir(state, 0700);
}

static void damage_state_is_link(const char *folder, const char *manifest)
{
	g_autofree char *state = g_build_filename(folder, TSR_LIBRARY_STATE, NULL);

	CU_ASSERT_EQUAL(symlink(manifest, state), 0);
}

static void damage_is_told_in_a_sentence(void)
{
	static const struct {
		void (*damage)(const char *folder, const char *manifest);
		const char *says;
	} rows[] = {
		{ damage_no_manifest, "The machine file “PC.machine” is missing" },
		{ damage_two_manifests, "several machine files, and none is called “PC.machine”" },
		{ damage_empty, "“PC.machine” is not a machine file" },
		{ damage_binary, "The machine file “PC.machine” cannot be read" },
		{ damage_no_disk, "The disk image “disk.img” is missing" },
		{ damage_disk_is_folder, "“disk.img” is a folder" },
		{ damage_state_is_folder, "“suspended.state” cannot be read" },
		{ damage_state_is_link, "“suspended.state” is a link" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *parent = rig_folder(), *folder = rig_machine(parent, "PC"),
				*manifest = g_build_filename(folder, "PC.machine", NULL);
		g_autoptr(GPtrArray) records = NULL;
		struct tsr_machine_record *record;

		rows[i].damage(folder, manifest);
		records = tsr_machine_record_read_all(parent, NULL);
		CU_ASSERT_EQUAL_FATAL(records->len, 1);
		record = records->pdata[0];
		CU_ASSERT_STRING_EQUAL(record->title, "PC");
		CU_ASSERT(record->damage && strstr(record->damage, rows[i].says));
		if (!record->damage || !strstr(record->damage, rows[i].says))
			g_printerr("%u: %s\n", i, record->damage);
	}
}

static void other_folders_are_no_machines(void)
{
	g_autofree char *parent = rig_folder(), *photos = g_build_filename(parent, "Photos", NULL),
			*hidden = g_build_filename(parent, ".trash", NULL);
	g_autoptr(GPtrArray) records = NULL, none = NULL;
	g_autoptr(GError) why = NULL;

	g_mkdir(photos, 0700);
	g_mkdir(hidden, 0700);
	g_free(rig_write(photos, "a.png", "x", 1));
	g_free(rig_write(hidden, "a.machine", "[Machine]\n", -1));
	g_free(rig_write(parent, "b.machine", "[Machine]\n", -1));
	records = tsr_machine_record_read_all(parent, NULL);
	CU_ASSERT_EQUAL(records->len, 0);
	none = tsr_machine_record_read_all("/nowhere/at/all", NULL);
	CU_ASSERT(none && none->len == 0);
	CU_ASSERT_PTR_NULL(tsr_machine_record_read_all(rig_preset, &why));
	CU_ASSERT(why && strstr(why->message, "cannot be read"));
}

/* -- Changes */

static void a_renamed_machine_has_all_its_names(void)
{
	g_autofree char *parent = rig_folder(), *folder = rig_machine(parent, "Old"),
			*other = rig_machine(parent, "Taken"), *renamed = NULL, *same = NULL;
	struct tsr_machine_record *record;

	g_free(rig_write(folder, TSR_LIBRARY_STATE, "s", 1));
	renamed = tsr_folder_rename(folder, "Taken", NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(renamed);
	CU_ASSERT(g_str_has_suffix(renamed, "/Taken 2"));
	CU_ASSERT_FALSE(g_file_test(folder, G_FILE_TEST_EXISTS));
	CU_ASSERT(size_of(renamed, "Taken 2.machine") > 0);
	record = tsr_machine_record_read(renamed);
	CU_ASSERT_STRING_EQUAL(record->title, "Taken");
	CU_ASSERT(record->is_suspended && !record->damage);
	tsr_machine_record_free(record);
	same = tsr_folder_rename(other, "Taken", NULL);
	CU_ASSERT_STRING_EQUAL(same, other);
}

static void a_copy_has_no_past(void)
{
	g_autofree char *parent = rig_folder(), *folder = rig_machine(parent, "PC"), *copy = NULL,
			*snapshots = NULL;
	struct tsr_machine_record *record;

	g_free(rig_write(folder, TSR_LIBRARY_STATE, "s", 1));
	g_free(rig_write(folder, TSR_LIBRARY_LOG, "l", 1));
	g_free(rig_write(folder, "notes.txt", "kept", 4));
	snapshots = g_build_filename(folder, "snapshots", NULL);
	g_mkdir(snapshots, 0700);
	g_free(rig_write(snapshots, "index", "[Snapshots]", 11));
	copy = tsr_folder_clone(folder, "Copy of PC", NULL, NULL, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	record = tsr_machine_record_read(copy);
	CU_ASSERT_STRING_EQUAL(record->title, "Copy of PC");
	CU_ASSERT(!record->is_suspended && !record->damage);
	CU_ASSERT_EQUAL(size_of(copy, TSR_LIBRARY_LOG), -1);
	CU_ASSERT_EQUAL(size_of(copy, "notes.txt"), 4);
	CU_ASSERT_EQUAL(size_of(copy, TSR_LIBRARY_DISK), 1 << 20);
	CU_ASSERT_EQUAL(size_of(copy, "snapshots/index"), 11);
	tsr_machine_record_free(record);
}

/* -- Failures */

static void holes_stay_holes(void)
{
	g_autofree char *folder = rig_folder(), *from = rig_write(folder, "a", "begin", 5),
			*to = g_build_filename(folder, "b", NULL);
	struct tsr_progress progress = { .total = 64 << 20 };
	struct stat info;

	CU_ASSERT_EQUAL_FATAL(truncate(from, 64 << 20), 0);
	CU_ASSERT(tsr_library_copy_file(from, to, &progress, NULL, NULL));
	CU_ASSERT_EQUAL(progress.done, 64 << 20);
	CU_ASSERT_EQUAL(stat(to, &info), 0);
	CU_ASSERT_EQUAL(info.st_size, 64 << 20);
	CU_ASSERT(info.st_blocks * 512 < 1 << 20);
}

static void cancel(gpointer user, double done)
{
	g_cancellable_cancel(user);
}

static void a_cancelled_copy_leaves_nothing(void)
{
	g_autofree char *parent = rig_folder(), *source = rig_folder(),
			*image = g_build_filename(source, "disk", NULL);
	g_autoptr(GCancellable) cancellable = g_cancellable_new();
	struct tsr_progress progress = { .report = cancel, .user = cancellable };
	g_autofree char *data = g_malloc0(16 << 20);
	struct tsr_new_machine machine = { .title = (char *)"X",
					   .details = (char *)"",
					   .memory_mib = 64,
					   .image = image,
					   .preset = (char *)rig_preset };
	g_autoptr(GError) why = NULL;

	memset(data, 1, 16 << 20);
	g_free(rig_write(source, "disk", data, 16 << 20));
	CU_ASSERT_PTR_NULL(tsr_folder_create(parent, &machine, &progress, cancellable, &why));
	CU_ASSERT(g_error_matches(why, G_IO_ERROR, G_IO_ERROR_CANCELLED));
	CU_ASSERT_EQUAL(count_entries(parent), 0);
}

static void a_cancelled_clone_leaves_nothing(void)
{
	g_autofree char *parent = rig_folder(), *folder = rig_machine(parent, "PC");
	g_autoptr(GCancellable) cancellable = g_cancellable_new();
	struct tsr_progress progress = { .report = cancel, .user = cancellable };
	const guint before = count_entries(parent);
	g_autoptr(GError) why = NULL;

	g_free(rig_write(folder, "notes.txt", "kept", 4));
	CU_ASSERT_PTR_NULL(tsr_folder_clone(folder, "Copy", &progress, cancellable, &why));
	CU_ASSERT(g_error_matches(why, G_IO_ERROR, G_IO_ERROR_CANCELLED));
	CU_ASSERT(progress.done > 0 && progress.done < progress.total);
	CU_ASSERT_EQUAL(count_entries(parent), before);
}

/* The limit on files stands for a disk that is full. */
static void a_full_disk_leaves_nothing(void)
{
	g_autofree char *parent = rig_folder();
	struct tsr_new_machine machine = { .title = (char *)"X",
					   .details = (char *)"",
					   .memory_mib = 64,
					   .disk_mib = 8,
					   .preset = (char *)rig_preset };
	struct rlimit old, limit;
	g_autoptr(GError) why = NULL;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	limit = old;
	limit.rlim_cur = 1 << 20;
	setrlimit(RLIMIT_FSIZE, &limit);
	CU_ASSERT_PTR_NULL(tsr_folder_create(parent, &machine, NULL, NULL, &why));
	setrlimit(RLIMIT_FSIZE, &old);
	CU_ASSERT(why && strstr(why->message, "cannot be written"));
	CU_ASSERT_EQUAL(count_entries(parent), 0);
}

/* A folder as one that is being made, with a file; its path. */
static char *unfinished(const char *parent, const char *name, gint64 age)
{
	char *folder = g_build_filename(parent, name, NULL);
	const gint64 then = g_get_real_time() / G_USEC_PER_SEC - age;
	struct utimbuf times = { then, then };

	g_mkdir(folder, 0700);
	g_free(rig_write(folder, "disk.img", "x", 1));
	g_utime(folder, &times);
	return folder;
}

static void what_a_killed_process_left_goes(void)
{
	g_autofree char *parent = rig_folder(), *left = unfinished(parent, ".new-Ab12cD", 7200),
			*young = unfinished(parent, ".new-young1", 10),
			*held = unfinished(parent, ".new-held12", 7200),
			*other = unfinished(parent, ".newer-thing", 7200);
	int fd = open(held, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CU_ASSERT_EQUAL(flock(fd, LOCK_EX | LOCK_NB), 0);
	g_free(rig_machine(parent, "A"));
	CU_ASSERT_FALSE(g_file_test(left, G_FILE_TEST_EXISTS));
	CU_ASSERT_TRUE(g_file_test(young, G_FILE_TEST_EXISTS));
	CU_ASSERT_TRUE(g_file_test(held, G_FILE_TEST_EXISTS));
	CU_ASSERT_TRUE(g_file_test(other, G_FILE_TEST_EXISTS));
	close(fd);
	g_free(rig_machine(parent, "B"));
	CU_ASSERT_FALSE(g_file_test(held, G_FILE_TEST_EXISTS));
}

int main(int argc, char **argv)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(a_new_machine_can_be_read),
		UNIT_ROW(the_program_accepts_the_manifest),
		UNIT_ROW(damage_is_told_in_a_sentence),
		UNIT_ROW(other_folders_are_no_machines),
		UNIT_ROW(a_renamed_machine_has_all_its_names),
		UNIT_ROW(a_copy_has_no_past),
		UNIT_ROW(holes_stay_holes),
		UNIT_ROW(a_cancelled_copy_leaves_nothing),
		UNIT_ROW(a_cancelled_clone_leaves_nothing),
		UNIT_ROW(a_full_disk_leaves_nothing),
		UNIT_ROW(what_a_killed_process_left_goes),
		CU_TEST_INFO_NULL,
	};
	int status;

	rig_begin(argc, argv);
	status = unit_run("library-folder", tests);
	rig_end();
	return status;
}
