/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the interfaces are asked that a plugin provides: byte streams, networks and media of back
 * ends, inputs of interrupt controllers and bridges. What comes of it goes into the log.
 */
#include "check.h"

#include <string.h>

#include <tessera/draft/interrupts.h>
#include <tessera/draft/pci-host.h>

#include "compare.h"

#define REQUESTS 8
#define SECTOR 512u
#define SECTORS_MAX 16u
#define INPUTS 256

struct request {
	struct tsr_block_request block; /* first */
	bool busy;
	uint8_t bytes[SECTORS_MAX * SECTOR];
};

static struct {
	void *instance;
	const struct tsr_chardev *chardev;
	const struct tsr_net *net;
	const struct tsr_block *block;
	const struct tsr_irq_inputs *inputs;
	const struct tsr_intack *intack;
	const struct tsr_pci_router *router;
	bool full; /* the device's side takes nothing now */
	uint8_t levels[INPUTS], pins[INPUTS];
	struct request requests[REQUESTS];
} provided;

static uint64_t sum_of(const uint8_t *bytes, size_t length)
{
	uint64_t sum = length;

	for (size_t i = 0; i < length; i++)
		sum = sum * 31 + bytes[i];
	return sum;
}

static void fill(uint8_t *bytes, size_t length, uint64_t *seed)
{
	for (size_t i = 0; i < length; i++)
		bytes[i] = (uint8_t)fake_random(seed);
}

/* -- The other sides */

static size_t port_room(void *to)
{
	return provided.full ? 0 : 64;
}

static void port_receive(void *to, const uint8_t *bytes, size_t length)
{
	compare_log(LOG_STIMULUS, 1, length, sum_of(bytes, length));
}

static bool port_can_receive(void *to)
{
	return !provided.full;
}

static void port_link_changed(void *to, bool up)
{
	compare_log(LOG_STIMULUS, 2, 0, up);
}

static const struct tsr_chardev_port chardev_port = {
	.size = sizeof(chardev_port),
	.room = port_room,
	.receive = port_receive,
};

static const struct tsr_net_port net_port = {
	.size = sizeof(net_port),
	.can_receive = port_can_receive,
	.receive = port_receive,
	.link_changed = port_link_changed,
};

static void on_medium_changed(void *user)
{
	compare_log(LOG_STIMULUS, 3, 0, 0);
}

static const void *interface(const char *const *interfaces, const char *name)
{
	const void *table = NULL;

	if (g_strv_contains(interfaces, name))
		table = fake_device_interface(provided.instance, name);
	return table;
}

void provided_start(void)
{
	memset(&provided, 0, sizeof(provided));
}

/* The levels outside stay as they are when the machine is made anew to load a state. */
void provided_connect(void *instance, const char *const *interfaces)
{
	check_phase("get_interface and connect");
	provided.instance = instance;
	provided.chardev = interface(interfaces, TSR_CHARDEV);
	provided.net = interface(interfaces, TSR_NET);
	provided.block = interface(interfaces, TSR_BLOCK);
	provided.inputs = interface(interfaces, TSR_IRQ_INPUTS);
	provided.intack = interface(interfaces, TSR_INTACK);
	provided.router = interface(interfaces, TSR_PCI_ROUTER);
	if (provided.chardev)
		provided.chardev->connect(instance, &chardev_port);
	if (provided.net)
		provided.net->connect(instance, &net_port);
	if (provided.block)
		provided.block->listen(instance, on_medium_changed, NULL);
}

/* -- Requests */

static void use_chardev(uint64_t *seed)
{
	uint8_t bytes[32];
	size_t length = 1 + fake_random(seed) % sizeof(bytes), taken;

	fill(bytes, sizeof(bytes), seed);
	provided.full = fake_random(seed) % 4 == 0;
	if (fake_random(seed) % 4 == 0) {
		provided.chardev->ready(provided.instance);
		return;
	}
	taken = provided.chardev->write(provided.instance, bytes, length);
	if (taken > length)
		check_fail("chardev's write took %" G_GSIZE_FORMAT " bytes of %" G_GSIZE_FORMAT,
			   taken, length);
	compare_log(LOG_STIMULUS, 4, length, taken);
}

static void use_net(uint64_t *seed)
{
	uint8_t frame[TSR_NET_FRAME_MAX];
	size_t length = 60 + fake_random(seed) % (sizeof(frame) - 59);

	fill(frame, sizeof(frame), seed);
	provided.full = fake_random(seed) % 4 == 0;
	if (fake_random(seed) % 4 == 0)
		provided.net->ready(provided.instance);
	else
		provided.net->send(provided.instance, frame, length);
}

static void on_done(struct tsr_block_request *block, enum tsr_block_status status)
{
	struct request *r = (struct request *)block;
	bool read = block->op == TSR_BLOCK_READ && status == TSR_BLOCK_OK;

	if (!r->busy)
		check_fail("done was called twice for a block request");
	r->busy = false;
	compare_log(LOG_STIMULUS, 5 + block->op, block->offset,
		    read ? sum_of(r->bytes, block->length) : status);
}

static struct request *idle_request(void)
{
	for (unsigned i = 0; i < REQUESTS; i++)
		if (!provided.requests[i].busy)
			return &provided.requests[i];
	return NULL;
}

/* Most of them lie within the medium, some reach beyond its end. */
static void use_block(uint64_t *seed)
{
	struct request *r = idle_request();
	struct tsr_block_info info = { .size = sizeof(info) };
	bool whole;

	if (!r) {
		provided.block->drain(provided.instance);
		return;
	}
	provided.block->info(provided.instance, &info);
	compare_log(LOG_STIMULUS, 10, info.length, info.present | info.read_only << 1);
	whole = fake_random(seed) % 3 == 0;
	r->block = (struct tsr_block_request){ .size = sizeof(r->block),
					       .op = (enum tsr_block_op)(fake_random(seed) % 4),
					       .done = on_done };
	r->block.length = (1 + fake_random(seed) % SECTORS_MAX) * SECTOR;
	r->block.offset = fake_random(seed) % (info.length / SECTOR + 4) * SECTOR;
	if (!whole)
		r->block.offset %= 64 * SECTOR; /* where others were */
	r->block.buffer = r->bytes;
	if (r->block.op == TSR_BLOCK_WRITE)
		fill(r->bytes, r->block.length, seed);
	r->busy = true;
	provided.block->submit(provided.instance, &r->block);
}

static void use_inputs(uint64_t *seed)
{
	unsigned input = (unsigned)(fake_random(seed) % MIN(provided.inputs->count, INPUTS));

	provided.levels[input] ^= 1;
	provided.inputs->set(provided.instance, input, provided.levels[input]);
	compare_log(LOG_STIMULUS, 11, input, provided.levels[input]);
}

static void use_intack(uint64_t *seed)
{
	int vector = provided.intack->acknowledge(provided.instance);

	if (vector < 0 || vector > 255)
		check_fail("acknowledge gave the vector %d", vector);
	compare_log(LOG_STIMULUS, 12, 0, (uint64_t)vector);
}

static void use_router(uint64_t *seed)
{
	unsigned pin = (unsigned)(fake_random(seed) % 128);

	provided.pins[pin] ^= 1;
	provided.router->set(provided.instance, pin / 4, pin % 4, provided.pins[pin]);
	compare_log(LOG_STIMULUS, 13, pin, provided.pins[pin]);
}

gboolean provided_stimulate(guint64 *seed)
{
	void (*choices[8])(uint64_t * seed);
	unsigned count = 0;

	if (provided.chardev)
		choices[count++] = use_chardev;
	if (provided.net)
		choices[count++] = use_net;
	if (provided.block)
		choices[count++] = use_block;
	if (provided.inputs && provided.inputs->count)
		choices[count++] = use_inputs;
	if (provided.intack)
		choices[count++] = use_intack;
	if (provided.router)
		choices[count++] = use_router;
	if (!count)
		return FALSE;
	choices[fake_random((uint64_t *)seed) % count]((uint64_t *)seed);
	return TRUE;
}

void provided_settle(void)
{
	if (provided.block)
		provided.block->drain(provided.instance);
	for (unsigned i = 0; provided.block && i < REQUESTS; i++)
		if (provided.requests[i].busy)
			check_fail("drain returned before all requests were done");
}
