/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of machines, which follows the folder; and the life of a machine with the real program.
 */
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder-rig.h"
#include "model/library.h"
#include "model/machine-private.h"
#include "unit.h"

typedef struct {
	TsrLibrarySettings *settings;
	TsrLibrary *library;
	char *folder;
	TsrLibraryMachine *machine;
	TsrLibraryState wanted;
	guint count;
	char *failed;
} Rig;

static gboolean has_count(gpointer user)
{
	Rig *rig = user;

	return tsr_library_get_loaded(rig->library) &&
	       g_list_model_get_n_items(tsr_library_get_machines(rig->library)) == rig->count;
}

static gboolean has_state(gpointer user)
{
	Rig *rig = user;

	return tsr_library_machine_get_state(rig->machine) == rig->wanted;
}

static gboolean has_picture(gpointer user)
{
	return tsr_library_machine_get_picture(((Rig *)user)->machine) != NULL;
}

static gboolean has_failed(gpointer user)
{
	return ((Rig *)user)->failed != NULL;
}

static void on_failed(TsrLibrary *library, const char *sentence, gpointer user)
{
	Rig *rig = user;

	g_free(rig->failed);
	rig->failed = g_strdup(sentence);
}

static void begin(Rig *rig, guint count)
{
	g_autofree char *file = NULL;

	*rig = (Rig){ .count = count, .folder = rig_folder() };
	for (guint i = 0; i < count; i++)
		g_free(rig_machine(rig->folder, "PC"));
	file = g_build_filename(rig->folder, "library.ini", NULL);
	rig->settings = tsr_library_settings_new(file);
	tsr_library_settings_set_folder(rig->settings, rig->folder);
	rig->library = tsr_library_new(rig->settings, rig_tessera);
	g_signal_connect(rig->library, "failed", G_CALLBACK(on_failed), rig);
	CU_ASSERT_FATAL(rig_wait(has_count, rig));
	if (count)
		rig->machine = g_list_model_get_item(tsr_library_get_machines(rig->library), 0);
}

static void finish(Rig *rig)
{
	g_clear_object(&rig->machine);
	g_clear_object(&rig->library);
	g_clear_object(&rig->settings);
	g_free(rig->folder);
	g_free(rig->failed);
}

static gboolean comes_to(Rig *rig, TsrLibraryState state)
{
	gboolean came;

	rig->wanted = state;
	came = rig_wait(has_state, rig);
	if (!came)
		g_printerr("state %d, not %d: %s\n", tsr_library_machine_get_state(rig->machine),
			   state, tsr_library_machine_get_problem(rig->machine));
	return came;
}

static gboolean exists(Rig *rig, const char *name)
{
	g_autofree char *path =
		g_build_filename(tsr_library_machine_get_folder(rig->machine), name, NULL);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void the_list_follows_the_folder(void)
{
	g_autofree char *folder = NULL, *other = NULL;
	Rig rig;

	begin(&rig, 2);
	folder = rig_machine(rig.folder, "New");
	rig.count = 3;
	CU_ASSERT(rig_wait(has_count, &rig));
	other = g_build_filename(g_get_home_dir(), "moved away", NULL);
	CU_ASSERT_EQUAL(g_rename(folder, other), 0);
	rig.count = 2;
	CU_ASSERT(rig_wait(has_count, &rig));
	finish(&rig);
}

static gboolean library_has_problem(gpointer user)
{
	return tsr_library_get_problem(((Rig *)user)->library) != NULL;
}

static gboolean library_has_none(gpointer user)
{
	return !library_has_problem(user);
}

static void a_folder_that_was_moved_is_asked_for(void)
{
	g_autofree char *away = NULL;
	Rig rig;

	begin(&rig, 1);
	away = g_strconcat(rig.folder, " moved", NULL);
	CU_ASSERT_EQUAL(g_rename(rig.folder, away), 0);
	tsr_library_scan(rig.library);
	CU_ASSERT(rig_wait(library_has_problem, &rig));
	tsr_library_set_folder(rig.library, away);
	CU_ASSERT(rig_wait(library_has_none, &rig));
	CU_ASSERT(rig_wait(has_count, &rig));
	finish(&rig);
}

static gboolean has_problem(gpointer user)
{
	return tsr_library_machine_get_problem(((Rig *)user)->machine) != NULL;
}

static void damage_appears_and_goes(void)
{
	g_autofree char *disk = NULL, *away = NULL;
	Rig rig;

	begin(&rig, 1);
	disk = g_build_filename(tsr_library_machine_get_folder(rig.machine), TSR_LIBRARY_DISK,
				NULL);
	away = g_build_filename(g_get_home_dir(), "disk", NULL);
	CU_ASSERT_EQUAL(g_rename(disk, away), 0);
	CU_ASSERT(comes_to(&rig, TSR_LIBRARY_DAMAGED));
	CU_ASSERT(has_problem(&rig));
	CU_ASSERT_EQUAL(g_rename(away, disk), 0);
	CU_ASSERT(comes_to(&rig, TSR_LIBRARY_OFF));
	CU_ASSERT_FALSE(has_problem(&rig));
	finish(&rig);
}

/* On, suspended, on again where it was, off. */
static void a_machine_lives(void)
{
	Rig rig;

	begin(&rig, 1);
	tsr_library_set_live(rig.library, TRUE);
	tsr_library_machine_start(rig.machine);
	CU_ASSERT_EQUAL(tsr_library_machine_get_state(rig.machine), TSR_LIBRARY_STARTING);
	CU_ASSERT(comes_to(&rig, TSR_LIBRARY_RUNNING));
	CU_ASSERT(rig_wait(has_picture, &rig));
	tsr_library_machine_suspend(rig.machine);
	CU_ASSERT(comes_to(&rig, TSR_LIBRARY_SUSPENDED));
	CU_ASSERT(exists(&rig, TSR_LIBRARY_STATE) && exists(&rig, TSR_LIBRARY_PICTURE));
	tsr_library_machine_start(rig.machine);
	CU_ASSERT(comes_to(&rig, TSR_LIBRARY_RUNNING));
	tsr_library_machine_power_off(rig.machine);
	CU_ASSERT(comes_to(&rig, TSR_LIBRARY_OFF));
	CU_ASSERT_FALSE(exists(&rig, TSR_LIBRARY_STATE));
	CU_ASSERT_FALSE(has_problem(&rig));
	CU_ASSERT_PTR_NULL(rig.failed);
	finish(&rig);
}

/* The picture in the folder is written while the folder is read again. */
static void the_last_picture_stays(void)
{
	g_autofree char *path = NULL, *folder = NULL;
	Rig rig;

	begin(&rig, 1);
	folder = g_strdup(tsr_library_machine_get_folder(rig.machine));
	tsr_library_set_live(rig.library, TRUE);
	tsr_library_machine_start(rig.machine);
	CU_ASSERT(rig_wait(has_picture, &rig));
	tsr_library_machine_power_off(rig.machine);
	CU_ASSERT(comes_to(&rig, TSR_LIBRARY_OFF));
	path = rig_write(folder, TSR_LIBRARY_PICTURE, "an older one", -1);
	tsr_library_machine_update(rig.machine, tsr_machine_record_read(folder));
	CU_ASSERT(g_bytes_get_size(tsr_library_machine_get_picture(rig.machine)) > 100);
	finish(&rig);
}

/* As when the library was closed and opened again while a machine runs. */
static void another_library_finds_a_running_machine(void)
{
	TsrLibrary *second;
	Rig rig;

	begin(&rig, 1);
	tsr_library_machine_start(rig.machine);
	CU_ASSERT(comes_to(&rig, TSR_LIBRARY_RUNNING));
	second = tsr_library_new(rig.settings, rig_tessera);
	g_object_unref(rig.library);
	rig.library = second;
	CU_ASSERT_FATAL(rig_wait(has_count, &rig));
	g_object_unref(rig.machine);
	rig.machine = g_list_model_get_item(tsr_library_get_machines(second), 0);
	CU_ASSERT(comes_to(&rig, TSR_LIBRARY_RUNNING));
	tsr_library_machine_power_off(rig.machine);
	CU_ASSERT(comes_to(&rig, TSR_LIBRARY_OFF));
	finish(&rig);
}

static void a_failed_start_says_why(void)
{
	Rig rig;

	begin(&rig, 1);
	tsr_library_settings_set_disc(rig.settings, tsr_library_machine_get_folder(rig.machine),
				      "/nowhere/disc.iso");
	tsr_library_machine_start(rig.machine);
	CU_ASSERT(rig_wait(has_failed, &rig));
	CU_ASSERT(rig.failed && strstr(rig.failed, "/nowhere/disc.iso"));
	CU_ASSERT(comes_to(&rig, TSR_LIBRARY_OFF));
	CU_ASSERT(has_problem(&rig));
	tsr_library_machine_set_disc(rig.machine, NULL);
	CU_ASSERT_FALSE(has_problem(&rig));
	finish(&rig);
}

static void a_damaged_state_is_not_lost_and_can_be_discarded(void)
{
	Rig rig;

	begin(&rig, 1);
	g_free(rig_write(tsr_library_machine_get_folder(rig.machine), TSR_LIBRARY_STATE, "no", 2));
	CU_ASSERT(comes_to(&rig, TSR_LIBRARY_SUSPENDED));
	tsr_library_machine_start(rig.machine);
	CU_ASSERT(rig_wait(has_failed, &rig));
	CU_ASSERT(comes_to(&rig, TSR_LIBRARY_SUSPENDED));
	CU_ASSERT(exists(&rig, TSR_LIBRARY_STATE));
	tsr_library_machine_discard_state(rig.machine);
	CU_ASSERT(comes_to(&rig, TSR_LIBRARY_OFF));
	finish(&rig);
}

static pid_t pid_of(Rig *rig)
{
	const char *const words[] = { "/usr/bin/pgrep", "-f",
				      tsr_library_machine_get_socket(rig->machine), NULL };
	g_autofree char *said = NULL;

	g_spawn_sync(NULL, (char **)words, NULL, 0, NULL, NULL, &said, NULL, NULL, NULL);
	return said ? (pid_t)g_ascii_strtoll(said, NULL, 10) : 0;
}

static void a_killed_machine_is_told(void)
{
	Rig rig;
	pid_t pid;

	begin(&rig, 1);
	tsr_library_machine_start(rig.machine);
	CU_ASSERT(comes_to(&rig, TSR_LIBRARY_RUNNING));
	pid = pid_of(&rig);
	CU_ASSERT_FATAL(pid > 1);
	kill(pid, SIGKILL);
	CU_ASSERT(comes_to(&rig, TSR_LIBRARY_OFF));
	CU_ASSERT(rig_wait(has_problem, &rig));
	finish(&rig);
}

/* -- Links in a folder that comes from a stranger */

#define PRECIOUS "what is the user's"

/* The file that they lead to. */
static char *put_links(Rig *rig, const char *const *names)
{
	char *target = rig_write(g_get_home_dir(), "precious", PRECIOUS, -1);

	for (; *names; names++) {
		g_autofree char *link = g_build_filename(
			tsr_library_machine_get_folder(rig->machine), *names, NULL);

		CU_ASSERT_EQUAL(symlink(target, link), 0);
	}
	return target;
}

static gboolean is_untouched(const char *target)
{
	g_autofree char *text = NULL;

	return g_file_get_contents(target, &text, NULL, NULL) && g_str_equal(text, PRECIOUS);
}

static gboolean is_own_file(Rig *rig, const char *name)
{
	g_autofree char *path =
		g_build_filename(tsr_library_machine_get_folder(rig->machine), name, NULL);

	return g_file_test(path, G_FILE_TEST_IS_REGULAR) &&
	       !g_file_test(path, G_FILE_TEST_IS_SYMLINK);
}

static gboolean has_own_picture(gpointer user)
{
	return is_own_file(user, TSR_LIBRARY_PICTURE);
}

/* rig.failed has the sentence. */
static void log_is_refused(Rig *rig)
{
	tsr_library_machine_start(rig->machine);
	CU_ASSERT(rig_wait(has_failed, rig));
	CU_ASSERT(rig->failed && strstr(rig->failed, "“log.txt” in its folder is a link"));
	g_clear_pointer(&rig->failed, g_free);
	CU_ASSERT(comes_to(rig, TSR_LIBRARY_OFF));
	CU_ASSERT(has_problem(rig));
}

static char *reason_read;

static void on_read(GObject *source, GAsyncResult *result, gpointer unused)
{
	char *line = tsr_library_machine_read_log_finish(result);

	reason_read = line ? line : g_strdup("nothing");
}

static gboolean is_read(gpointer unused)
{
	return reason_read != NULL;
}

static void log_tells(Rig *rig, const char *text, const char *reason)
{
	g_autofree char *log = g_build_filename(tsr_library_machine_get_folder(rig->machine),
						TSR_LIBRARY_LOG, NULL);

	CU_ASSERT(g_file_set_contents(log, text, -1, NULL));
	g_clear_pointer(&reason_read, g_free);
	tsr_library_machine_read_log(rig->machine, on_read);
	CU_ASSERT_FATAL(rig_wait(is_read, NULL));
	CU_ASSERT_STRING_EQUAL(reason_read, reason);
}

static void the_log_tells_why_a_process_ended(void)
{
	Rig rig;

	begin(&rig, 1);
	log_tells(&rig, "", "nothing");
	log_tells(&rig, "started\ntessera: no such disk\n", "no such disk");
	log_tells(&rig, "tessera: no such disk\ntessera: no machine answers at x\n\n",
		  "no such disk");
	log_tells(&rig,
		  "tessera: SIGSEGV in bad0.changed (bad 1.2.3)\n(view:1): Gtk-WARNING **: gone\n",
		  "SIGSEGV in bad0.changed (bad 1.2.3)");
	g_clear_pointer(&reason_read, g_free);
	finish(&rig);
}

static void a_log_that_leads_elsewhere_is_not_written(void)
{
	static const char *const names[] = { TSR_LIBRARY_LOG, NULL };
	g_autofree char *target = NULL, *log = NULL;
	Rig rig;

	begin(&rig, 1);
	target = put_links(&rig, names);
	log_is_refused(&rig);
	CU_ASSERT(is_untouched(target));

	log = g_build_filename(tsr_library_machine_get_folder(rig.machine), TSR_LIBRARY_LOG, NULL);
	g_remove(log);
	CU_ASSERT_EQUAL(mkfifo(log, 0600), 0); /* nobody reads it */
	log_is_refused(&rig);
	g_remove(log);
	tsr_library_machine_start(rig.machine);
	CU_ASSERT(comes_to(&rig, TSR_LIBRARY_RUNNING));
	tsr_library_machine_power_off(rig.machine);
	CU_ASSERT(comes_to(&rig, TSR_LIBRARY_OFF));
	finish(&rig);
}

static void a_state_and_a_picture_replace_links(void)
{
	static const char *const names[] = { "." TSR_LIBRARY_STATE ".new", TSR_LIBRARY_PICTURE,
					     NULL };
	g_autofree char *target = NULL;
	Rig rig;

	begin(&rig, 1);
	target = put_links(&rig, names);
	tsr_library_set_live(rig.library, TRUE);
	tsr_library_machine_start(rig.machine);
	CU_ASSERT(comes_to(&rig, TSR_LIBRARY_RUNNING));
	CU_ASSERT(rig_wait(has_own_picture, &rig));
	tsr_library_machine_suspend(rig.machine);
	CU_ASSERT(comes_to(&rig, TSR_LIBRARY_SUSPENDED));
	CU_ASSERT(is_own_file(&rig, TSR_LIBRARY_STATE));
	CU_ASSERT(is_untouched(target));
	CU_ASSERT_PTR_NULL(rig.failed);
	finish(&rig);
}

typedef struct {
	gboolean done;
	char *folder;
	GError *error;
} Answer;

static void on_answer(GObject *source, GAsyncResult *result, gpointer user)
{
	Answer *answer = user;

	answer->folder = tsr_library_machine_finish(result, &answer->error);
	answer->done = TRUE;
}

static gboolean is_done(gpointer user)
{
	return ((Answer *)user)->done;
}

static void a_renamed_machine_keeps_its_disc(void)
{
	Answer answer = { 0 };
	g_autofree char *disc = NULL, *old = NULL;
	Rig rig;

	begin(&rig, 1);
	tsr_library_settings_set_disc(rig.settings, tsr_library_machine_get_folder(rig.machine),
				      "/a.iso");
	tsr_library_machine_rename(rig.machine, "Other", on_answer, &answer);
	CU_ASSERT(rig_wait(is_done, &answer));
	CU_ASSERT_PTR_NOT_NULL_FATAL(answer.folder);
	disc = tsr_library_settings_get_disc(rig.settings, answer.folder);
	old = tsr_library_settings_get_disc(rig.settings,
					    tsr_library_machine_get_folder(rig.machine));
	CU_ASSERT_STRING_EQUAL(disc, "/a.iso");
	CU_ASSERT_PTR_NULL(old);
	g_free(answer.folder);
	finish(&rig);
}

/* -- A disc in the drive of a machine that runs */

typedef struct {
	Rig *rig;
	const char *disc; /* that the machine is to have; NULL: none */
	gboolean is_asked, has;
} Drive;

static void on_drive_status(GObject *source, GAsyncResult *result, gpointer user)
{
	Drive *drive = user;
	g_autoptr(GVariant) status = tsr_library_machine_get_status_finish(result, NULL);
	g_autofree char *text = status ? g_variant_print(status, FALSE) : g_strdup("");

	drive->is_asked = FALSE;
	drive->has =
		drive->disc ? strstr(text, drive->disc) != NULL : *text && !strstr(text, ".iso'");
}

static gboolean drive_has_it(gpointer user)
{
	Drive *drive = user;

	if (!drive->is_asked && !drive->has) {
		drive->is_asked = TRUE;
		tsr_library_machine_get_status(drive->rig->machine, on_drive_status, drive);
	}
	return drive->has;
}

static void a_disc_changes_while_it_runs(void)
{
	g_autofree char *sectors = g_malloc0(1 << 20), *disc = NULL, *folder = NULL;
	Drive full, empty;
	Rig rig;

	begin(&rig, 1);
	disc = rig_write(g_get_home_dir(), "x.iso", sectors, 1 << 20);
	full = (Drive){ .rig = &rig, .disc = disc };
	empty = (Drive){ .rig = &rig };
	tsr_library_machine_start(rig.machine);
	CU_ASSERT_FATAL(comes_to(&rig, TSR_LIBRARY_RUNNING));
	tsr_library_machine_set_disc(rig.machine, disc);
	CU_ASSERT(rig_wait(drive_has_it, &full));
	CU_ASSERT(tsr_library_machine_has_disc(rig.machine));
	tsr_library_machine_set_disc(rig.machine, NULL);
	CU_ASSERT(rig_wait(drive_has_it, &empty));
	CU_ASSERT_FALSE(tsr_library_machine_has_disc(rig.machine));
	CU_ASSERT_PTR_NULL(rig.failed);

	folder = g_build_filename(g_get_home_dir(), "nothing.iso", NULL);
	tsr_library_machine_set_disc(rig.machine, folder);
	CU_ASSERT(rig_wait(has_failed, &rig));
	CU_ASSERT_PTR_NOT_NULL(strstr(rig.failed, "“nothing.iso” could not be inserted: "));
	CU_ASSERT_FALSE(tsr_library_machine_has_disc(rig.machine));
	tsr_library_machine_power_off(rig.machine);
	CU_ASSERT(comes_to(&rig, TSR_LIBRARY_OFF));
	finish(&rig);
}

static void a_running_machine_is_not_renamed(void)
{
	Answer answer = { 0 };
	Rig rig;

	begin(&rig, 1);
	tsr_library_machine_start(rig.machine);
	tsr_library_machine_rename(rig.machine, "Other", on_answer, &answer);
	CU_ASSERT(rig_wait(is_done, &answer));
	CU_ASSERT(answer.error && strstr(answer.error->message, "is running"));
	g_clear_error(&answer.error);
	CU_ASSERT(comes_to(&rig, TSR_LIBRARY_RUNNING));
	tsr_library_machine_power_off(rig.machine);
	CU_ASSERT(comes_to(&rig, TSR_LIBRARY_OFF));
	finish(&rig);
}

int main(int argc, char **argv)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(the_list_follows_the_folder),
		UNIT_ROW(a_folder_that_was_moved_is_asked_for),
		UNIT_ROW(damage_appears_and_goes),
		UNIT_ROW(a_machine_lives),
		UNIT_ROW(the_last_picture_stays),
		UNIT_ROW(another_library_finds_a_running_machine),
		UNIT_ROW(a_failed_start_says_why),
		UNIT_ROW(a_damaged_state_is_not_lost_and_can_be_discarded),
		UNIT_ROW(a_killed_machine_is_told),
		UNIT_ROW(the_log_tells_why_a_process_ended),
		UNIT_ROW(a_log_that_leads_elsewhere_is_not_written),
		UNIT_ROW(a_state_and_a_picture_replace_links),
		UNIT_ROW(a_renamed_machine_keeps_its_disc),
		UNIT_ROW(a_disc_changes_while_it_runs),
		UNIT_ROW(a_running_machine_is_not_renamed),
		CU_TEST_INFO_NULL,
	};
	int status;

	rig_begin(argc, argv);
	status = unit_run("library-machines", tests);
	rig_end();
	return status;
}
