/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The other form of a TsrMachine: it runs in another process. Each public function of a machine
 * that has this table calls the member of its name, with the same meaning; those without a member
 * use what both forms have (state, exit_status, context, signals). [main]
 */
#ifndef TSR_INSTANCE_REMOTE_FORM_H
#define TSR_INSTANCE_REMOTE_FORM_H

#include <tessera-glib/machine.h>

struct tsr_remote_form {
	/* The machine is being freed. */
	void (*leave)(TsrMachine *m);
	const char *(*get_name)(TsrMachine *m);
	TsrBus *(*get_bus)(TsrMachine *m);

	gboolean (*start)(TsrMachine *m, GError **error);
	gboolean (*pause)(TsrMachine *m, GError **error);
	gboolean (*resume)(TsrMachine *m, GError **error);
	gboolean (*reset)(TsrMachine *m, GError **error);
	void (*stop)(TsrMachine *m, int exit_status, const char *why);
	gboolean (*save)(TsrMachine *m, const char *path, GError **error);
	gboolean (*save_fd)(TsrMachine *m, int fd, const char *name, GError **error);
	gboolean (*load)(TsrMachine *m, const char *path, TsrMachineLoadFlags flags,
			 GError **error);
	gboolean (*load_fd)(TsrMachine *m, int fd, const char *name, TsrMachineLoadFlags flags,
			    GError **error);
	gboolean (*snapshot_fd)(TsrMachine *m, int state, const char *name,
				const char *const *disks, const char *const *paths,
				GUnixFDList *layers, GError **error);
	char *(*hash_state)(TsrMachine *m, GError **error);

	char **(*list_instances)(TsrMachine *m);
	char **(*list_lines)(TsrMachine *m);
	char **(*list_viewers)(TsrMachine *m);
	char *(*get_instance_property)(TsrMachine *m, const char *instance, const char *property,
				       GError **error);
	gboolean (*set_instance_property)(TsrMachine *m, const char *instance, const char *property,
					  const char *value, GError **error);
	gboolean (*upgrade)(TsrMachine *m, const char *instance, const char *version,
			    GError **error);
	gboolean (*insert_fd)(TsrMachine *m, const char *instance, int fd, const char *name,
			      GError **error);

	guint (*get_n_displays)(TsrMachine *m);
	/* patient: waits for a machine that is busy; otherwise there is no newer frame yet. */
	gboolean (*refresh_display)(TsrMachine *m, guint display, TsrFrame *frame,
				    gboolean patient);
	/* The first `bytes` of the display's memory, without a copy; NULL: they are not there. */
	GBytes *(*get_pixels)(TsrMachine *m, guint display, gsize bytes);
	int (*open_display)(TsrMachine *m, guint display, GError **error);
	char *(*get_screen_text)(TsrMachine *m, guint display);

	void (*send_key)(TsrMachine *m, guint code, gboolean down);
	void (*send_pointer)(TsrMachine *m, int dx, int dy, int wheel, guint buttons);
	void (*send_pointer_absolute)(TsrMachine *m, guint x, guint y, int wheel, guint buttons);

	GVariant *(*get_status)(TsrMachine *m);
	char *(*get_stats)(TsrMachine *m);
	gboolean (*start_profile)(TsrMachine *m, const char *const *symbols, GError **error);
	gboolean (*stop_profile)(TsrMachine *m, GError **error);
	char *(*get_profile)(TsrMachine *m, const char *format, GError **error);
	gboolean (*tap_line)(TsrMachine *m, const char *line, gboolean on, GError **error);
	gboolean (*watch)(TsrMachine *m, int fd, const char *const *patterns, GError **error);
};

#endif
