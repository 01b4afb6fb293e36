/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See monitor-pcap.h; sections are those of draft-ietf-opsawg-pcapng. All numbers have the host's
 * byte order, as the section's magic tells. A card is an interface, described before its first
 * packet.
 */
#include "program/monitor-pcap.h"

#include <stdio.h>
#include <string.h>

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

struct monitor_pcap {
	FILE *file;
	GByteArray *block;     /* that is being made */
	GPtrArray *interfaces; /* char *, names in the order of their numbers */
	uint64_t lost;         /* before the next packet */
};

/* -- Blocks */

static void put(struct monitor_pcap *p, const void *bytes, size_t length)
{
	static const uint8_t padding[4];

	g_byte_array_append(p->block, bytes, (guint)length);
	g_byte_array_append(p->block, padding, (guint)(-length & 3));
}

static void put32(struct monitor_pcap *p, uint32_t value)
{
	put(p, &value, sizeof(value));
}

/* 3.5: code, length, value, padding. */
static void put_option(struct monitor_pcap *p, uint16_t code, const void *value, uint16_t length)
{
	uint16_t head[2] = { code, length };

	put(p, head, sizeof(head));
	put(p, value, length);
}

static void begin_block(struct monitor_pcap *p, uint32_t type)
{
	g_byte_array_set_size(p->block, 0);
	put32(p, type);
	put32(p, 0);
}

/* 3.1: the length stands at both ends. */
static void end_block(struct monitor_pcap *p)
{
	uint32_t length = p->block->len + 4;

	memcpy(p->block->data + 4, &length, sizeof(length));
	put32(p, length);
	fwrite(p->block->data, 1, p->block->len, p->file);
}

static void put_section_header(struct monitor_pcap *p)
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

static void put_interface(struct monitor_pcap *p, const char *name)
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

static uint32_t interface_number(struct monitor_pcap *p, const char *name)
{
	for (guint i = 0; i < p->interfaces->len; i++)
		if (g_str_equal(g_ptr_array_index(p->interfaces, i), name))
			return i;
	g_ptr_array_add(p->interfaces, g_strdup(name));
	put_interface(p, name);
	return p->interfaces->len - 1;
}

static void put_packet(struct monitor_pcap *p, const struct monitor_event *e, uint64_t time_ns)
{
	uint32_t flags = e->record.op == TSR_MONITOR_SENT ? OUTBOUND : INBOUND;
	uint32_t number = interface_number(p, e->device);

	begin_block(p, ENHANCED_PACKET);
	put32(p, number);
	put32(p, (uint32_t)(time_ns >> 32));
	put32(p, (uint32_t)time_ns);
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

struct monitor_pcap *monitor_pcap_new(const char *path)
{
	FILE *file = g_str_equal(path, "-") ? stdout : fopen(path, "wbe");
	struct monitor_pcap *p = file ? g_new0(struct monitor_pcap, 1) : NULL;

	if (!p)
		return NULL;
	p->file = file;
	p->block = g_byte_array_new();
	p->interfaces = g_ptr_array_new_with_free_func(g_free);
	put_section_header(p);
	return p;
}

void monitor_pcap_add(struct monitor_pcap *p, const struct monitor_event *e, uint64_t time_ns)
{
	if (e->record.kind == TSR_MONITOR_LOST)
		p->lost += e->record.value;
	else if (e->record.kind == TSR_MONITOR_PACKETS)
		put_packet(p, e, time_ns);
}

gboolean monitor_pcap_flush(struct monitor_pcap *p)
{
	return fflush(p->file) == 0 && !ferror(p->file);
}

gboolean monitor_pcap_free(struct monitor_pcap *p)
{
	gboolean good = monitor_pcap_flush(p);

	if (p->file != stdout)
		good &= fclose(p->file) == 0;
	g_byte_array_unref(p->block);
	g_ptr_array_unref(p->interfaces);
	g_free(p);
	return good;
}
