/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. Sound: streams of samples between a sound card and a back end, which plays or records them
 * on the host.
 *
 * The card has the clock. It moves samples with a timer of guest time, at the rate that the guest
 * has set: it pushes what is played, and pulls what is recorded, in periods of some milliseconds. A
 * back end always takes all, and always gives all: what the host's sound device cannot play any
 * more is dropped there, what it has not recorded is silence. So the host's sound device, its drift
 * and its latency are the back end's affair, the guest never notices them, and a deterministic
 * machine stays deterministic when its recorded sound is, as silence or a file's is.
 *
 * A frame is a sample of each channel, interleaved. Samples are little-endian, which is also what
 * the chips have in memory; so a card passes on what it has read by DMA.
 *
 * Saving: the card saves its formats, and `load` opens its streams again and starts those that ran.
 * What the back end still had to play is lost. It saves nothing itself. While the machine is
 * paused, no samples come, and the host's sound device falls silent.
 *
 * Checked on paper against: ES1370 (Ensoniq AudioPCI data sheet: two playback channels and one for
 * recording, sizes and rates of each, sample counters with interrupts); Sound Blaster 16 (Creative,
 * Sound Blaster Series Hardware Programming Guide: DSP commands 41h, 42h, Bxh and Cxh, signed and
 * unsigned samples, pause and continue; mixer registers of volumes); AC'97 (Intel, AC'97 Component
 * Specification 2.3, "Mixer Registers", "Variable Rate"; Intel 82801AA data sheet, "AC '97 Audio
 * Controller": buffer descriptor lists, of which the guest reads the position).
 */
#ifndef TESSERA_DRAFT_AUDIO_H
#define TESSERA_DRAFT_AUDIO_H

#include "../host.h"
#include "draft.h"

enum tsr_audio_sample {
	TSR_AUDIO_U8, /* 80h is silence */
	TSR_AUDIO_S8,
	TSR_AUDIO_U16, /* 8000h is silence */
	TSR_AUDIO_S16,
	TSR_AUDIO_S32, /* also of 20 and 24 bits, in the upper ones */
};

enum tsr_audio_direction { TSR_AUDIO_PLAYBACK, TSR_AUDIO_CAPTURE };

/* What a stream carries. */
struct tsr_audio_format {
	uint32_t size;
	uint32_t rate_hz;   /* frames a second, 1000 to 192000 */
	uint8_t sample;     /* enum tsr_audio_sample */
	uint8_t channels;   /* 1: mono; 2: left, right; up to 8 in the order of USB Audio */
	uint8_t direction;  /* enum tsr_audio_direction */
	uint8_t reserved;   /* 0 */
	uint32_t period_ns; /* of guest time between two calls of write or read, about */
};

struct tsr_audio_stream; /* belongs to the back end, valid until closed */

#define TSR_AUDIO_FULL 65536u /* a volume that leaves samples as they are */

/* "tessera.audio/1", provided by back ends. Several cards may use one. */
#define TSR_AUDIO "tessera.audio/1"
struct tsr_audio {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Opens a stream, which is stopped, at full volume. `name` is for people ("DAC 1"), and may
	 * be NULL. A back end takes every format with values from above, also when the host has no
	 * sound device. NULL and error: a value is none of these. [locked] */
	struct tsr_audio_stream *(*open)(void *self, const char *name,
					 const struct tsr_audio_format *format,
					 struct tsr_error *error);
	/* Ends a stream: what was written may still be played. A card closes its streams at detach.
	 * [locked] */
	void (*close)(void *self, struct tsr_audio_stream *stream);
	/* Starts or stops a stream. What was written before a stop may still be played, unless
	 * `drop`. [locked] */
	void (*run)(void *self, struct tsr_audio_stream *stream, bool running, bool drop);
	/* Plays `length` bytes, whole frames, behind what was written before. Of a stream that is
	 * stopped, or records, they are dropped. [locked] */
	void (*write)(void *self, struct tsr_audio_stream *stream, const void *frames,
		      size_t length);
	/* Fills `length` bytes, whole frames, with what was recorded since the last call. Of a
	 * stream that is stopped, or plays, it is silence. [locked] */
	void (*read)(void *self, struct tsr_audio_stream *stream, void *frames, size_t length);
	/* Sets the volume of left and right: 0 is silent, TSR_AUDIO_FULL is full, more amplifies.
	 * Of mono, and of more than two channels, the mean of both counts. A card whose mixer has
	 * steps in decibels computes the factor. [locked] */
	void (*volume)(void *self, struct tsr_audio_stream *stream, uint32_t left, uint32_t right);
};

/* Bytes of a sample. 0: there is no such sample. [any] */
static inline unsigned tsr_audio_sample_bytes(unsigned sample)
{
	switch (sample) {
	case TSR_AUDIO_U8:
	case TSR_AUDIO_S8:
		return 1;
	case TSR_AUDIO_U16:
	case TSR_AUDIO_S16:
		return 2;
	case TSR_AUDIO_S32:
		return 4;
	default:
		return 0;
	}
}

#endif
