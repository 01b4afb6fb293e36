/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tessera sdk check: tests that any plugin has to pass, on a fake host or a real core. A test is a
 * function that runs in a process of its own, with a time limit. It returns when the plugin has
 * passed; check_fail and check_skip end it earlier. What the plugin does to its process does not
 * reach the program.
 */
#ifndef TSR_CHECK_CHECK_H
#define TSR_CHECK_CHECK_H

#include <tessera-glib/registry.h>
#include <tessera/tessera.h>

#define CHECK_LEVELS 10u

/* What is checked, and how. Read by all tests, changed by none. */
struct check {
	char *manifest, *library; /* absolute paths; the library may be missing */
	char *code;               /* the library whose entry it has: of a script, what runs it */
	char *language;           /* in which the library is a script; NULL: it is none */
	char *id, *kind;          /* of the manifest, or of its file name */
	TsrRegistry *registry;    /* of this plugin alone */
	TsrPlugin *plugin;        /* NULL: the manifest is refused */
	char *refusal;            /* why */
	char *folder;             /* of the registry; removed at the end */
	unsigned level;           /* the last that is run */
	unsigned seeds;           /* of each test with random accesses */
	unsigned limit;           /* of a test, in seconds */
	gboolean json;
	const char *only;        /* the name of a test; NULL: all */
	GPtrArray *except;       /* names of tests that are left out */
	GPtrArray *rows;         /* "PROPERTY=VALUE" */
	GPtrArray *connections;  /* "NEED=MANIFEST": what a need of the plugin is connected to */
	GPtrArray *users;        /* "NEED=MANIFEST": whose need the plugin is connected to */
	GPtrArray *without;      /* instances that the machine on a core does not have */
	GPtrArray *places;       /* besides those of the manifest, what is accessed on a core */
	gboolean core;           /* the host is a real core, instead of the fake host */
	const char *states;      /* the folder of previous versions' states; NULL: the usual one */
	const char *save_states; /* the folder for new ones; NULL: none are made */
	gboolean accept;         /* what it answers today is right */
	const char *state;       /* the file that this run of a test is about; NULL: none */
	unsigned seed;           /* of a state that is made */
};

struct check_test {
	unsigned level;
	const char *name;
	const char *what;                        /* the plugin does or is, if it passes */
	void (*run)(const struct check *check);  /* on the fake host, or without a host */
	void (*core)(const struct check *check); /* on a core; NULL: there is none */
	gboolean gate;                           /* if it fails, the tests after it make no sense */
	gboolean each_state;                     /* run once for each state that is kept */
};

/* All tests, by level; a row without a name ends them. */
extern const struct check_test check_tests[];

/* Finds the files of a library or manifest, and fills in what is above `folder` with them. Prints
 * its own errors. Returns the exit status. The other undoes it. */
int check_find_plugin(struct check *check, const char *target);
void check_forget_plugin(const struct check *check);

/* -- Inside of a test */

_Noreturn void check_fail(const char *format, ...) G_GNUC_PRINTF(1, 2);
_Noreturn void check_skip(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* What is said of a test that passes. */
void check_note(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* What the plugin is doing from now on, for a crash or a hang. A constant string. */
void check_phase(const char *what);

/* -- A test in its process */

enum check_outcome { CHECK_PASSED, CHECK_FAILED, CHECK_SKIPPED };

struct check_result {
	enum check_outcome outcome;
	char *why;    /* a line; may be "" */
	char *output; /* what the process printed, the last part of it */
	unsigned ms;
};

/* Runs a test in a child. The result's texts are the caller's. */
struct check_result check_run(const struct check *check, const struct check_test *test);

/* -- The library as a file (library.c) */
void check_exports(const struct check *check);
void check_imports(const struct check *check);
void check_statics(const struct check *check);

/* -- Interfaces that are not promised (drafts.c) */
void check_drafts(const struct check *check);

/* -- Manifest and entry (entry.c) */
void check_manifest(const struct check *check);
void check_entry(const struct check *check);
void check_factory(const struct check *check);
void check_class(const struct check *check);
/* The entry of a library, which stays loaded; fails when it cannot be loaded. */
const struct tsr_plugin_entry *check_open(const char *library);
/* The device class of it; fails when there is none. */
const struct tsr_device_class *check_class_of(const char *library);
/* The library of a manifest: the file that it names, or ID.so beside it. (transfer full) */
char *check_library_of(const char *manifest);
/* The language that a manifest says its library is written in; NULL: it is a shared object.
 * (transfer full) */
char *check_language_of(const char *manifest);
/* The shared object that has the entry of a manifest's plugin: its library, or what runs the
 * script; NULL: that is not installed. (transfer full) */
char *check_code_of(const char *manifest);

/* -- The plugin on the fake host (host.c) */
struct compare_machine;
/* The machine for comparisons: the plugin, what it is connected to, what comes from outside.
 * check_host_begin comes first. */
extern const struct compare_machine check_machine;
void check_host_begin(const struct check *check);
/* Starts a machine with one instance, and returns it. */
void *check_host_start(void);
/* A second instance in that machine, at other ports. NULL: refused, for the reason in *error. */
void *check_host_second(struct tsr_error *error);
/* Nothing is under way any more. */
void check_host_settle(void);
/* Logs what a display shows, if there is one. */
void check_host_picture(void);

/* -- Stimuli for what a plugin provides (provided.c) */
/* A new outside: nothing is connected, all levels are low. */
void provided_start(void);
/* Connects to an instance's interfaces. */
void provided_connect(void *instance, const char *const *interfaces);
/* One request of those interfaces; false: there is none to make. */
gboolean provided_stimulate(guint64 *seed);
void provided_settle(void);

/* -- Life (life.c) */
void check_attach(const struct check *check);
void check_interfaces(const struct check *check);
void check_two_instances(const struct check *check);
void check_resets(const struct check *check);
void check_random(const struct check *check);
void check_log(const struct check *check);
void check_leaks(const struct check *check);
void check_unload(const struct check *check);
void check_cost(const struct check *check);

/* -- State (state.c) */
void check_round_trip(const struct check *check);
void check_damaged(const struct check *check);
void check_differential(const struct check *check);
void check_deterministic(const struct check *check);

#endif
