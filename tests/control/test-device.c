/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One device with everything that the control plane can reach. What the control plane does to it
 * comes back as events on the bus. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <tessera/draft/files.h>
#include <tessera/tessera.h>

#define WIDTH 64
#define HEIGHT 48
static const char screen_text[] = "login: \nready\n";

struct device {
	const struct tsr_host *host;
	const struct tsr_bus *bus;
	const struct tsr_properties *properties;
	const struct tsr_machine_table *machine;
	const struct tsr_files *files;
	const struct tsr_display_table *displays;
	struct tsr_display *display;
	int64_t reports;
};

static void TSR_PRINTF(3, 4) report(struct device *d, const char *event, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	d->properties->set_int(d->host, "reports", ++d->reports);
	d->bus->emit(d->host, event, text);
}

static void on_key(void *self, unsigned code, bool down)
{
	report(self, "key", "%u %s", code, down ? "down" : "up");
}

static void on_pointer(void *self, int dx, int dy, int wheel, unsigned buttons)
{
	report(self, "pointer", "%d %d %d %u", dx, dy, wheel, buttons);
}

static void on_pointer_absolute(void *self, unsigned x, unsigned y, int wheel, unsigned buttons)
{
	report(self, "place", "%u %u %d %u", x, y, wheel, buttons);
}

static const struct tsr_input_ops input_ops = {
	.size = sizeof(input_ops),
	.key = on_key,
	.pointer = on_pointer,
	.pointer_absolute = on_pointer_absolute,
};

static void display_refresh(void *self, bool full)
{
	struct device *d = self;
	size_t stride;
	uint32_t *pixels = d->displays->resize(d->display, WIDTH, HEIGHT, &stride);

	for (unsigned y = 0; y < HEIGHT; y++)
		for (unsigned x = 0; x < WIDTH; x++)
			pixels[y * stride / 4 + x] =
				(uint32_t)d->properties->get_int(d->host, "colour");
	d->displays->damage(d->display, 0, 0, WIDTH, HEIGHT);
}

static size_t display_text(void *self, char *buffer, size_t length)
{
	if (buffer)
		snprintf(buffer, length, "%s", screen_text);
	return strlen(screen_text);
}

static const struct tsr_display_ops display_ops = { .size = sizeof(display_ops),
						    .refresh = display_refresh,
						    .text = display_text };

static void serial_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	report(self, "output", "%c", (char)value);
}

static const struct tsr_io_ops serial_ops = { .size = sizeof(serial_ops),
					      .widths = 1,
					      .write = serial_write };

static void exit_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct device *d = self;

	d->machine->stop(d->host, (int)value, "the guest asked for it");
}

static const struct tsr_io_ops exit_ops = { .size = sizeof(exit_ops),
					    .widths = 1,
					    .write = exit_write };

/* What is in a file that came with the name, and whether it can be written. */
static void report_passed(struct device *d, int fd)
{
	char text[32] = "";
	ssize_t n;

	if (fd < 0)
		return;
	n = pread(fd, text, sizeof(text) - 1, 0);
	report(d, "passed", "%s %s", n < 0 ? "unreadable" : text,
	       (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR ? "writable" : "read-only");
	close(fd);
}

/* A file whose name holds "bad" is refused, as a drive refuses an image. */
static bool file_changed(void *self, const char *name, struct tsr_error *error)
{
	struct device *d = self;
	const char *file = d->properties->get_string(d->host, "file");

	if (strstr(file, "bad"))
		return tsr_error_set(error, TSR_ERROR_INVALID, "%s: not an image", file);
	report(d, "media-changed", "%s", file);
	report_passed(d, d->files->take(d->host, "file"));
	return true;
}

/* It is looked at with each frame. */
static bool colour_changed(void *self, const char *name, struct tsr_error *error)
{
	struct device *d = self;

	return d->properties->get_int(d->host, name) != 0xbad ||
	       tsr_error_set(error, TSR_ERROR_INVALID, "no such colour");
}

static bool device_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct device *d = self;
	const struct tsr_io *io = host->get(host, TSR_IO);
	const struct tsr_input *input = host->get(host, TSR_INPUT);

	d->host = host;
	d->bus = host->get(host, TSR_BUS);
	d->properties = host->get(host, TSR_PROPERTIES);
	d->machine = host->get(host, TSR_MACHINE);
	d->files = host->get(host, TSR_FILES);
	d->displays = host->get(host, TSR_DISPLAY);
	d->display = d->displays->add(host, &display_ops, d);
	input->add(host, &input_ops, d);
	d->properties->on_change(host, "file", file_changed, d);
	d->properties->on_change(host, "colour", colour_changed, d);
	return io->claim(host, "serial", &serial_ops, d, error) &&
	       io->claim(host, "exit", &exit_ops, d, error);
}

static void device_save(void *self, struct tsr_state_writer *out)
{
	tsr_state_put_u64(out, "reports", (uint64_t)((struct device *)self)->reports);
}

static bool device_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	uint64_t reports;

	if (!tsr_state_get_u64(in, "reports", &reports))
		return tsr_error_set(error, TSR_ERROR_INVALID, "no field reports");
	((struct device *)self)->reports = (int64_t)reports;
	return true;
}

static const struct tsr_device_class class = {
	.size = sizeof(class),
	.instance_size = sizeof(struct device),
	.attach = device_attach,
	.save = device_save,
	.load = device_load,
};

TSR_DEVICE_PLUGIN(class);
