/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Packets as a pcapng file; sections are those of draft-ietf-opsawg-pcapng. All numbers have the
 * host's byte order, as the section's magic tells. A card is an interface, described before its
 * first packet.
 */
#include <errno.h>
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>

#include "watch/event.h"

enum { SECTION_HEADER = 0x0a0d0d0a, INTERFACE_DESCRIPTION = 1, ENHANCED_PACKET = 6 }; /* 11.1 */
enum {
	OPT_END = 0,
	SHB_USERAPPL = 4,
	IF_NAME = 2,
	IF_TSRESOL = 9,
	EPB_FLAGS = 2,
	EPB_DROPCOUNT = 4
};

#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define LINKTYPE_ETHERNET 1
#define RESOLUTION_NS 9 /* 10^-9 s */
#define INBOUND 1u      /* 4.3, bits 0-1 of epb_flags: seen from the guest */
#define OUTBOUND 2u

struct _TsrWatchCapture {
	GObject parent;
	FILE *file;            /* NULL: it is closed */
	GByteArray *block;     /* that is being made */
	GPtrArray *interfaces; /* char *, names in the order of their numbers */
	uint64_t lost;         /* before the next packet */
	int failure;           /* errno of the first write that failed; 0: none */
};

G_DEFINE_FINAL_TYPE(TsrWatchCapture, tsr_watch_capture, G_TYPE_OBJECT)

static void note_failure(TsrWatchCapture *p)
{
	if (!p->failure)
		p->failure = errno;
}

/* -- Blocks */

static void put(TsrWatchCapture *p, const void *bytes, size_t length)
{
	static const uint8_t padding[4];

	g_byte_array_append(p->block, bytes, (guint)length);
	g_byte_array_append(p->block, padding, (guint)(-length & 3));
}

static void put32(TsrWatchCapture *p, uint32_t value)
{
	put(p, &value, sizeof(value));
}

/* 3.5: code, length, value, padding. */
static void put_option(TsrWatchCapture *p, uint16_t code, const void *value, uint16_t length)
{
	uint16_t head[2] = { code, length };

	put(p, head, sizeof(head));
	put(p, value, length);
}

static void begin_block(TsrWatchCapture *p, uint32_t type)
{
	g_byte_array_set_size(p->block, 0);
	put32(p, type);
	put32(p, 0);
}

/* 3.1: the length stands at both ends. */
static void end_block(TsrWatchCapture *p)
{
	uint32_t length = p->block->len + 4;

	memcpy(p->block->data + 4, &length, sizeof(length));
	put32(p, length);
	if (fwrite(p->block->data, 1, p->block->len, p->file) != p->block->len)
		note_failure(p);
}

static void put_section_header(TsrWatchCapture *p)
{
	static const uint16_t version[2] = { 1, 0 };
	static const uint64_t unknown_length = G_MAXUINT64;
	static const char program[] = "tessera monitor";

	begin_block(p, SECTION_HEADER);
	put32(p, BYTE_ORDER_MAGIC);
	put(p, version, sizeof(version));
	put(p, &unknown_length, sizeof(unknown_length));
	put_option(p, SHB_USERAPPL, program, sizeof(program) - 1);
	put_option(p, OPT_END, NULL, 0);
	end_block(p);
}

static void put_interface(TsrWatchCapture *p, const char *name)
{
	static const uint16_t link_type[2] = { LINKTYPE_ETHERNET, 0 };
	static const uint8_t resolution = RESOLUTION_NS;

	begin_block(p, INTERFACE_DESCRIPTION);
	put(p, link_type, sizeof(link_type));
	put32(p, 0); /* no limit of a packet's length */
	put_option(p, IF_NAME, name, (uint16_t)strlen(name));
	put_option(p, IF_TSRESOL, &resolution, sizeof(resolution));
	put_option(p, OPT_END, NULL, 0);
	end_block(p);
}

static uint32_t interface_number(TsrWatchCapture *p, const char *name)
{
	for (guint i = 0; i < p->interfaces->len; i++)
		if (g_str_equal(g_ptr_array_index(p->interfaces, i), name))
			return i;
	g_ptr_array_add(p->interfaces, g_strdup(name));
	put_interface(p, name);
	return p->interfaces->len - 1;
}

static void put_packet(TsrWatchCapture *p, const TsrWatchEvent *e)
{
	uint32_t flags = e->record.op == TSR_MONITOR_SENT ? OUTBOUND : INBOUND;
	uint32_t number = interface_number(p, e->device);

	begin_block(p, ENHANCED_PACKET);
	put32(p, number);
	put32(p, (uint32_t)(e->wall_ns >> 32));
	put32(p, (uint32_t)e->wall_ns);
	put32(p, e->record.data_length);
	put32(p, (uint32_t)e->record.length);
	put(p, e->data, e->record.data_length);
	put_option(p, EPB_FLAGS, &flags, sizeof(flags));
	if (p->lost)
		put_option(p, EPB_DROPCOUNT, &p->lost, sizeof(p->lost));
	put_option(p, OPT_END, NULL, 0);
	end_block(p);
	p->lost = 0;
}

/* -- The file */

static gboolean fail(int number, GError **error)
{
	g_set_error_literal(error, G_IO_ERROR, g_io_error_from_errno(number), g_strerror(number));
	return FALSE;
}

TsrWatchCapture *tsr_watch_capture_new(const char *path, GError **error)
{
	FILE *file = g_str_equal(path, "-") ? stdout : fopen(path, "wbe");
	TsrWatchCapture *self;

	if (!file) {
		fail(errno, error);
		return NULL;
	}
	self = g_object_new(TSR_TYPE_WATCH_CAPTURE, NULL);
	self->file = file;
	put_section_header(self);
	return self;
}

void tsr_watch_capture_add(TsrWatchCapture *self, const TsrWatchEvent *event)
{
	g_return_if_fail(self->file);
	if (event->record.kind == TSR_MONITOR_LOST)
		self->lost += event->record.value;
	else if (event->record.kind == TSR_MONITOR_PACKETS)
		put_packet(self, event);
}

gboolean tsr_watch_capture_flush(TsrWatchCapture *self, GError **error)
{
	g_return_val_if_fail(self->file, FALSE);
	if (fflush(self->file) != 0)
		note_failure(self);
	return !self->failure || fail(self->failure, error);
}

gboolean tsr_watch_capture_close(TsrWatchCapture *self, GError **error)
{
	FILE *file = self->file;

	if (!file)
		return TRUE;
	if (fflush(file) != 0)
		note_failure(self);
	if (file != stdout && fclose(file) != 0)
		note_failure(self);
	self->file = NULL;
	return !self->failure || fail(self->failure, error);
}

static void tsr_watch_capture_finalize(GObject *object)
{
	TsrWatchCapture *self = TSR_WATCH_CAPTURE(object);

	tsr_watch_capture_close(self, NULL);
	g_byte_array_unref(self->block);
	g_ptr_array_unref(self->interfaces);
	G_OBJECT_CLASS(tsr_watch_capture_parent_class)->finalize(object);
}

static void tsr_watch_capture_class_init(TsrWatchCaptureClass *class)
{
	G_OBJECT_CLASS(class)->finalize = tsr_watch_capture_finalize;
}

static void tsr_watch_capture_init(TsrWatchCapture *self)
{
	self->block = g_byte_array_new();
	self->interfaces = g_ptr_array_new_with_free_func(g_free);
}
