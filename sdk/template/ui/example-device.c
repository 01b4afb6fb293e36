/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An example user interface, which writes the screen to a file whenever it changes: the characters
 * of a text screen in UTF-8, or a picture (PPM, "P6"). `watch cat FILE` over a slow line is a
 * console; `format=ppm` into a pipe is a film.
 *
 * It shows what every user interface needs: the machine as a GObject, which may be in another
 * process; a timer of the main loop that looks at the display only as often as somebody wants it;
 * files that are open before the process is confined. A user interface has no state of the guest,
 * so it has neither reset nor save. All is [main]: on the thread of the main loop.
 *
 * The file is written in place, because a confined process may make no other: a reader can see the
 * old picture's rest below the new one's beginning, until the next look.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <tessera-glib/machine.h>
#include <tessera/tessera.h>

#define FILE_MODE 0666 /* as the umask allows */
#define ALPHA_BYTES 4u /* of a pixel, XRGB8888 */
#define PPM_BYTES 3u   /* of a pixel: red, green, blue */

struct device {
	const struct tsr_host *host;
	const struct tsr_properties *properties;
	const struct tsr_log *log;
	TsrMachine *machine; /* not owned */
	TsrFrame frame;      /* the last that was written */
	guint display, timer;
	int fd; /* -1: none */
	bool ppm;
	bool is_pipe; /* frames follow each other */
	bool failed;  /* that was said */
};

/* -- The file */

static bool device_write_all(int fd, bool is_pipe, const char *bytes, size_t length)
{
	for (size_t done = 0; done < length;) {
		ssize_t wrote = is_pipe ? write(fd, bytes + done, length - done)
					: pwrite(fd, bytes + done, length - done, (off_t)done);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return false;
		done += (size_t)wrote;
	}
	return is_pipe || ftruncate(fd, (off_t)length) == 0;
}

static void device_put(struct device *d, const GString *contents)
{
	if (device_write_all(d->fd, d->is_pipe, contents->str, contents->len)) {
		d->failed = false;
		return;
	}
	if (!d->failed)
		tsr_log_at(d->log, d->host, TSR_LOG_WARNING, "the screen cannot be written: %s",
			   strerror(errno));
	d->failed = true;
}

/* -- The screen */

/* XRGB8888 in host byte order, rows without gaps. */
static void device_add_pixels(GString *out, GBytes *pixels, size_t count)
{
	size_t length, at = out->len;
	const uint32_t *from = (const uint32_t *)g_bytes_get_data(pixels, &length);

	count = MIN(count, length / ALPHA_BYTES);
	g_string_set_size(out, at + count * PPM_BYTES);
	for (size_t i = 0; i < count; i++) {
		out->str[at++] = (char)(from[i] >> 16);
		out->str[at++] = (char)(from[i] >> 8);
		out->str[at++] = (char)from[i];
	}
}

static void device_show_picture(struct device *d)
{
	GBytes *pixels = tsr_machine_borrow_frame(d->machine, d->display, &d->frame);
	GString *out;

	if (!pixels)
		return; /* nothing has changed */
	out = g_string_new(NULL);
	g_string_append_printf(out, "P6\n%u %u\n255\n", d->frame.width, d->frame.height);
	device_add_pixels(out, pixels, (size_t)d->frame.width * d->frame.height);
	device_put(d, out);
	g_string_free(out, TRUE);
	g_bytes_unref(pixels);
}

static void device_show_text(struct device *d)
{
	GString *out;
	char *text;

	if (!tsr_machine_refresh_display(d->machine, d->display, &d->frame))
		return;
	out = g_string_new(NULL);
	text = tsr_machine_get_screen_text(d->machine, d->display);
	if (text)
		g_string_append(out, text);
	else
		g_string_append_printf(out, "(a picture of %u x %u pixels)\n", d->frame.width,
				       d->frame.height);
	device_put(d, out);
	g_string_free(out, TRUE);
	g_free(text);
}

static gboolean on_timer(gpointer data)
{
	struct device *d = (struct device *)data;

	if (d->ppm)
		device_show_picture(d);
	else
		device_show_text(d);
	return G_SOURCE_CONTINUE;
}

/* -- Life cycle */

static bool device_open(struct device *d, struct tsr_error *error)
{
	const char *path = d->properties->get_string(d->host, "file");

	if (!*path)
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "file: name a file for the screen, as in file=screen.txt");
	d->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, FILE_MODE);
	if (d->fd < 0)
		return tsr_error_set(error, TSR_ERROR_IO, "%s: %s", path, strerror(errno));
	d->is_pipe = lseek(d->fd, 0, SEEK_CUR) < 0;
	return true;
}

static bool device_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct device *d = (struct device *)self;

	d->fd = -1;
	d->host = host;
	d->properties = (const struct tsr_properties *)host->get(host, TSR_PROPERTIES);
	d->log = (const struct tsr_log *)host->get(host, TSR_LOG);
	d->machine = (TsrMachine *)host->get(host, TSR_GMACHINE);
	if (!d->machine)
		return tsr_error_set(error, TSR_ERROR_UNSUPPORTED,
				     "this host has no " TSR_GMACHINE
				     ": it is no host for windows");
	d->display = (guint)d->properties->get_int(host, "display");
	d->ppm = strcmp(d->properties->get_string(host, "format"), "ppm") == 0;
	return device_open(d, error);
}

static bool device_realize(void *self, struct tsr_error *error)
{
	struct device *d = (struct device *)self;

	if (d->display >= tsr_machine_get_n_displays(d->machine))
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "display: the machine has %u displays",
				     tsr_machine_get_n_displays(d->machine));
	d->timer = g_timeout_add((guint)d->properties->get_int(d->host, "interval"), on_timer, d);
	return true;
}

static void device_detach(void *self)
{
	struct device *d = (struct device *)self;

	if (d->timer)
		g_source_remove(d->timer);
	if (d->fd >= 0)
		close(d->fd);
}

static const struct tsr_device_class device_class = {
	.size = sizeof(device_class),
	.instance_size = sizeof(struct device),
	.attach = device_attach,
	.realize = device_realize,
	.detach = device_detach,
};

TSR_DEVICE_PLUGIN(device_class);
