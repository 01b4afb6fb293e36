/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A byte stream between a device and something on the host. */
#ifndef CHARDEV_H
#define CHARDEV_H

#include <termios.h>

#include <tessera/tessera.h>

#define CHARDEV_OUT_SIZE 4096u
#define CHARDEV_IN_MAX 65536u

struct chardev;

/* What one value of the property `kind` means. */
struct chardev_kind {
	const char *name;
	bool (*open)(struct chardev *c, struct tsr_error *error); /* in attach; may be NULL */
	/* in realize: begin to watch; may be NULL */
	bool (*start)(struct chardev *c);
	void (*begin)(struct chardev *c); /* in reset: the machine starts; may be NULL */
	void (*close)(struct chardev *c); /* may be NULL */
	/* Output into other than out_fd; returns how many bytes it took. NULL: stream_write. */
	size_t (*write)(struct chardev *c, const uint8_t *bytes, size_t length);
	/* Input from in_fd as read; returns how many bytes are left. NULL: all of them. */
	size_t (*filter)(struct chardev *c, uint8_t *bytes, size_t length);
	/* the other end went away; may be NULL: input has ended */
	void (*hung_up)(struct chardev *c);
};

struct chardev {
	const struct tsr_host *host;
	const struct tsr_properties *properties;
	const struct tsr_worker *worker;
	const struct tsr_clock *clock;
	const struct tsr_bus *bus;
	const struct tsr_log *log;
	const struct tsr_machine_table *machine;
	const struct tsr_chardev_port *port; /* the device's side; NULL: none is connected */
	const struct chardev_kind *kind;
	const char *path;

	int in_fd, out_fd; /* -1: none; may be the same */
	unsigned in_watch, out_watch;
	bool input_ended;
	uint8_t out[CHARDEV_OUT_SIZE]; /* accepted, not yet written to out_fd */
	size_t out_length;
	uint8_t *in; /* read or injected, not yet delivered */
	size_t in_length;

	struct tsr_timer *start; /* expires when the machine runs for the first time */
	bool started;            /* before, a saved state would overwrite what the device took */
	struct tsr_timer *timer; /* pty: look for a reader; signal: flush */
	bool timer_armed;
	int listen_fd; /* unix */
	unsigned listen_watch;
	bool waiting; /* file: not opened yet */
	bool owns_stdio;
	bool raw;          /* stdio: the terminal is ours */
	bool escaped;      /* stdio: Ctrl-A was typed */
	uint8_t text[512]; /* signal: output not yet emitted */
	size_t text_length;
};

/* stream.c: the buffers and watches that all kinds share */
size_t stream_write(struct chardev *c, const uint8_t *bytes, size_t length);
void stream_deliver(struct chardev *c);
bool stream_inject(struct chardev *c, const uint8_t *bytes, size_t length);
void stream_watch_input(struct chardev *c);
void stream_unwatch(struct chardev *c);
void stream_drain(struct chardev *c);
void stream_arm(struct chardev *c, uint64_t after_ns);

extern const struct chardev_kind kind_stdio, kind_file, kind_pty, kind_unix, kind_none, kind_signal;
void pty_on_timer(struct chardev *c);
void signal_on_timer(struct chardev *c);

#endif
