/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine's display for viewers that speak RFB (RFC 6143). Each viewer has a thread of its own
 * with a libvncserver of its own, so that one that is slow or silent delays nobody; what concerns
 * the machine happens on the main loop. Viewers and the main loop share a queue of input, a picture
 * and what changed in it, all of bounded size.
 */
#ifndef VNC_H
#define VNC_H

#include <stdbool.h>
#include <stdint.h>
#include <tessera-glib/machine.h>
#include <tessera/host.h>

struct vnc_viewer;
struct vnc_web;

struct vnc_options {
	struct vnc_web *web; /* viewers are browsers; NULL: they are not */
	char *listen;        /* "HOST:PORT", "[HOST]:PORT" or "unix:PATH" */
	char *password;      /* NULL: none */
	bool view_only;      /* input is ignored */
	bool absolute;       /* the machine has a pointer that takes places */
	bool paste;          /* clipboards are typed */
	guint display;
};

/* -- listen.c */

/* Listens. Returns the socket, and in *where what a user tells a viewer; -1 with the error set. */
int vnc_listen(const char *listen, bool has_password, char **where, struct tsr_error *error);
/* Removes the name of a UNIX socket. */
void vnc_listen_forget(const char *listen);

/* -- web.c: a page for browsers */

/* Reads the files of noVNC from its folder. NULL with the error set. */
struct vnc_web *vnc_web_new(const char *novnc, struct tsr_error *error);
void vnc_web_free(struct vnc_web *web);
/* (transfer full): what a user opens, with the token. where: HOST:PORT. */
char *vnc_web_address(const struct vnc_web *web, const char *where);
/* Reads and answers a request. True: it is for the WebSocket, has the token, and is still to be
 * read. Ends early when `ending`, which is atomic, is set and `wake` readable. [viewer's thread] */
bool vnc_web_answer(const struct vnc_web *web, int socket, int wake, const gint *ending);

/* -- server.c: the main loop's side */

struct vnc_server;

/* Takes the ownership of the listening socket. `options` outlives it. [main] */
struct vnc_server *vnc_server_new(TsrMachine *machine, const struct vnc_options *options,
				  int listener);
void vnc_server_free(struct vnc_server *server);
const struct vnc_options *vnc_server_options(const struct vnc_server *server);
/* The main loop looks after the viewers soon. [any] */
void vnc_server_wake(struct vnc_server *server);

/* -- viewer.c: a connection and its thread */

/* NULL: the host has no memory for it. Once for each that can be there at a time, before the first
 * of them starts. [main] */
struct vnc_viewer *vnc_viewer_new(struct vnc_server *server);
/* It has ended, or was never started. [main] */
void vnc_viewer_free(struct vnc_viewer *viewer);
/* Takes the ownership of the socket in any case. [main] */
bool vnc_viewer_start(struct vnc_viewer *viewer, int socket);
/* Ends the connection, and waits until the thread has ended. [main] */
void vnc_viewer_stop(struct vnc_viewer *viewer);
bool vnc_viewer_is_started(const struct vnc_viewer *viewer);
/* The connection is gone. It is still to be stopped. [any] */
bool vnc_viewer_is_done(const struct vnc_viewer *viewer);
/* It was let in. [any] */
bool vnc_viewer_is_in(const struct vnc_viewer *viewer);
/* When it was started, as g_get_monotonic_time() tells it. [main] */
gint64 vnc_viewer_started_at(const struct vnc_viewer *viewer);
/* There is a newer picture than it has. [main] */
void vnc_viewer_show(struct vnc_viewer *viewer, GBytes *pixels, const TsrFrame *frame);

/* -- extension.c: what libvncserver has no functions for */

/* Before the first viewer. [main] */
void vnc_extension_register(void);
/* For the extension's functions, on the viewer's thread. The screen's screenData is the viewer. */
struct _rfbScreenInfo;
bool vnc_viewer_owns(const struct _rfbScreenInfo *screen);
struct vnc_input *vnc_viewer_input(struct vnc_viewer *viewer);
bool vnc_viewer_is_absolute(const struct vnc_viewer *viewer);

/* -- input.c: from a viewer's thread to the machine */

struct vnc_input;

struct vnc_input *vnc_input_new(struct vnc_server *server);
void vnc_input_free(struct vnc_input *input);
/* These wait while the queue is full, and do nothing once it was closed. [viewer's thread] */
void vnc_input_keysym(struct vnc_input *input, uint32_t keysym, bool down);
void vnc_input_code(struct vnc_input *input, unsigned code, bool down);
void vnc_input_pointer(struct vnc_input *input, unsigned rfb_buttons, int x, int y);
void vnc_input_text(struct vnc_input *input, const char *text, size_t length);
/* Of the picture on which the pointer moves. [viewer's thread] */
void vnc_input_set_size(struct vnc_input *input, int width, int height);
/* From now on x and y of the pointer are movements, around VNC_CENTRE. [viewer's thread] */
void vnc_input_set_relative(struct vnc_input *input);
#define VNC_CENTRE 0x7fff

/* Opens or closes the queue. [any] */
void vnc_input_open(struct vnc_input *input);
void vnc_input_close(struct vnc_input *input);
/* Sends what waits to the machine, at most so many events; returns how many there were. [main] */
guint vnc_input_drain(struct vnc_input *input, TsrMachine *machine, guint most);
/* Releases what the viewer holds down. [main] */
void vnc_input_release(struct vnc_input *input, TsrMachine *machine);

/* -- keys.c */

/* The key of a US keyboard for a keysym of the X Window System; shift: -1 it does not matter. */
bool vnc_keys_find_keysym(uint32_t keysym, unsigned *code, int *shift);
/* The key of a scan code of set 1, 0xe0 as bit 7; 0: none. */
unsigned vnc_keys_find_scan_code(unsigned scan_code);

#endif
