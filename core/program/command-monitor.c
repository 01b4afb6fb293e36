/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tessera monitor SOCKET [PATTERN…]: shows what crosses the borders of a running machine's devices.
 * It ends with the machine, on SIGINT and SIGTERM, when nobody reads its output, or after a time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <tessera-glib/watch.h>

#include "manifest/property.h"
#include "program/monitor-counts.h"
#include "program/monitor-graph.h"
#include "program/monitor-recording.h"
#include "program/program.h"

#define PIPE_BYTES (1 << 20) /* what an unprivileged process may have */
#define GRAPH_SECONDS 5
#define SECONDS_MAX (7 * 24 * 3600)
#define LIMIT_DEFAULT 256       /* MiB */
#define LIMIT_MAX (1024 * 1024) /* MiB */

typedef struct {
	char *socket;
	GPtrArray *patterns; /* char *, NULL-terminated once parsed */
	gboolean json, rates;
	gboolean start; /* the machine, once it is watched */
	gint64 seconds; /* 0: until the machine ends */
	/* Files; NULL: none. */
	const char *pcap, *graph;
	const char *device, *recording; /* --record */
	gint64 limit;                   /* of the recording, MiB */
} Options;

typedef struct {
	const Options *options;
	int fd;                 /* the stream's reading end */
	TsrWatchReader *reader; /* NULL: it is recorded */
	gint64 until;           /* monotonic time, us; G_MAXINT64: no end */
	GString *text;
	gboolean prints, is_readable;
	TsrWatchCapture *pcap;
	struct monitor_graph *graph;
	struct monitor_counts *counts; /* --rates */
	gint64 counted;                /* since when, monotonic time, us */
	struct monitor_recording *recording;
} Monitor;

static volatile sig_atomic_t is_interrupted;

static void on_interrupt(int number)
{
	is_interrupted = 1;
}

/* Without SA_RESTART: a read that waits returns. */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_interrupt };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* -- Arguments */

static int take_seconds(Options *o, const char *value)
{
	if (value && tsr_parse_int(value, &o->seconds) && o->seconds > 0 &&
	    o->seconds <= SECONDS_MAX)
		return 0;
	return program_fail(TSR_EXIT_USAGE, "--seconds needs a number from 1 to %d", SECONDS_MAX);
}

static int take_file(const char **file, const char *option, const char *value)
{
	*file = value;
	return value ? 0 : program_fail(TSR_EXIT_USAGE, "%s needs a file", option);
}

static int take_limit(Options *o, const char *value)
{
	if (value && tsr_parse_int(value, &o->limit) && o->limit > 0 && o->limit <= LIMIT_MAX)
		return 0;
	return program_fail(TSR_EXIT_USAGE, "--limit needs a number of MiB from 1 to %d",
			    LIMIT_MAX);
}

static int take_record(Options *o, char ***next)
{
	o->device = **next ? *(*next)++ : NULL;
	o->recording = **next ? *(*next)++ : NULL;
	return o->recording ? 0
			    : program_fail(TSR_EXIT_USAGE, "--record needs a device and a file");
}

static int take_argument(Options *o, char ***next)
{
	char *argument = *(*next)++;

	o->json |= g_str_equal(argument, "--json");
	o->rates |= g_str_equal(argument, "--rates");
	o->start |= g_str_equal(argument, "--start");
	if (g_str_equal(argument, "--json") || g_str_equal(argument, "--rates") ||
	    g_str_equal(argument, "--start"))
		return 0;
	if (g_str_equal(argument, "--seconds"))
		return take_seconds(o, **next ? *(*next)++ : NULL);
	if (g_str_equal(argument, "--pcap"))
		return take_file(&o->pcap, argument, **next ? *(*next)++ : NULL);
	if (g_str_equal(argument, "--record"))
		return take_record(o, next);
	if (g_str_equal(argument, "--limit"))
		return take_limit(o, **next ? *(*next)++ : NULL);
	if (g_str_equal(argument, "--graph"))
		return take_file(&o->graph, argument, **next ? *(*next)++ : NULL);
	if (*argument == '-')
		return program_fail(TSR_EXIT_USAGE,
				    "there is no option \"%s\"; `tessera monitor --help` lists "
				    "them",
				    argument);
	if (o->socket)
		g_ptr_array_add(o->patterns, argument);
	else
		o->socket = argument;
	return 0;
}

/* A recording has its own stream, which other outputs cannot read. */
static int prepare_recording(Options *o)
{
	if (!o->recording)
		return 0;
	if (o->json || o->rates || o->pcap || o->graph || o->patterns->len)
		return program_fail(TSR_EXIT_USAGE,
				    "--record goes with neither patterns nor other outputs; run "
				    "`tessera monitor` twice");
	g_ptr_array_add(o->patterns, g_strconcat("record:", o->device, NULL));
	return 0;
}

static int parse_arguments(Options *o, char **arguments)
{
	int status = 0;

	while (*arguments && !status)
		status = take_argument(o, &arguments);
	if (!status && !o->socket)
		status = program_fail(TSR_EXIT_USAGE,
				      "usage: `tessera monitor SOCKET [PATTERN…]`, where SOCKET is "
				      "what the machine's --control names");
	if (!status && o->json && o->pcap && g_str_equal(o->pcap, "-"))
		status = program_fail(TSR_EXIT_USAGE,
				      "--json and --pcap - would both write to standard output; "
				      "give --pcap a file");
	if (!status && o->json && o->rates)
		status = program_fail(TSR_EXIT_USAGE,
				      "--json and --rates would both write to standard output; "
				      "run `tessera monitor` twice");
	if (!status)
		status = prepare_recording(o);
	if (o->pcap && !o->graph && !o->patterns->len)
		g_ptr_array_add(o->patterns, "packets");
	if (o->graph && !o->seconds)
		o->seconds = GRAPH_SECONDS;
	g_ptr_array_add(o->patterns, NULL);
	return status;
}

/* -- The stream */

static void print_event(Monitor *m, const TsrWatchEvent *event)
{
	g_autofree char *line =
		m->options->json ? tsr_watch_event_to_json(event) : tsr_watch_event_to_text(event);

	g_string_append(m->text, line);
	g_string_append_c(m->text, '\n');
}

static void show_event(Monitor *m, const TsrWatchEvent *event)
{
	if (m->pcap)
		tsr_watch_capture_add(m->pcap, event);
	if (m->graph)
		monitor_graph_add(m->graph, event);
	if (m->counts)
		monitor_counts_add(m->counts, event);
	if (m->prints)
		print_event(m, event);
}

/* Each second, with an empty line behind, so that a reader knows that the second is complete. */
static void add_rates(Monitor *m)
{
	const gint64 now = g_get_monotonic_time();

	if (!m->counts || now < m->counted + G_USEC_PER_SEC)
		return;
	monitor_counts_take_rates(m->counts, (double)(now - m->counted) / G_USEC_PER_SEC, m->text);
	g_string_append_c(m->text, '\n');
	m->counted = now;
}

/* FALSE: nobody reads the output any more, or it cannot be written; with error: what was read is
 * no stream. */
static gboolean show_events(Monitor *m, GError **error)
{
	TsrWatchEvent *event;
	GError *wrong = NULL;

	while ((event = tsr_watch_reader_next(m->reader, &wrong))) {
		show_event(m, event);
		tsr_watch_event_unref(event);
	}
	add_rates(m);
	fwrite(m->text->str, 1, m->text->len, stdout);
	g_string_truncate(m->text, 0);
	if (wrong)
		g_propagate_error(error, wrong);
	return fflush(stdout) == 0 && (!m->pcap || tsr_watch_capture_flush(m->pcap, NULL)) &&
	       !wrong;
}

/* Whether there is something to read, or rates are to be shown; FALSE: time is over, or a signal
 * has come. */
static gboolean wait_for_more(Monitor *m)
{
	struct pollfd poll_fd = { .fd = m->fd, .events = POLLIN };

	while (!is_interrupted) {
		const gint64 now = g_get_monotonic_time(), left = m->until - now,
			     tick = m->counts ? m->counted + G_USEC_PER_SEC - now : left,
			     wait = MIN(left, tick);
		int n = left > 0 && tick > 0 ? poll(&poll_fd, 1, (int)MIN(wait / 1000 + 1, 60000))
					     : 0;

		m->is_readable = n > 0;
		if (n > 0 || (left > 0 && tick <= 0))
			return TRUE;
		if (left <= 0)
			return FALSE;
	}
	return FALSE;
}

static gboolean read_more(Monitor *m, GError **error)
{
	return !m->is_readable || tsr_watch_reader_read(m->reader, error);
}

static int show_stream(Monitor *m)
{
	g_autoptr(GError) error = NULL;

	m->reader = tsr_watch_reader_new(m->fd);
	while (wait_for_more(m) && read_more(m, &error) && show_events(m, &error))
		;
	g_clear_object(&m->reader);
	return error ? program_fail(TSR_EXIT_MACHINE_FAILED, "%s", error->message) : 0;
}

/* The bytes of the stream as they are. FALSE: enough of them, or the machine writes no more. */
static gboolean record_bytes(Monitor *m)
{
	guint8 chunk[65536];
	ssize_t n = read(m->fd, chunk, sizeof(chunk));

	if (n < 0 && errno == EINTR)
		return TRUE;
	if (n > 0)
		return monitor_recording_add(m->recording, chunk, (gsize)n);
	monitor_recording_end(m->recording, TSR_RECORDING_END_MACHINE);
	return FALSE;
}

static int record_stream(Monitor *m)
{
	while (wait_for_more(m) && record_bytes(m))
		;
	return monitor_recording_report(m->recording);
}

static gboolean start(TsrMachine *machine, const Options *o, GError **error)
{
	return !o->start || tsr_machine_get_state(machine) != TSR_MACHINE_LOADED ||
	       tsr_machine_start(machine, error);
}

/* The reading end of the stream, which outlives the connection; -1 with error. */
static int watch(TsrMachine *machine, const Options *o, GError **error)
{
	const char *const *patterns = (const char *const *)o->patterns->pdata;
	int ends[2];
	gboolean good;

	if (pipe2(ends, O_CLOEXEC) != 0) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_IO,
			    "cannot make a pipe: %s", g_strerror(errno));
		return -1;
	}
	fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES); /* fewer bytes do, too */
	good = tsr_machine_watch(machine, ends[1], patterns, error) && start(machine, o, error);
	close(ends[1]);
	if (good)
		return ends[0];
	close(ends[0]);
	return -1;
}

/* As watch; the error is printed. */
static int watch_socket(Monitor *m, int *status)
{
	GError *error = NULL;
	TsrMachine *machine = tsr_machine_new_remote(m->options->socket, &error);
	int fd = -1;

	if (machine && m->options->graph)
		m->graph = monitor_graph_new(machine);
	if (machine)
		fd = watch(machine, m->options, &error);
	g_clear_object(&machine);
	if (fd < 0)
		*status = program_fail_error(error);
	return fd;
}

static int fail_file(const char *path, const char *why)
{
	return program_fail(TSR_EXIT_MACHINE_FAILED, "cannot write %s: %s", path, why);
}

/* Before the machine is asked, so that nothing is started in vain. */
static int open_files(Monitor *m)
{
	g_autoptr(GError) error = NULL;

	if (m->options->recording) {
		m->recording = monitor_recording_new(m->options->recording,
						     (guint64)m->options->limit << 20);
		return m->recording ? 0 : fail_file(m->options->recording, g_strerror(errno));
	}
	if (!m->options->pcap)
		return 0;
	m->pcap = tsr_watch_capture_new(m->options->pcap, &error);
	return m->pcap ? 0 : fail_file(m->options->pcap, error->message);
}

/* Standard output that nobody reads is no failure. */
static int close_files(Monitor *m, int status)
{
	g_autoptr(GError) error = NULL;
	gboolean good = !m->pcap || tsr_watch_capture_close(m->pcap, &error);

	g_clear_object(&m->pcap);
	if (good || status || g_error_matches(error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE))
		return status;
	return fail_file(m->options->pcap, error->message);
}

static int write_graph(Monitor *m, double seconds)
{
	g_autofree char *instead = NULL;
	GError *error = NULL;

	if (!m->graph)
		return 0;
	if (!monitor_graph_write(m->graph, m->options->graph, seconds, &instead, &error))
		return program_fail_error(error);
	if (!instead)
		return 0;
	return program_fail(TSR_EXIT_MACHINE_FAILED,
			    "%s: the program `dot` is missing, which draws it: install graphviz; "
			    "%s has the graph as text",
			    m->options->graph, instead);
}

static int run(Monitor *m, int fd)
{
	gint64 start = g_get_monotonic_time();
	int status;

	m->fd = fd;
	m->text = g_string_new(NULL);
	m->counts = m->options->rates ? monitor_counts_new() : NULL;
	m->counted = start;
	if (m->options->seconds)
		m->until = start + m->options->seconds * G_USEC_PER_SEC;
	status = m->recording ? record_stream(m) : show_stream(m);
	if (!status)
		status = write_graph(m, (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC);
	g_string_free(m->text, TRUE);
	g_clear_pointer(&m->counts, monitor_counts_free);
	close(fd);
	return status;
}

static int monitor(const Options *o)
{
	Monitor m = { .options = o,
		      .until = G_MAXINT64,
		      .prints = o->json || !(o->rates || o->pcap || o->graph || o->recording) };
	int status, fd = -1;

	catch_signals();
	status = open_files(&m);
	if (!status)
		fd = watch_socket(&m, &status);
	if (fd >= 0)
		status = run(&m, fd);
	g_clear_pointer(&m.graph, monitor_graph_free);
	g_clear_pointer(&m.recording, monitor_recording_free);
	return close_files(&m, status);
}

int command_monitor(char **arguments)
{
	Options options = { .patterns = g_ptr_array_new(), .limit = LIMIT_DEFAULT };
	int status;

	if (program_wants_help(arguments, "monitor"))
		return 0;
	status = parse_arguments(&options, arguments);
	if (!status)
		status = program_check_needs();
	if (!status)
		status = monitor(&options);
	g_ptr_array_unref(options.patterns);
	return status;
}
