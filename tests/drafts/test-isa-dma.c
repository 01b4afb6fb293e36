/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tessera.isa-dma/1: a card that moves bytes by its own clock, and a controller that a driver
 * programs. */
#include <string.h>

#include "fake-host.h"
#include "little-8237.h"
#include "unit.h"

#define PERIOD_NS 1000000
#define CHUNK 8 /* bytes that the card moves in a period */

/* -- The card: it plays what it takes, records a counter, and writes as bus master. */

enum { PLAY, RECORD, MASTER, LINES };

struct card {
	const struct tsr_host *host;
	const struct tsr_isa_dma *dma;
	void *controller;
	const struct tsr_clock *clock;
	struct tsr_timer *timer;
	struct tsr_isa_dma_line *lines[LINES];
	struct tsr_isa_dma_port ports[LINES];
	bool wants[LINES]; /* DREQ */
	uint8_t played[64], counter;
	unsigned played_length, terminals, grants, mastered;
};

static void play(struct card *card)
{
	bool terminal;

	card->played_length +=
		(unsigned)card->dma->take(card->controller, card->lines[PLAY],
					  card->played + card->played_length, CHUNK, &terminal);
	card->terminals += terminal;
}

static void record(struct card *card)
{
	uint8_t bytes[CHUNK];
	size_t moved;
	bool terminal;

	for (unsigned i = 0; i < CHUNK; i++)
		bytes[i] = (uint8_t)(card->counter + i);
	moved = card->dma->put(card->controller, card->lines[RECORD], bytes, CHUNK, &terminal);
	card->counter = (uint8_t)(card->counter + moved);
	card->terminals += terminal;
}

static void master(struct card *card)
{
	const struct tsr_dma *memory = card->host->get(card->host, TSR_DMA);

	memory->write(card->host, 0x5000, "mastered", 8);
	card->mastered++;
	card->wants[MASTER] = false;
	card->dma->request(card->controller, card->lines[MASTER], false);
}

static void granted_play(void *to)
{
	((struct card *)to)->grants++;
	play(to);
}

static void granted_record(void *to)
{
	((struct card *)to)->grants++;
	record(to);
}

static void granted_master(void *to)
{
	((struct card *)to)->grants++;
	master(to);
}

static void expired(void *self, uint64_t deadline_ns)
{
	struct card *card = self;

	if (card->wants[PLAY])
		play(card);
	if (card->wants[RECORD])
		record(card);
	card->clock->arm(card->timer, deadline_ns + PERIOD_NS);
}

static bool card_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct card *card = self;
	const struct tsr_bus *bus = host->get(host, TSR_BUS);
	struct tsr_interface controller;

	card->host = host;
	card->clock = host->get(host, TSR_CLOCK);
	card->timer = card->clock->timer_new(host, expired, card);
	if (!bus->get(host, "dma", &controller))
		return tsr_error_set(error, TSR_ERROR_NOT_FOUND, "no DMA controller");
	card->dma = controller.table;
	card->controller = controller.self;
	return true;
}

static bool card_realize(void *self, struct tsr_error *error)
{
	static void (*const granted[])(void *to) = { granted_play, granted_record, granted_master };
	static const char *const names[] = { "play", "record", "master" };
	struct card *card = self;
	const struct tsr_isa_channels *channels = card->host->get(card->host, TSR_ISA_CHANNELS);

	for (unsigned i = 0; i < LINES; i++) {
		card->ports[i] = (struct tsr_isa_dma_port){ .size = sizeof(card->ports[i]),
							    .to = card,
							    .granted = granted[i] };
		card->lines[i] =
			card->dma->connect(card->controller, channels->get(card->host, names[i]),
					   &card->ports[i], error);
		if (!card->lines[i])
			return false;
	}
	card->clock->arm(card->timer, PERIOD_NS);
	return true;
}

static void card_save(void *self, struct tsr_state_writer *out)
{
	struct card *card = self;

	tsr_state_put_bytes(out, "wants", card->wants, sizeof(card->wants));
	tsr_state_put_u8(out, "counter", card->counter);
}

static bool card_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct card *card = self;

	if (!tsr_state_get_bytes(in, "wants", card->wants, sizeof(card->wants)) ||
	    !tsr_state_get_u8(in, "counter", &card->counter))
		return tsr_state_damaged(error, "the card");
	for (unsigned i = 0; i < LINES; i++)
		card->dma->request(card->controller, card->lines[i], card->wants[i]);
	card->clock->arm(card->timer,
			 card->clock->now(card->host) / PERIOD_NS * PERIOD_NS + PERIOD_NS);
	return true;
}

static const struct tsr_device_class card_class = {
	.size = sizeof(card_class),
	.instance_size = sizeof(struct card),
	.attach = card_attach,
	.realize = card_realize,
	.save = card_save,
	.load = card_load,
};

/* -- The driver */

static struct card *card;

static struct card *make_card(const struct fake_row *rows, struct tsr_error *error)
{
	return fake_device_try(&card_class, FOLDER "/little-card.plugin", rows, error);
}

static void begin(void)
{
	void *controller;

	fake_start();
	controller = fake_device_new(&little_8237_class, FOLDER "/little-8237.plugin", NULL);
	fake_connect("dma", fake_device_interface(controller, TSR_ISA_DMA), controller);
	card = make_card(NULL, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(card);
}

static void out(unsigned port, unsigned value)
{
	fake_port_write((uint16_t)port, value, 1);
}

/* As a driver does it: masked, with the flip-flop cleared; then the channel is let go. `address`
 * and `count` are in units of the channel. */
static void program(unsigned channel, unsigned mode, unsigned page, unsigned address,
		    unsigned count)
{
	static const uint8_t pages[] = { 0x87, 0x83, 0x81, 0x82 };

	out(DMA_MASK, 4 | channel);
	out(DMA_CLEAR_BYTE_POINTER, 0);
	out(DMA_MODE, mode | channel);
	out(channel * 2, address & 0xff);
	out(channel * 2, address >> 8);
	out(channel * 2 + 1, (count - 1) & 0xff);
	out(channel * 2 + 1, (count - 1) >> 8);
	out(pages[channel], page);
	out(DMA_MASK, channel);
}

static unsigned mode(enum tsr_isa_dma_mode how, enum tsr_isa_dma_transfer transfer)
{
	return (unsigned)how << 6 | (unsigned)transfer << 2;
}

static unsigned read_count(unsigned channel)
{
	unsigned low;

	out(DMA_CLEAR_BYTE_POINTER, 0);
	low = fake_port_read((uint16_t)(channel * 2 + 1), 1);
	return low | fake_port_read((uint16_t)(channel * 2 + 1), 1) << 8;
}

static bool ask(unsigned line, bool up)
{
	card->wants[line] = up;
	return card->dma->request(card->controller, card->lines[line], up);
}

/* -- Tests */

static void a_card_plays_from_memory_until_terminal_count(void)
{
	begin();
	memcpy(fake_ram(0x21000), "0123456789ABCDEFGHIJ", 20);
	CU_ASSERT_FALSE(ask(PLAY, true)); /* nobody has programmed the channel */
	CU_ASSERT_EQUAL(fake_port_read(DMA_STATUS, 1), 0x20);
	fake_clock_advance(PERIOD_NS);
	CU_ASSERT_EQUAL(card->played_length, 0);
	program(1, mode(TSR_ISA_DMA_SINGLE, TSR_ISA_DMA_READ), 2, 0x1000, 20);
	CU_ASSERT_EQUAL(card->grants, 1); /* when it was unmasked */
	CU_ASSERT_EQUAL(card->played_length, CHUNK);
	CU_ASSERT_EQUAL(read_count(1), 20 - CHUNK - 1);
	fake_clock_advance(PERIOD_NS);
	CU_ASSERT_EQUAL(card->terminals, 0);
	fake_clock_advance(2 * PERIOD_NS);
	CU_ASSERT_EQUAL(card->played_length, 20);
	CU_ASSERT_EQUAL(card->terminals, 1);
	CU_ASSERT_NSTRING_EQUAL(card->played, "0123456789ABCDEFGHIJ", 20);
	CU_ASSERT_EQUAL(read_count(1), 0xffff);
	CU_ASSERT_FALSE(ask(PLAY, true)); /* it is masked now */
	CU_ASSERT_EQUAL(fake_port_read(DMA_STATUS, 1), 0x22);
	ask(PLAY, false);
	CU_ASSERT_EQUAL(fake_port_read(DMA_STATUS, 1), 0);
	fake_finish();
}

static void autoinitialize_goes_round(void)
{
	begin();
	memcpy(fake_ram(0x1000), "abcd", 4);
	program(1, mode(TSR_ISA_DMA_SINGLE, TSR_ISA_DMA_READ) | DMA_MODE_AUTOINITIALIZE, 0, 0x1000,
		4);
	CU_ASSERT_TRUE(ask(PLAY, true));
	CU_ASSERT_EQUAL(card->grants, 0); /* the answer has said it */
	fake_clock_advance(2 * PERIOD_NS);
	/* A call stops at each terminal count, so that the card sees all of them. */
	CU_ASSERT_EQUAL(card->played_length, 8);
	CU_ASSERT_EQUAL(card->terminals, 2);
	CU_ASSERT_NSTRING_EQUAL(card->played, "abcdabcd", 8);
	fake_finish();
}

static void a_channel_of_words_counts_words(void)
{
	struct tsr_isa_dma_channel channel = { .size = sizeof(channel) };

	begin();
	program(0, mode(TSR_ISA_DMA_DEMAND, TSR_ISA_DMA_WRITE), 1, 0x2000, 6);
	card->dma->look(card->controller, card->lines[RECORD], &channel);
	CU_ASSERT_EQUAL(channel.remaining, 12);
	CU_ASSERT_EQUAL(channel.width, 2);
	CU_ASSERT_EQUAL(channel.mode, TSR_ISA_DMA_DEMAND);
	CU_ASSERT_EQUAL(channel.transfer, TSR_ISA_DMA_WRITE);
	CU_ASSERT_TRUE(channel.ready && !channel.autoinitialize);
	CU_ASSERT_TRUE(ask(RECORD, true));
	fake_clock_advance(2 * PERIOD_NS);
	CU_ASSERT_EQUAL(memcmp(fake_ram(0x4000), "\0\1\2\3\4\5\6\7\10\11\12\13\0", 13), 0);
	CU_ASSERT_EQUAL(card->terminals, 1);
	CU_ASSERT_EQUAL(card->counter, 12);
	fake_finish();
}

static void another_direction_counts_and_moves_nothing(void)
{
	begin();
	memset(fake_ram(0x1000), 0x11, 64);
	program(0, mode(TSR_ISA_DMA_SINGLE, TSR_ISA_DMA_VERIFY), 0, 0x800, 4);
	program(1, mode(TSR_ISA_DMA_SINGLE, TSR_ISA_DMA_WRITE), 0, 0x1000, 4);
	ask(RECORD, true);
	ask(PLAY, true);
	fake_clock_advance(PERIOD_NS);
	CU_ASSERT_EQUAL(card->terminals, 2);
	CU_ASSERT_EQUAL(*fake_ram(0x1000), 0x11);
	CU_ASSERT_EQUAL(card->played_length, 4);
	CU_ASSERT_EQUAL(card->played[0], 0xff);
	fake_finish();
}

static void software_may_ask_and_forbid(void)
{
	begin();
	program(1, mode(TSR_ISA_DMA_BLOCK, TSR_ISA_DMA_READ), 0, 0x1000, CHUNK);
	out(DMA_MASK, 4 | 1);
	out(DMA_REQUEST, 4 | 1);
	CU_ASSERT_EQUAL(card->grants, 1); /* without DREQ, and though it is masked */
	CU_ASSERT_EQUAL(card->terminals, 1);
	program(1, mode(TSR_ISA_DMA_SINGLE, TSR_ISA_DMA_READ), 0, 0x1000, CHUNK);
	out(DMA_COMMAND, DMA_COMMAND_DISABLE);
	CU_ASSERT_FALSE(ask(PLAY, true));
	out(DMA_COMMAND, 0);
	CU_ASSERT_EQUAL(card->grants, 2);
	fake_finish();
}

static void a_master_has_the_bus_while_it_is_granted(void)
{
	bool terminal;

	begin();
	CU_ASSERT_FALSE(ask(MASTER, true));
	CU_ASSERT_EQUAL(card->mastered, 0);
	program(3, mode(TSR_ISA_DMA_CASCADE, TSR_ISA_DMA_VERIFY), 0, 0, 1);
	CU_ASSERT_EQUAL(card->mastered, 1);
	CU_ASSERT_NSTRING_EQUAL(fake_ram(0x5000), "mastered", 8);
	CU_ASSERT_TRUE(ask(MASTER, true));
	CU_ASSERT_EQUAL(card->dma->put(card->controller, card->lines[MASTER], "x", 1, &terminal),
			0);
	fake_finish();
}

static void two_cards_share_a_channel(void)
{
	struct card *first, *second;

	begin();
	first = card;
	second = make_card(NULL, NULL);
	program(1, mode(TSR_ISA_DMA_SINGLE, TSR_ISA_DMA_READ), 0, 0x1000, 64);
	CU_ASSERT_TRUE(ask(PLAY, true));
	card = second;
	CU_ASSERT_FALSE(ask(PLAY, true)); /* the other one has it */
	card = first;
	ask(PLAY, false);
	CU_ASSERT_EQUAL(second->grants, 1);
	CU_ASSERT_EQUAL(first->grants, 0);
	fake_finish();
}

static void the_manifest_chooses_the_channel(void)
{
	struct tsr_error error = { .message = "" };

	begin();
	card = make_card((struct fake_row[]){ { "resource.play.channel", "2" }, { NULL, NULL } },
			 &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(card);
	ask(PLAY, true);
	CU_ASSERT_EQUAL(fake_port_read(DMA_STATUS, 1), 0x40);
	CU_ASSERT_PTR_NULL(make_card(
		(struct fake_row[]){ { "resource.play.channel", "7" }, { NULL, NULL } }, &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "DMA channel 7"));
	fake_finish();
}

static void it_goes_on_after_loading(void)
{
	struct fake_snapshot *snapshot;

	begin();
	memcpy(fake_ram(0x1000), "0123456789abcdefghijklmn", 24);
	program(1, mode(TSR_ISA_DMA_SINGLE, TSR_ISA_DMA_READ), 0, 0x1000, 24);
	ask(PLAY, true);
	fake_clock_advance(PERIOD_NS);
	snapshot = fake_machine_save();
	fake_finish();
	begin();
	CU_ASSERT_TRUE(fake_machine_load(snapshot, NULL));
	CU_ASSERT_EQUAL(card->grants, 0); /* a load is no change */
	CU_ASSERT_EQUAL(fake_port_read(DMA_STATUS, 1), 0x20);
	fake_clock_advance(2 * PERIOD_NS);
	CU_ASSERT_EQUAL(card->played_length, 16);
	CU_ASSERT_NSTRING_EQUAL(card->played, "89abcdefghijklmn", 16);
	CU_ASSERT_EQUAL(card->terminals, 1);
	fake_snapshot_free(snapshot);
	fake_finish();
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(a_card_plays_from_memory_until_terminal_count),
		UNIT_ROW(autoinitialize_goes_round),
		UNIT_ROW(a_channel_of_words_counts_words),
		UNIT_ROW(another_direction_counts_and_moves_nothing),
		UNIT_ROW(software_may_ask_and_forbid),
		UNIT_ROW(a_master_has_the_bus_while_it_is_granted),
		UNIT_ROW(two_cards_share_a_channel),
		UNIT_ROW(the_manifest_chooses_the_channel),
		UNIT_ROW(it_goes_on_after_loading),
		CU_TEST_INFO_NULL,
	};

	return unit_run("isa-dma", tests);
}
