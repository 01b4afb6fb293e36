/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cable between an IDE channel and a drive ("tessera.ide-drive/1"), for recordings of channels.
 * Registers and buffer belong to both sides, so what the drive has changed of them is told with
 * every call of it.
 */
#include <string.h>

#include <tessera/draft/ide.h>

#include "monitor/tap-link.h"
#include "recording/interfaces.h"

#include "monitor/tap-ide.inc"

static const struct tsr_ide_drive *drive_of(const struct tsr_tap_link *link)
{
	return link->inner;
}

static const struct tsr_ide_port *channel_of(const struct tsr_tap_link *link)
{
	return link->card;
}

/* -- What the channel calls */

static void finish_call(const struct tsr_tap_link *link, struct tsr_recorder *recorder)
{
	if (link->card)
		tsr_tap_link_result(link, recorder, 0, channel_of(link)->registers,
				    sizeof(struct tsr_ide_registers));
}

static void tapped_reset(void *self, enum tsr_ide_reset kind)
{
	const struct tsr_tap_link *link = tsr_tap_link_find(&tsr_tap_ide, self);
	struct tsr_recorder *recorder = tsr_tap_link_recorder(link);

	tsr_tap_link_call(link, recorder, TSR_RECORDING_IDE_RESET, (uint64_t)kind, 0, NULL, 0);
	drive_of(link)->reset(self, kind);
	finish_call(link, recorder);
}

/* With the registers that the command is of. */
static void tapped_command(void *self, uint8_t command)
{
	const struct tsr_tap_link *link = tsr_tap_link_find(&tsr_tap_ide, self);
	struct tsr_recorder *recorder = tsr_tap_link_recorder(link);

	tsr_tap_link_call(link, recorder, TSR_RECORDING_IDE_COMMAND, command, 0,
			  channel_of(link)->registers, sizeof(struct tsr_ide_registers));
	drive_of(link)->command(self, command);
	finish_call(link, recorder);
}

/* With what the guest has written, or read. */
static void tapped_pio_done(void *self)
{
	struct tsr_tap_link *link = tsr_tap_link_find(&tsr_tap_ide, self);
	struct tsr_recorder *recorder = tsr_tap_link_recorder(link);

	tsr_tap_link_call(link, recorder, TSR_RECORDING_IDE_PIO_DONE, 0, 0,
			  channel_of(link)->buffer + link->phase_offset, link->phase_length);
	drive_of(link)->pio_done(self);
	finish_call(link, recorder);
}

static GByteArray *gather(const struct tsr_block_segment *segments, unsigned count)
{
	GByteArray *bytes = g_byte_array_new();

	for (unsigned i = 0; i < count; i++)
		g_byte_array_append(bytes, segments[i].base, (guint)segments[i].length);
	return bytes;
}

/* Segments stay valid until dma_done, which needs them. */
static void tapped_dma_ready(void *self, const struct tsr_block_segment *segments, unsigned count,
			     uint64_t length)
{
	struct tsr_tap_link *link = tsr_tap_link_find(&tsr_tap_ide, self);
	struct tsr_recorder *recorder = tsr_tap_link_recorder(link);
	g_autoptr(GByteArray) written = NULL;

	link->segments = segments;
	link->segment_count = count;
	written = recorder && !link->is_to_host ? gather(segments, count) : g_byte_array_new();
	tsr_tap_link_call(link, recorder, TSR_RECORDING_IDE_DMA_READY, length, 0, written->data,
			  written->len);
	drive_of(link)->dma_ready(self, segments, count, length);
	finish_call(link, recorder);
}

static void tapped_dma_stop(void *self)
{
	const struct tsr_tap_link *link = tsr_tap_link_find(&tsr_tap_ide, self);
	struct tsr_recorder *recorder = tsr_tap_link_recorder(link);

	tsr_tap_link_call(link, recorder, TSR_RECORDING_IDE_DMA_STOP, 0, 0, NULL, 0);
	drive_of(link)->dma_stop(self);
	finish_call(link, recorder);
}

/* -- What the drive calls */

static void enter(const struct tsr_tap_link *link, struct tsr_recorder *recorder, uint64_t function,
		  uint64_t first, uint64_t second, const void *data, size_t length)
{
	g_autoptr(GByteArray) all = NULL;

	if (!recorder)
		return;
	all = g_byte_array_new();
	g_byte_array_append(all, (const guint8 *)channel_of(link)->registers,
			    sizeof(struct tsr_ide_registers));
	g_byte_array_append(all, data, (guint)length);
	tsr_tap_link_enter(link, recorder, function, first, second, all->data, all->len);
}

static void tapped_pio(void *to, bool to_host, uint32_t offset, uint32_t length, uint8_t status,
		       bool interrupt)
{
	struct tsr_tap_link *link = tsr_tap_link_find_port(&tsr_tap_ide, to);
	struct tsr_recorder *recorder = tsr_tap_link_recorder(link);
	uint64_t flags = (uint64_t)to_host | (uint64_t)interrupt << 1 | (uint64_t)status << 8;
	bool fits = offset <= TSR_IDE_BUFFER && length <= TSR_IDE_BUFFER - offset;

	link->phase_offset = offset;
	link->phase_length = fits ? length : 0;
	enter(link, recorder, TSR_RECORDING_IDE_PIO, flags, (uint64_t)offset << 32 | length,
	      channel_of(link)->buffer + offset, to_host ? link->phase_length : 0);
	channel_of(link)->pio(to, to_host, offset, length, status, interrupt);
	tsr_recorder_leave(recorder, 0);
}

static void tapped_dma(void *to, bool to_host, uint64_t length)
{
	struct tsr_tap_link *link = tsr_tap_link_find_port(&tsr_tap_ide, to);
	struct tsr_recorder *recorder = tsr_tap_link_recorder(link);

	link->is_to_host = to_host;
	enter(link, recorder, TSR_RECORDING_IDE_DMA, to_host, length, NULL, 0);
	channel_of(link)->dma(to, to_host, length);
	tsr_recorder_leave(recorder, 0);
}

static void tapped_dma_done(void *to)
{
	struct tsr_tap_link *link = tsr_tap_link_find_port(&tsr_tap_ide, to);
	struct tsr_recorder *recorder = tsr_tap_link_recorder(link);
	g_autoptr(GByteArray) bytes = NULL;

	bytes = recorder && link->is_to_host ? gather(link->segments, link->segment_count)
					     : g_byte_array_new();
	enter(link, recorder, TSR_RECORDING_IDE_DMA_DONE, 0, 0, bytes->data, bytes->len);
	channel_of(link)->dma_done(to);
	tsr_recorder_leave(recorder, 0);
}

static void tapped_finish(void *to, uint8_t status, uint8_t error, bool interrupt)
{
	struct tsr_tap_link *link = tsr_tap_link_find_port(&tsr_tap_ide, to);
	struct tsr_recorder *recorder = tsr_tap_link_recorder(link);

	enter(link, recorder, TSR_RECORDING_IDE_FINISH, status,
	      (uint64_t)error << 1 | (uint64_t)interrupt, NULL, 0);
	channel_of(link)->finish(to, status, error, interrupt);
	tsr_recorder_leave(recorder, 0);
}
