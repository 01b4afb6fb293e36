/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a script can ask of its host, by value, on the thread that has called the script. The engine
 * has looked at the kinds of the arguments (the letters of the table) and at the time of the call;
 * what remains is the host's to refuse. tessera.js makes methods of them. calls-pci.c has those
 * about PCI.
 */
#include "calls-private.h"

#include <stdlib.h>
#include <string.h>

#define FRAME_MIN 14 /* two addresses and a type: IEEE 802.3, 3.1.1 */

/* -- Properties, time, randomness, log, events, power */

static bool get_string(struct device *d, const struct script_value *a, struct script_value *result,
		       struct tsr_error *error)
{
	const char *text = d->base.properties->get_string(d->base.host, a[0].data);

	*result = (struct script_value){ .kind = SCRIPT_TEXT,
					 .data = strdup(text),
					 .length = strlen(text) };
	return result->data || call_fail(error, TSR_ERROR_FAILED, "there is no memory for a text");
}

/* In 64 bits, of which Host.get_int of tessera.js knows the sign. */
static bool get_int(struct device *d, const struct script_value *a, struct script_value *result,
		    struct tsr_error *error)
{
	return call_give_number(result,
				(uint64_t)d->base.properties->get_int(d->base.host, a[0].data));
}

static bool get_bool(struct device *d, const struct script_value *a, struct script_value *result,
		     struct tsr_error *error)
{
	return call_give_truth(result, d->base.properties->get_bool(d->base.host, a[0].data));
}

static bool set(struct device *d, const struct script_value *a, struct script_value *result,
		struct tsr_error *error)
{
	if (a[1].kind == SCRIPT_NUMBER)
		d->base.properties->set_int(d->base.host, a[0].data, (int64_t)a[1].number);
	else
		d->base.properties->set_string(d->base.host, a[0].data, a[1].data);
	return true;
}

static bool on_change(struct device *d, const struct script_value *a, struct script_value *result,
		      struct tsr_error *error)
{
	struct script_hook *hook = call_add_hook(d, a + 1, 1, error);

	if (!hook)
		return false;
	if (!hook->functions[0])
		return call_fail(error, CALL_TYPE_ERROR, "on_change needs a function");
	d->base.properties->on_change(d->base.host, a[0].data, script_on_changed, hook);
	return true;
}

static bool now(struct device *d, const struct script_value *a, struct script_value *result,
		struct tsr_error *error)
{
	return call_give_number(result, d->base.clock->now(d->base.host));
}

static bool wall(struct device *d, const struct script_value *a, struct script_value *result,
		 struct tsr_error *error)
{
	return call_give_number(result, d->base.clock->wall(d->base.host));
}

static bool random_bytes(struct device *d, const struct script_value *a,
			 struct script_value *result, struct tsr_error *error)
{
	if (!call_allocate(result, a[0].number, "random", error))
		return false;
	d->base.random->fill(d->base.host, (void *)result->data, result->length);
	return true;
}

static bool write_log(struct device *d, const struct script_value *a, struct script_value *result,
		      struct tsr_error *error)
{
	if (a[0].number > TSR_LOG_DEBUG)
		return call_fail(error, CALL_RANGE_ERROR, "there is no level %llu of log",
				 (unsigned long long)a[0].number);
	d->base.log->write(d->base.host, a[2].data, (enum tsr_log_level)a[0].number, "%s",
			   (const char *)a[1].data);
	return true;
}

static bool emit(struct device *d, const struct script_value *a, struct script_value *result,
		 struct tsr_error *error)
{
	d->base.bus->emit(d->base.host, a[0].data, a[1].kind == SCRIPT_TEXT ? a[1].data : "");
	return true;
}

static bool power_off(struct device *d, const struct script_value *a, struct script_value *result,
		      struct tsr_error *error)
{
	d->base.machine->power_off(d->base.host);
	return true;
}

static bool reset_machine(struct device *d, const struct script_value *a,
			  struct script_value *result, struct tsr_error *error)
{
	d->base.machine->reset(d->base.host, (int)a[0].number);
	return true;
}

static bool stop_machine(struct device *d, const struct script_value *a,
			 struct script_value *result, struct tsr_error *error)
{
	d->base.machine->stop(d->base.host, (int)a[0].number, a[1].data);
	return true;
}

/* -- Regions, lines, timers */

static bool add_region(struct device *d, struct tsr_region *region, uint8_t *bytes, uint64_t length,
		       struct script_value *result)
{
	struct thing *thing = region ? call_add_thing(d, result) : NULL;

	if (!thing)
		return false;
	thing->kind = THING_REGION;
	thing->to = region;
	thing->bytes = bytes;
	thing->length = length;
	return true;
}

/* name, read, write, widths */
static bool claim(struct device *d, const struct script_value *a, struct script_value *result,
		  struct tsr_error *error)
{
	struct script_hook *hook = call_add_hook(d, a + 1, 2, error);
	unsigned widths = 1;

	if (!hook || !call_take_small(&a[3], &widths, "widths", error))
		return false;
	return add_region(d,
			  d->base.io->claim(d->base.host, a[0].data, script_hook_io(hook, widths),
					    hook, error),
			  NULL, 0, result);
}

/* name, base, length, read, write, widths */
static bool claim_ports(struct device *d, const struct script_value *a, struct script_value *result,
			struct tsr_error *error)
{
	struct script_hook *hook = call_add_hook(d, a + 3, 2, error);
	unsigned widths = 1, length = 0;

	if (!hook || !call_take_small(&a[2], &length, "length", error) ||
	    !call_take_small(&a[5], &widths, "widths", error))
		return false;
	if (a[1].number > UINT16_MAX)
		return call_fail(error, CALL_RANGE_ERROR, "there is no port %llu",
				 (unsigned long long)a[1].number);
	return add_region(d,
			  d->base.io->claim_ports(d->base.host, a[0].data, (uint16_t)a[1].number,
						  length, script_hook_io(hook, widths), hook,
						  error),
			  NULL, 0, result);
}

/* name, base, length, read, write, widths, priority, flags */
static bool map_io(struct device *d, const struct script_value *a, struct script_value *result,
		   struct tsr_error *error)
{
	struct script_hook *hook = call_add_hook(d, a + 3, 2, error);
	unsigned widths = 4, flags = 0;

	if (!hook || !call_take_small(&a[5], &widths, "widths", error) ||
	    !call_take_small(&a[7], &flags, "flags", error))
		return false;
	return add_region(d,
			  d->base.memory->map_io(d->base.host, a[0].data, a[1].number, a[2].number,
						 (int)call_number(&a[6], TSR_PRIORITY_MMIO), flags,
						 script_hook_io(hook, widths), hook, error),
			  NULL, 0, result);
}

/* name, base, length, priority, flags */
static bool map(struct device *d, const struct script_value *a, struct script_value *result,
		struct tsr_error *error)
{
	struct tsr_region *region;
	uint8_t *bytes = NULL;
	unsigned flags = 0;

	if (!call_take_small(&a[4], &flags, "flags", error))
		return false;
	region = d->base.memory->map(d->base.host, a[0].data, a[1].number, a[2].number,
				     (int)call_number(&a[3], TSR_PRIORITY_MMIO), flags, &bytes,
				     error);
	return add_region(d, region, bytes, a[2].number, result);
}

static bool region_memory(struct device *d, const struct script_value *a,
			  struct script_value *result, struct tsr_error *error)
{
	const struct thing *region = call_find_thing(d, &a[0], THING_REGION, error);

	if (region && region->bytes)
		call_give_memory(result, region->bytes, region->length);
	return region != NULL;
}

static bool region_move(struct device *d, const struct script_value *a, struct script_value *result,
			struct tsr_error *error)
{
	const struct thing *region = call_find_thing(d, &a[0], THING_REGION, error);

	if (region && region->bytes)
		d->base.memory->move(region->to, a[1].number);
	else if (region)
		d->base.io->move(region->to, a[1].number);
	return region != NULL;
}

static bool region_enable(struct device *d, const struct script_value *a,
			  struct script_value *result, struct tsr_error *error)
{
	const struct thing *region = call_find_thing(d, &a[0], THING_REGION, error);

	if (region && region->bytes)
		d->base.memory->enable(region->to, a[1].number);
	else if (region)
		d->base.io->enable(region->to, a[1].number);
	return region != NULL;
}

static bool irq(struct device *d, const struct script_value *a, struct script_value *result,
		struct tsr_error *error)
{
	struct thing *line = call_add_thing(d, result);

	if (!line)
		return call_fail(error, TSR_ERROR_FAILED, "there is no memory for a line");
	line->kind = THING_LINE;
	line->to = (void *)d->base.irq->get(d->base.host, a[0].data);
	return true;
}

static bool line_set(struct device *d, const struct script_value *a, struct script_value *result,
		     struct tsr_error *error)
{
	const struct thing *line = call_find_thing(d, &a[0], THING_LINE, error);

	if (line)
		tsr_irq_set(line->to, a[1].number != 0);
	return line != NULL;
}

static bool timer(struct device *d, const struct script_value *a, struct script_value *result,
		  struct tsr_error *error)
{
	struct script_hook *hook = call_add_hook(d, a, 1, error);
	struct thing *made;

	if (!hook)
		return false;
	if (!hook->functions[0])
		return call_fail(error, CALL_TYPE_ERROR, "timer needs a function");
	made = call_add_thing(d, result);
	if (!made)
		return call_fail(error, TSR_ERROR_FAILED, "there is no memory for a timer");
	made->kind = THING_TIMER;
	made->to = d->base.clock->timer_new(d->base.host, script_on_expired, hook);
	return true;
}

static bool timer_arm(struct device *d, const struct script_value *a, struct script_value *result,
		      struct tsr_error *error)
{
	const struct thing *found = call_find_thing(d, &a[0], THING_TIMER, error);

	if (found)
		d->base.clock->arm(found->to, a[1].number);
	return found != NULL;
}

static bool timer_cancel(struct device *d, const struct script_value *a,
			 struct script_value *result, struct tsr_error *error)
{
	const struct thing *found = call_find_thing(d, &a[0], THING_TIMER, error);

	if (found)
		d->base.clock->cancel(found->to);
	return found != NULL;
}

/* -- DMA */

static bool dma_read(struct device *d, const struct script_value *a, struct script_value *result,
		     struct tsr_error *error)
{
	return call_read_memory(d, d->base.host, a, result, error);
}

static bool dma_write(struct device *d, const struct script_value *a, struct script_value *result,
		      struct tsr_error *error)
{
	return call_give_truth(
		result, d->base.dma->write(d->base.host, a[0].number, a[1].data, a[1].length));
}

/* -- Back ends. The result is nothing if the need is not connected. */

/* need, room, receive, link_changed */
static bool connect_peer(struct device *d, const struct script_value *a, int kind,
			 struct script_value *result, struct tsr_error *error)
{
	struct script_hook *hook = call_add_hook(d, a + 1, 3, error);
	struct tsr_interface peer;
	struct thing *thing;

	if (!hook)
		return false;
	if (!hook->functions[SCRIPT_RECEIVE])
		return call_fail(error, CALL_TYPE_ERROR, "receive needs a function");
	if (!script_find_peer(&d->base, a[0].data, kind == THING_NET ? TSR_NET : TSR_CHARDEV, &peer,
			      error))
		return false;
	if (!peer.table)
		return true;
	thing = call_add_thing(d, result);
	if (!thing)
		return call_fail(error, TSR_ERROR_FAILED, "there is no memory for a back end");
	*thing = (struct thing){ .kind = kind, .to = peer.self, .table = peer.table };
	if (kind == THING_NET)
		((const struct tsr_net *)peer.table)->connect(peer.self, script_hook_net(hook));
	else
		((const struct tsr_chardev *)peer.table)
			->connect(peer.self, script_hook_chardev(hook));
	return true;
}

static bool net(struct device *d, const struct script_value *a, struct script_value *result,
		struct tsr_error *error)
{
	return connect_peer(d, a, THING_NET, result, error);
}

static bool chardev(struct device *d, const struct script_value *a, struct script_value *result,
		    struct tsr_error *error)
{
	return connect_peer(d, a, THING_CHARDEV, result, error);
}

static bool net_send(struct device *d, const struct script_value *a, struct script_value *result,
		     struct tsr_error *error)
{
	const struct thing *peer = call_find_thing(d, &a[0], THING_NET, error);

	if (!peer)
		return false;
	if (a[1].length < FRAME_MIN || a[1].length > TSR_NET_FRAME_MAX)
		return call_fail(error, CALL_RANGE_ERROR, "a frame has %d to %d bytes, not %zu",
				 FRAME_MIN, TSR_NET_FRAME_MAX, a[1].length);
	((const struct tsr_net *)peer->table)->send(peer->to, a[1].data, a[1].length);
	return true;
}

static bool net_ready(struct device *d, const struct script_value *a, struct script_value *result,
		      struct tsr_error *error)
{
	const struct thing *peer = call_find_thing(d, &a[0], THING_NET, error);

	if (peer)
		((const struct tsr_net *)peer->table)->ready(peer->to);
	return peer != NULL;
}

static bool chardev_write(struct device *d, const struct script_value *a,
			  struct script_value *result, struct tsr_error *error)
{
	const struct thing *peer = call_find_thing(d, &a[0], THING_CHARDEV, error);

	return peer && call_give_number(result, ((const struct tsr_chardev *)peer->table)
							->write(peer->to, a[1].data, a[1].length));
}

static bool chardev_ready(struct device *d, const struct script_value *a,
			  struct script_value *result, struct tsr_error *error)
{
	const struct thing *peer = call_find_thing(d, &a[0], THING_CHARDEV, error);

	if (peer)
		((const struct tsr_chardev *)peer->table)->ready(peer->to);
	return peer != NULL;
}

/* -- Saved states */

/* name, value, bytes */
static bool put_number(struct device *d, const struct script_value *a, struct script_value *result,
		       struct tsr_error *error)
{
	d->writer->ops->uint(d->writer, a[0].data, a[1].number, (unsigned)a[2].number);
	return true;
}

static bool put_bytes(struct device *d, const struct script_value *a, struct script_value *result,
		      struct tsr_error *error)
{
	tsr_state_put_bytes(d->writer, a[0].data, a[1].data, a[1].length);
	return true;
}

static bool put_begin(struct device *d, const struct script_value *a, struct script_value *result,
		      struct tsr_error *error)
{
	d->writer->ops->begin(d->writer, a[0].data);
	return true;
}

static bool put_end(struct device *d, const struct script_value *a, struct script_value *result,
		    struct tsr_error *error)
{
	d->writer->ops->end(d->writer);
	return true;
}

/* Nothing, if the field is absent. name, bytes */
static bool take_number(struct device *d, const struct script_value *a, struct script_value *result,
			struct tsr_error *error)
{
	uint64_t value;

	if (d->reader->ops->uint(d->reader, a[0].data, &value, (unsigned)a[1].number))
		call_give_number(result, value);
	return true;
}

/* name, most */
static bool take_bytes(struct device *d, const struct script_value *a, struct script_value *result,
		       struct tsr_error *error)
{
	int64_t length = d->reader->ops->length(d->reader, a[0].data);
	void *bytes;

	if (length < 0 || length > SCRIPT_FIELD_MAX || (uint64_t)length > a[1].number)
		return true;
	bytes = malloc((size_t)length + 1);
	if (!bytes)
		return call_fail(error, TSR_ERROR_FAILED, "there is no memory for a field");
	if (d->reader->ops->bytes(d->reader, a[0].data, bytes, (size_t)length))
		*result = (struct script_value){ .kind = SCRIPT_BYTES,
						 .data = bytes,
						 .length = (size_t)length };
	else
		free(bytes);
	return true;
}

static bool take_begin(struct device *d, const struct script_value *a, struct script_value *result,
		       struct tsr_error *error)
{
	return call_give_truth(result, d->reader->ops->begin(d->reader, a[0].data));
}

static bool take_end(struct device *d, const struct script_value *a, struct script_value *result,
		     struct tsr_error *error)
{
	d->reader->ops->end(d->reader);
	return true;
}

static bool state_version(struct device *d, const struct script_value *a,
			  struct script_value *result, struct tsr_error *error)
{
	return call_give_number(result, d->reader->version);
}

/* -- The table */

const struct call calls[] = {
	{ "get_string", "s", CALL_ANY, get_string },
	{ "get_int", "s", CALL_ANY, get_int },
	{ "get_bool", "s", CALL_ANY, get_bool },
	{ "set", "sv", CALL_ANY, set },
	{ "on_change", "sf", CALL_BUILDING, on_change },
	{ "now", "", CALL_ANY, now },
	{ "wall", "", CALL_ANY, wall },
	{ "random", "n", CALL_ANY, random_bytes },
	{ "log", "nsl", CALL_ANY, write_log },
	{ "emit", "s|s", CALL_ANY, emit },
	{ "power_off", "", CALL_ANY, power_off },
	{ "reset_machine", "n", CALL_ANY, reset_machine },
	{ "stop_machine", "ns", CALL_ANY, stop_machine },
	{ "claim", "s|ffn", CALL_BUILDING, claim },
	{ "claim_ports", "snn|ffn", CALL_BUILDING, claim_ports },
	{ "map_io", "snn|ffnnn", CALL_BUILDING, map_io },
	{ "map", "snn|nn", CALL_BUILDING, map },
	{ "memory", "n", CALL_ANY, region_memory },
	{ "move", "nn", CALL_ANY, region_move },
	{ "enable", "nt", CALL_ANY, region_enable },
	{ "irq", "s", CALL_BUILDING, irq },
	{ "irq.set", "nt", CALL_ANY, line_set },
	{ "timer", "f", CALL_BUILDING, timer },
	{ "timer.arm", "nn", CALL_ANY, timer_arm },
	{ "timer.cancel", "n", CALL_ANY, timer_cancel },
	{ "dma_read", "nn", CALL_ANY, dma_read },
	{ "dma_write", "nb", CALL_ANY, dma_write },
	{ "pci_add", "nnn|nnnnnff", CALL_BUILDING, call_pci_add },
	{ "bar_io", "nnn|ffn", CALL_BUILDING, call_pci_bar_io },
	{ "bar_mmio", "nnn|ffn", CALL_BUILDING, call_pci_bar_mmio },
	{ "bar_memory", "nnn|tn", CALL_BUILDING, call_pci_bar_memory },
	{ "rom", "nb", CALL_BUILDING, call_pci_rom },
	{ "set_intx", "nt", CALL_ANY, call_pci_set_intx },
	{ "reset", "n", CALL_ANY, call_pci_reset_function },
	{ "address", "n", CALL_ANY, call_pci_address },
	{ "config_get", "nnn", CALL_ANY, call_pci_config_get },
	{ "config_set", "nnnn", CALL_ANY, call_pci_config_set },
	{ "config_bits", "nnnnn", CALL_ANY, call_pci_config_bits },
	{ "add_capability", "nnn", CALL_BUILDING, call_pci_add_capability },
	{ "pci.dma_read", "nnn", CALL_ANY, call_pci_function_dma_read },
	{ "pci.dma_write", "nnb", CALL_ANY, call_pci_function_dma_write },
	{ "net", "sfff", CALL_REALIZING, net },
	{ "net.send", "nb", CALL_ANY, net_send },
	{ "net.ready", "n", CALL_ANY, net_ready },
	{ "chardev", "sff", CALL_REALIZING, chardev },
	{ "chardev.write", "nb", CALL_ANY, chardev_write },
	{ "chardev.ready", "n", CALL_ANY, chardev_ready },
	{ "put_number", "snn", CALL_SAVING, put_number },
	{ "put_bytes", "sb", CALL_SAVING, put_bytes },
	{ "put_begin", "s", CALL_SAVING, put_begin },
	{ "put_end", "", CALL_SAVING, put_end },
	{ "take_number", "sn", CALL_LOADING, take_number },
	{ "take_bytes", "sn", CALL_LOADING, take_bytes },
	{ "take_begin", "s", CALL_LOADING, take_begin },
	{ "take_end", "", CALL_LOADING, take_end },
	{ "state_version", "", CALL_LOADING, state_version },
};
const unsigned call_count = sizeof(calls) / sizeof(calls[0]);
