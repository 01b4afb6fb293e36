/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tessera.audio/1: a sound card that pushes and pulls samples by guest time, and a back end without
 * a sound device. */
#include <stdlib.h>
#include <string.h>

#include <tessera/draft/audio.h>

#include "fake-host.h"
#include "unit.h"

#define PERIOD_NS 10000000u
#define STREAMS 4

/* -- The back end: it keeps the sum of what it plays, and records a ramp. */

struct tsr_audio_stream {
	struct tsr_audio_format format;
	bool open, running;
	uint64_t frames; /* written or read while it ran */
	uint32_t left, right;
	int last; /* sample of the left channel, with its volume */
	unsigned drops;
	uint8_t next; /* of what is recorded */
	char name[16];
};

struct back_end {
	struct tsr_audio_stream streams[STREAMS];
};

static unsigned frame_bytes(const struct tsr_audio_format *format)
{
	return tsr_audio_sample_bytes(format->sample) * format->channels;
}

static bool is_known(const struct tsr_audio_format *f)
{
	return f->rate_hz >= 1000 && f->rate_hz <= 192000 && f->channels >= 1 && f->channels <= 8 &&
	       f->direction <= TSR_AUDIO_CAPTURE && tsr_audio_sample_bytes(f->sample);
}

static struct tsr_audio_stream *audio_open(void *self, const char *name,
					   const struct tsr_audio_format *format,
					   struct tsr_error *error)
{
	struct tsr_audio_stream *s = ((struct back_end *)self)->streams;

	while (s->open)
		s++;
	*s = (struct tsr_audio_stream){ .left = TSR_AUDIO_FULL, .right = TSR_AUDIO_FULL };
	s->format.size = sizeof(s->format);
	tsr_struct_fill(&s->format, format);
	if (!is_known(&s->format)) {
		tsr_error_set(error, TSR_ERROR_UNSUPPORTED, "there is no such sound format");
		return NULL;
	}
	s->open = true;
	snprintf(s->name, sizeof(s->name), "%s", name ? name : "");
	return s;
}

static void audio_close(void *self, struct tsr_audio_stream *s)
{
	s->open = false;
}

static void audio_run(void *self, struct tsr_audio_stream *s, bool running, bool drop)
{
	s->running = running;
	s->drops += drop;
}

static void audio_write(void *self, struct tsr_audio_stream *s, const void *frames, size_t length)
{
	const uint8_t *bytes = frames;
	size_t frame = frame_bytes(&s->format);

	if (!s->running || s->format.direction != TSR_AUDIO_PLAYBACK || length < frame)
		return;
	s->frames += length / frame;
	bytes += length - frame;
	s->last =
		s->format.sample == TSR_AUDIO_S16 ? (int16_t)tsr_load_le16(bytes) : bytes[0] - 0x80;
	s->last = (int)((int64_t)s->last * s->left / (int64_t)TSR_AUDIO_FULL);
}

static void audio_read(void *self, struct tsr_audio_stream *s, void *frames, size_t length)
{
	uint8_t *bytes = frames;
	bool silent = !s->running || s->format.direction != TSR_AUDIO_CAPTURE;

	for (size_t i = 0; i < length; i++)
		bytes[i] = silent ? s->format.sample == TSR_AUDIO_U8 ? 0x80 : 0 : s->next++;
	if (!silent)
		s->frames += length / frame_bytes(&s->format);
}

static void audio_volume(void *self, struct tsr_audio_stream *s, uint32_t left, uint32_t right)
{
	s->left = left;
	s->right = right;
}

static const struct tsr_audio audio_table = {
	.size = sizeof(audio_table),
	.open = audio_open,
	.close = audio_close,
	.run = audio_run,
	.write = audio_write,
	.read = audio_read,
	.volume = audio_volume,
};

static bool back_end_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	return true;
}

static const void *back_end_interface(void *self, const char *name)
{
	return strcmp(name, TSR_AUDIO) == 0 ? &audio_table : NULL;
}

static const struct tsr_device_class back_end_class = { .size = sizeof(back_end_class),
							.instance_size = sizeof(struct back_end),
							.attach = back_end_attach,
							.get_interface = back_end_interface };

/* -- The card: registers are its members; the test is the driver. */

struct card {
	const struct tsr_audio *audio;
	void *back_end;
	const struct tsr_clock *clock;
	const struct tsr_host *host;
	struct tsr_timer *timer;
	struct tsr_audio_stream *play, *record;
	uint64_t position;        /* frames played: what a driver reads and computes with */
	uint64_t began, since_ns; /* position then, and when; the rate may change */
	uint32_t rate_hz;         /* of both */
	bool playing, recording;
	int16_t level; /* of what it plays */
	uint32_t volume;
	uint8_t recorded[4096];
	size_t recorded_length;
};

static void play_until(struct card *card, uint64_t now)
{
	uint64_t due = card->began + tsr_muldiv(now - card->since_ns, card->rate_hz, 1000000000);

	for (; card->position < due; card->position++) {
		uint8_t frame[4];

		tsr_store_le16(frame, (uint16_t)card->level);
		tsr_store_le16(frame + 2, (uint16_t)card->level);
		card->audio->write(card->back_end, card->play, frame, sizeof(frame));
	}
}

static void card_expired(void *self, uint64_t deadline_ns)
{
	struct card *card = self;

	if (card->playing)
		play_until(card, deadline_ns);
	if (card->recording) {
		card->audio->read(card->back_end, card->record,
				  card->recorded + card->recorded_length, 80);
		card->recorded_length += 80;
	}
	card->clock->arm(card->timer, deadline_ns + PERIOD_NS);
}

static struct tsr_audio_stream *open_stream(struct card *card, enum tsr_audio_direction direction,
					    struct tsr_error *error)
{
	bool plays = direction == TSR_AUDIO_PLAYBACK;
	const struct tsr_audio_format format = {
		.size = sizeof(format),
		.rate_hz = plays ? card->rate_hz : 8000,
		.sample = plays ? TSR_AUDIO_S16 : TSR_AUDIO_U8,
		.channels = plays ? 2 : 1,
		.direction = (uint8_t)direction,
		.period_ns = PERIOD_NS,
	};

	return card->audio->open(card->back_end, plays ? "DAC" : "ADC", &format, error);
}

static void open_streams(struct card *card)
{
	card->play = open_stream(card, TSR_AUDIO_PLAYBACK, NULL);
	card->record = open_stream(card, TSR_AUDIO_CAPTURE, NULL);
	card->audio->volume(card->back_end, card->play, card->volume, card->volume);
	card->audio->run(card->back_end, card->play, card->playing, false);
	card->audio->run(card->back_end, card->record, card->recording, false);
}

static void close_streams(struct card *card)
{
	card->audio->close(card->back_end, card->play);
	card->audio->close(card->back_end, card->record);
}

static bool card_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct card *card = self;
	const struct tsr_bus *bus = host->get(host, TSR_BUS);
	struct tsr_interface audio;

	card->host = host;
	card->clock = host->get(host, TSR_CLOCK);
	card->timer = card->clock->timer_new(host, card_expired, card);
	card->rate_hz = 44100;
	card->volume = TSR_AUDIO_FULL;
	if (!bus->get(host, "audio", &audio))
		return tsr_error_set(error, TSR_ERROR_NOT_FOUND, "no sound");
	card->audio = audio.table;
	card->back_end = audio.self;
	return true;
}

static bool card_realize(void *self, struct tsr_error *error)
{
	struct card *card = self;

	open_streams(card);
	card->clock->arm(card->timer, PERIOD_NS);
	return true;
}

static void card_detach(void *self)
{
	close_streams(self);
}

static void card_save(void *self, struct tsr_state_writer *out)
{
	struct card *card = self;

	tsr_state_put_u64(out, "position", card->position);
	tsr_state_put_u64(out, "began", card->began);
	tsr_state_put_u64(out, "since", card->since_ns);
	tsr_state_put_u32(out, "rate", card->rate_hz);
	tsr_state_put_u32(out, "volume", card->volume);
	tsr_state_put_bool(out, "playing", card->playing);
	tsr_state_put_bool(out, "recording", card->recording);
}

static bool card_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct card *card = self;

	if (!tsr_state_get_u64(in, "position", &card->position) ||
	    !tsr_state_get_u64(in, "began", &card->began) ||
	    !tsr_state_get_u64(in, "since", &card->since_ns) ||
	    !tsr_state_get_u32(in, "rate", &card->rate_hz) ||
	    !tsr_state_get_u32(in, "volume", &card->volume) ||
	    !tsr_state_get_bool(in, "playing", &card->playing) ||
	    !tsr_state_get_bool(in, "recording", &card->recording))
		return tsr_state_damaged(error, "the card");
	close_streams(card);
	open_streams(card);
	card->clock->arm(card->timer,
			 card->clock->now(card->host) / PERIOD_NS * PERIOD_NS + PERIOD_NS);
	return true;
}

static const struct tsr_device_class card_class = {
	.size = sizeof(card_class),
	.instance_size = sizeof(struct card),
	.attach = card_attach,
	.realize = card_realize,
	.detach = card_detach,
	.save = card_save,
	.load = card_load,
};

/* -- Tests */

static struct card *card;

static void begin(void)
{
	void *back_end;

	fake_start();
	back_end = fake_device_new(&back_end_class, NULL, NULL);
	fake_connect("audio", fake_device_interface(back_end, TSR_AUDIO), back_end);
	card = fake_device_new(&card_class, NULL, NULL);
}

static void play(bool on)
{
	card->playing = on;
	card->since_ns = fake_clock_now();
	card->began = card->position;
	card->audio->run(card->back_end, card->play, on, !on);
}

static void the_guests_clock_sets_the_pace(void)
{
	begin();
	card->level = -1000;
	play(true);
	fake_clock_advance(1000000000);
	CU_ASSERT_EQUAL(card->play->frames, 44100); /* exactly, whatever the host does */
	CU_ASSERT_EQUAL(card->position, 44100);
	CU_ASSERT_EQUAL(card->play->last, -1000);
	CU_ASSERT_STRING_EQUAL(card->play->name, "DAC");
	play(false);
	CU_ASSERT_EQUAL(card->play->drops, 1);
	fake_clock_advance(1000000000);
	CU_ASSERT_EQUAL(card->play->frames, 44100);
	fake_finish();
}

static void a_volume_is_a_factor(void)
{
	begin();
	card->level = 1000;
	card->audio->volume(card->back_end, card->play, TSR_AUDIO_FULL / 4, 0);
	play(true);
	fake_clock_advance(PERIOD_NS);
	CU_ASSERT_EQUAL(card->play->last, 250);
	fake_finish();
}

static void recording_always_gives_samples(void)
{
	begin();
	card->recording = true; /* the card asks, before the stream was started */
	fake_clock_advance(PERIOD_NS);
	CU_ASSERT_EQUAL(card->recorded_length, 80);
	CU_ASSERT_EQUAL(card->recorded[0], 0x80);
	CU_ASSERT_EQUAL(card->recorded[79], 0x80);
	card->audio->run(card->back_end, card->record, true, false);
	fake_clock_advance(PERIOD_NS);
	CU_ASSERT_EQUAL(card->recorded_length, 160);
	CU_ASSERT_EQUAL(card->recorded[81], 1);
	CU_ASSERT_EQUAL(card->record->frames, 80);
	fake_finish();
}

static void a_wrong_format_is_refused(void)
{
	static const struct tsr_audio_format wrong[] = {
		{ .size = sizeof(wrong[0]), .rate_hz = 999, .channels = 1 },
		{ .size = sizeof(wrong[0]), .rate_hz = 192001, .channels = 1 },
		{ .size = sizeof(wrong[0]), .rate_hz = 8000, .channels = 0 },
		{ .size = sizeof(wrong[0]), .rate_hz = 8000, .channels = 9 },
		{ .size = sizeof(wrong[0]), .rate_hz = 8000, .channels = 1, .sample = 5 },
		{ .size = sizeof(wrong[0]), .rate_hz = 8000, .channels = 1, .direction = 2 },
	};
	struct tsr_error error;

	begin();
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		error.message[0] = 0;
		CU_ASSERT_PTR_NULL(card->audio->open(card->back_end, NULL, &wrong[i], &error));
		CU_ASSERT_NOT_EQUAL(error.message[0], 0);
	}
	fake_finish();
}

static void it_plays_on_after_loading(void)
{
	struct fake_snapshot *snapshot;

	begin();
	card->volume = TSR_AUDIO_FULL / 2;
	card->level = 1000;
	play(true);
	fake_clock_advance(10 * PERIOD_NS);
	snapshot = fake_machine_save();
	fake_finish();
	begin();
	CU_ASSERT_TRUE(fake_machine_load(snapshot, NULL));
	CU_ASSERT_TRUE(card->play->running);
	CU_ASSERT_FALSE(card->record->running);
	card->level = 2000;
	fake_clock_advance(10 * PERIOD_NS);
	CU_ASSERT_EQUAL(card->play->frames, 4410); /* of this back end */
	CU_ASSERT_EQUAL(card->position, 8820);
	CU_ASSERT_EQUAL(card->play->last, 1000); /* half of it, as before */
	fake_snapshot_free(snapshot);
	fake_finish();
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(the_guests_clock_sets_the_pace), UNIT_ROW(a_volume_is_a_factor),
		UNIT_ROW(recording_always_gives_samples), UNIT_ROW(a_wrong_format_is_refused),
		UNIT_ROW(it_plays_on_after_loading),      CU_TEST_INFO_NULL,
	};

	return unit_run("audio", tests);
}
