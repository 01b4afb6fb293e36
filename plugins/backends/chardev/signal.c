/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kind=signal: output becomes the bus event "output" (whole lines, or what stood for 20 ms), input
 * comes from the property `input`. Events carry text: bytes that are not UTF-8 become U+FFFD, NULs
 * are left out.
 */
#include <string.h>

#include "chardev.h"

#define FLUSH_NS 20000000u

/* What the first byte of a sequence promises; 0: it cannot be one. */
static int lead_length(uint8_t lead)
{
	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/*
 * The length of the well-formed UTF-8 sequence at `s`; 0: none; -1: it may become one with more
 * bytes.
 */
static int utf8_length(const uint8_t *s, size_t available)
{
	int length = lead_length(s[0]);

	for (int i = 1; i < length; i++) {
		if ((size_t)i >= available)
			return -1;
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	if (length == 3 && ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f)))
		return 0;
	if (length == 4 && ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f)))
		return 0;
	return length;
}

static void emit_text(struct chardev *c)
{
	char text[3 * sizeof(c->text) + 1];
	size_t at = 0, to = 0;

	while (at < c->text_length) {
		int n = utf8_length(c->text + at, c->text_length - at);

		if (n < 0 && at > 0)
			break; /* its other bytes come later */
		if (n <= 0) {
			memcpy(text + to, "\xef\xbf\xbd", 3);
			to += 3;
			at++;
			continue;
		}
		if (c->text[at]) {
			memcpy(text + to, c->text + at, (size_t)n);
			to += (size_t)n;
		}
		at += (size_t)n;
	}
	text[to] = 0;
	c->text_length -= at;
	memmove(c->text, c->text + at, c->text_length);
	if (to)
		c->bus->emit(c->host, "output", text);
}

void signal_on_timer(struct chardev *c)
{
	emit_text(c);
	if (c->text_length)
		stream_arm(c, FLUSH_NS);
}

static size_t signal_write(struct chardev *c, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		c->text[c->text_length++] = bytes[i];
		if (bytes[i] == '\n' || c->text_length == sizeof(c->text))
			emit_text(c);
	}
	if (c->text_length)
		stream_arm(c, FLUSH_NS);
	return length;
}

static bool on_input(void *self, const char *name, struct tsr_error *error)
{
	struct chardev *c = self;
	const char *text = c->properties->get_string(c->host, "input");

	if (!stream_inject(c, (const uint8_t *)text, strlen(text)))
		return tsr_error_set(error, TSR_ERROR_FAILED,
				     "the guest has not yet read %zu bytes of earlier input",
				     c->in_length);
	stream_deliver(c);
	return true;
}

static bool signal_open(struct chardev *c, struct tsr_error *error)
{
	c->properties->on_change(c->host, "input", on_input, c);
	return true;
}

static void signal_close(struct chardev *c)
{
	if (c->text_length)
		emit_text(c);
}

const struct chardev_kind kind_signal = {
	.name = "signal",
	.open = signal_open,
	.write = signal_write,
	.close = signal_close,
};
