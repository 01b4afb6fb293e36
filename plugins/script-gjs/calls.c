/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a script can ask of its host, by value, on the thread that has called the script. The engine
 * has looked at the kinds of the arguments (the letters of the table) and at the time of the call;
 * what remains is the host's to refuse. tessera.js makes methods of them.
 */
#include "script.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_MIN 14 /* two addresses and a type: IEEE 802.3, 3.1.1 */

static bool fail(struct tsr_error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static bool fail(struct tsr_error *error, int code, const char *format, ...)
{
	va_list arguments;

	error->code = (enum tsr_error_code)code;
	va_start(arguments, format);
	vsnprintf(error->message, sizeof(error->message), format, arguments);
	va_end(arguments);
	return false;
}

/* -- Arguments and results */

static bool give_number(struct script_value *result, uint64_t number)
{
	*result = (struct script_value){ .kind = SCRIPT_NUMBER, .number = number };
	return true;
}

static bool give_truth(struct script_value *result, bool truth)
{
	*result = (struct script_value){ .kind = SCRIPT_TRUTH, .number = truth };
	return true;
}

static bool give_memory(struct script_value *result, const uint8_t *bytes, uint64_t length)
{
	*result = (struct script_value){ .kind = SCRIPT_MEMORY,
					 .data = bytes,
					 .length = (size_t)length };
	return true;
}

static uint64_t number(const struct script_value *value, uint64_t otherwise)
{
	return value->kind == SCRIPT_NUMBER ? value->number : otherwise;
}

/* A number of the host's own type, such as the width mask; false: it does not fit. */
static bool take_small(const struct script_value *value, unsigned *small, const char *what,
		       struct tsr_error *error)
{
	if (value->kind != SCRIPT_NUMBER)
		return true;
	*small = (unsigned)value->number;
	return value->number <= UINT32_MAX ||
	       fail(error, CALL_RANGE_ERROR, "%s: the number is too large", what);
}

/* A new thing for an object of the script, whose number is the result. */
static struct thing *add_thing(struct device *d, struct script_value *result)
{
	struct thing *things = realloc(d->things, (d->thing_count + 1) * sizeof(*things));

	if (!things)
		return NULL;
	d->things = things;
	things[d->thing_count] = (struct thing){ 0 };
	give_number(result, d->thing_count);
	return &things[d->thing_count++];
}

static struct thing *find(struct device *d, const struct script_value *value, int kind,
			  struct tsr_error *error)
{
	struct thing *thing = value->number < d->thing_count ? &d->things[value->number] : NULL;

	if (thing && (int)thing->kind == kind)
		return thing;
	fail(error, CALL_TYPE_ERROR, "the object is of another kind, or of another device");
	return NULL;
}

/* A hook with the functions of `count` arguments. NULL with an error. */
static struct script_hook *hook_for(struct device *d, const struct script_value *arguments,
				    unsigned count, struct tsr_error *error)
{
	struct script_hook *hook = script_hook_add(&d->base);

	if (!hook)
		fail(error, TSR_ERROR_FAILED, "there is no memory for a function");
	for (unsigned i = 0; hook && i < count; i++)
		if (arguments[i].kind == SCRIPT_FUNCTION)
			hook->functions[i] = (void *)arguments[i].data;
	return hook;
}

/* -- Properties, time, randomness, log, events, power */

static bool get_string(struct device *d, const struct script_value *a, struct script_value *result,
		       struct tsr_error *error)
{
	const char *text = d->base.properties->get_string(d->base.host, a[0].data);

	*result = (struct script_value){ .kind = SCRIPT_TEXT,
					 .data = strdup(text),
					 .length = strlen(text) };
	return result->data || fail(error, TSR_ERROR_FAILED, "there is no memory for a text");
}

/* In 64 bits, of which Host.get_int of tessera.js knows the sign. */
static bool get_int(struct device *d, const struct script_value *a, struct script_value *result,
		    struct tsr_error *error)
{
	return give_number(result, (uint64_t)d->base.properties->get_int(d->base.host, a[0].data));
}

static bool get_bool(struct device *d, const struct script_value *a, struct script_value *result,
		     struct tsr_error *error)
{
	return give_truth(result, d->base.properties->get_bool(d->base.host, a[0].data));
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
	struct script_hook *hook = hook_for(d, a + 1, 1, error);

	if (!hook)
		return false;
	if (!hook->functions[0])
		return fail(error, CALL_TYPE_ERROR, "on_change needs a function");
	d->base.properties->on_change(d->base.host, a[0].data, script_on_changed, hook);
	return true;
}

static bool now(struct device *d, const struct script_value *a, struct script_value *result,
		struct tsr_error *error)
{
	return give_number(result, d->base.clock->now(d->base.host));
}

static bool wall(struct device *d, const struct script_value *a, struct script_value *result,
		 struct tsr_error *error)
{
	return give_number(result, d->base.clock->wall(d->base.host));
}

static bool allocate(struct script_value *result, uint64_t length, const char *what,
		     struct tsr_error *error)
{
	if (length > SCRIPT_DMA_MAX)
		return fail(error, CALL_RANGE_ERROR, "%s of %llu bytes; at most %u at once", what,
			    (unsigned long long)length, SCRIPT_DMA_MAX);
	*result = (struct script_value){ .kind = SCRIPT_BYTES,
					 .data = malloc(length + 1),
					 .length = (size_t)length };
	return result->data || fail(error, TSR_ERROR_FAILED, "there is no memory for %s", what);
}

static bool random_bytes(struct device *d, const struct script_value *a,
			 struct script_value *result, struct tsr_error *error)
{
	if (!allocate(result, a[0].number, "random", error))
		return false;
	d->base.random->fill(d->base.host, (void *)result->data, result->length);
	return true;
}

static bool write_log(struct device *d, const struct script_value *a, struct script_value *result,
		      struct tsr_error *error)
{
	if (a[0].number > TSR_LOG_DEBUG)
		return fail(error, CALL_RANGE_ERROR, "there is no level %llu of log",
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
	struct thing *thing = region ? add_thing(d, result) : NULL;

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
	struct script_hook *hook = hook_for(d, a + 1, 2, error);
	unsigned widths = 1;

	if (!hook || !take_small(&a[3], &widths, "widths", error))
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
	struct script_hook *hook = hook_for(d, a + 3, 2, error);
	unsigned widths = 1, length = 0;

	if (!hook || !take_small(&a[2], &length, "length", error) ||
	    !take_small(&a[5], &widths, "widths", error))
		return false;
	if (a[1].number > UINT16_MAX)
		return fail(error, CALL_RANGE_ERROR, "there is no port %llu",
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
	struct script_hook *hook = hook_for(d, a + 3, 2, error);
	unsigned widths = 4, flags = 0;

	if (!hook || !take_small(&a[5], &widths, "widths", error) ||
	    !take_small(&a[7], &flags, "flags", error))
		return false;
	return add_region(d,
			  d->base.memory->map_io(d->base.host, a[0].data, a[1].number, a[2].number,
						 (int)number(&a[6], TSR_PRIORITY_MMIO), flags,
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

	if (!take_small(&a[4], &flags, "flags", error))
		return false;
	region = d->base.memory->map(d->base.host, a[0].data, a[1].number, a[2].number,
				     (int)number(&a[3], TSR_PRIORITY_MMIO), flags, &bytes, error);
	return add_region(d, region, bytes, a[2].number, result);
}

static bool region_memory(struct device *d, const struct script_value *a,
			  struct script_value *result, struct tsr_error *error)
{
	const struct thing *region = find(d, &a[0], THING_REGION, error);

	if (region && region->bytes)
		give_memory(result, region->bytes, region->length);
	return region != NULL;
}

static bool region_move(struct device *d, const struct script_value *a, struct script_value *result,
			struct tsr_error *error)
{
	const struct thing *region = find(d, &a[0], THING_REGION, error);

	if (region && region->bytes)
		d->base.memory->move(region->to, a[1].number);
	else if (region)
		d->base.io->move(region->to, a[1].number);
	return region != NULL;
}

static bool region_enable(struct device *d, const struct script_value *a,
			  struct script_value *result, struct tsr_error *error)
{
	const struct thing *region = find(d, &a[0], THING_REGION, error);

	if (region && region->bytes)
		d->base.memory->enable(region->to, a[1].number);
	else if (region)
		d->base.io->enable(region->to, a[1].number);
	return region != NULL;
}

static bool irq(struct device *d, const struct script_value *a, struct script_value *result,
		struct tsr_error *error)
{
	struct thing *line = add_thing(d, result);

	if (!line)
		return fail(error, TSR_ERROR_FAILED, "there is no memory for a line");
	line->kind = THING_LINE;
	line->to = (void *)d->base.irq->get(d->base.host, a[0].data);
	return true;
}

static bool line_set(struct device *d, const struct script_value *a, struct script_value *result,
		     struct tsr_error *error)
{
	const struct thing *line = find(d, &a[0], THING_LINE, error);

	if (line)
		tsr_irq_set(line->to, a[1].number != 0);
	return line != NULL;
}

static bool timer(struct device *d, const struct script_value *a, struct script_value *result,
		  struct tsr_error *error)
{
	struct script_hook *hook = hook_for(d, a, 1, error);
	struct thing *made;

	if (!hook)
		return false;
	if (!hook->functions[0])
		return fail(error, CALL_TYPE_ERROR, "timer needs a function");
	made = add_thing(d, result);
	if (!made)
		return fail(error, TSR_ERROR_FAILED, "there is no memory for a timer");
	made->kind = THING_TIMER;
	made->to = d->base.clock->timer_new(d->base.host, script_on_expired, hook);
	return true;
}

static bool timer_arm(struct device *d, const struct script_value *a, struct script_value *result,
		      struct tsr_error *error)
{
	const struct thing *found = find(d, &a[0], THING_TIMER, error);

	if (found)
		d->base.clock->arm(found->to, a[1].number);
	return found != NULL;
}

static bool timer_cancel(struct device *d, const struct script_value *a,
			 struct script_value *result, struct tsr_error *error)
{
	const struct thing *found = find(d, &a[0], THING_TIMER, error);

	if (found)
		d->base.clock->cancel(found->to);
	return found != NULL;
}

/* -- DMA */

/* Nothing, if there is no memory. */
static bool read_through(struct device *d, const struct tsr_host *host,
			 const struct script_value *a, struct script_value *result,
			 struct tsr_error *error)
{
	if (!allocate(result, a[1].number, "dma_read", error))
		return false;
	if (d->base.dma->read(host, a[0].number, (void *)result->data, a[1].number))
		return true;
	free((void *)result->data);
	*result = (struct script_value){ .kind = SCRIPT_NONE };
	return true;
}

static bool dma_read(struct device *d, const struct script_value *a, struct script_value *result,
		     struct tsr_error *error)
{
	return read_through(d, d->base.host, a, result, error);
}

static bool dma_write(struct device *d, const struct script_value *a, struct script_value *result,
		      struct tsr_error *error)
{
	return give_truth(result,
			  d->base.dma->write(d->base.host, a[0].number, a[1].data, a[1].length));
}

/* -- PCI */

/* vendor, device, class_code, revision, interrupt_pin, subsystem_vendor, subsystem, header_type,
 * config_written, config_read */
static bool pci_add(struct device *d, const struct script_value *a, struct script_value *result,
		    struct tsr_error *error)
{
	struct script_hook *hook = hook_for(d, a + 8, 2, error);
	const struct tsr_pci_id id = {
		.size = sizeof(id),
		.vendor = (uint16_t)number(&a[0], 0),
		.device = (uint16_t)number(&a[1], 0),
		.class_code = (uint32_t)number(&a[2], 0),
		.revision = (uint8_t)number(&a[3], 0),
		.interrupt_pin = (uint8_t)number(&a[4], 0),
		.subsystem_vendor = (uint16_t)number(&a[5], 0),
		.subsystem = (uint16_t)number(&a[6], 0),
		.header_type = (uint8_t)number(&a[7], 0),
	};
	struct tsr_pci_function *function;
	struct thing *thing;

	if (!hook)
		return false;
	if (!id.vendor || !id.class_code)
		return fail(error, CALL_TYPE_ERROR, "pci_add needs vendor, device and class_code");
	function = d->base.pci->add(d->base.host, &id, script_hook_pci(hook), hook, error);
	thing = function ? add_thing(d, result) : NULL;
	if (!thing)
		return false;
	thing->kind = THING_FUNCTION;
	thing->to = function;
	thing->host = d->base.pci->dma_host(function);
	return true;
}

/* function, bar, length, read, write, widths */
static bool add_bar(struct device *d, const struct script_value *a, enum tsr_pci_bar_kind kind,
		    struct tsr_error *error)
{
	struct script_hook *hook = hook_for(d, a + 3, 2, error);
	const struct thing *f = find(d, &a[0], THING_FUNCTION, error);
	unsigned widths = 1 | 2 | 4, bar = 0, length = 0;

	return hook && f && take_small(&a[1], &bar, "bar", error) &&
	       take_small(&a[2], &length, "length", error) &&
	       take_small(&a[5], &widths, "widths", error) &&
	       d->base.pci->bar_io(f->to, bar, kind, length, script_hook_io(hook, widths), hook,
				   error);
}

static bool bar_io(struct device *d, const struct script_value *a, struct script_value *result,
		   struct tsr_error *error)
{
	return add_bar(d, a, TSR_PCI_BAR_IO, error);
}

static bool bar_mmio(struct device *d, const struct script_value *a, struct script_value *result,
		     struct tsr_error *error)
{
	return add_bar(d, a, TSR_PCI_BAR_MEMORY, error);
}

/* function, bar, length, prefetchable, flags */
static bool bar_memory(struct device *d, const struct script_value *a, struct script_value *result,
		       struct tsr_error *error)
{
	const struct thing *f = find(d, &a[0], THING_FUNCTION, error);
	unsigned bar = 0, length = 0, flags = 0;
	struct tsr_region *region;
	uint8_t *bytes;

	if (!f || !take_small(&a[1], &bar, "bar", error) ||
	    !take_small(&a[2], &length, "length", error) ||
	    !take_small(&a[4], &flags, "flags", error))
		return false;
	return d->base.pci->bar_memory(f->to, bar, length, a[3].number != 0, flags, &bytes, &region,
				       error) &&
	       give_memory(result, bytes, length);
}

static bool rom(struct device *d, const struct script_value *a, struct script_value *result,
		struct tsr_error *error)
{
	const struct thing *f = find(d, &a[0], THING_FUNCTION, error);

	return f && d->base.pci->rom(f->to, a[1].data, a[1].length, error);
}

static bool set_intx(struct device *d, const struct script_value *a, struct script_value *result,
		     struct tsr_error *error)
{
	const struct thing *f = find(d, &a[0], THING_FUNCTION, error);

	if (f)
		d->base.pci->set_intx(f->to, a[1].number != 0);
	return f != NULL;
}

static bool reset_function(struct device *d, const struct script_value *a,
			   struct script_value *result, struct tsr_error *error)
{
	const struct thing *f = find(d, &a[0], THING_FUNCTION, error);

	if (f)
		d->base.pci->reset(f->to);
	return f != NULL;
}

static bool address(struct device *d, const struct script_value *a, struct script_value *result,
		    struct tsr_error *error)
{
	const struct thing *f = find(d, &a[0], THING_FUNCTION, error);

	return f && give_number(result, d->base.pci->address(f->to));
}

#define CONFIG_BYTES 256

static bool config(struct device *d, const struct script_value *a, struct script_value *result,
		   struct tsr_error *error)
{
	const struct thing *f = find(d, &a[0], THING_FUNCTION, error);

	return f && give_memory(result, d->base.pci->config(f->to), CONFIG_BYTES);
}

static bool write_mask(struct device *d, const struct script_value *a, struct script_value *result,
		       struct tsr_error *error)
{
	const struct thing *f = find(d, &a[0], THING_FUNCTION, error);

	return f && give_memory(result, d->base.pci->write_mask(f->to), CONFIG_BYTES);
}

static bool clear_mask(struct device *d, const struct script_value *a, struct script_value *result,
		       struct tsr_error *error)
{
	const struct thing *f = find(d, &a[0], THING_FUNCTION, error);

	return f && give_memory(result, d->base.pci->clear_mask(f->to), CONFIG_BYTES);
}

static bool function_dma_read(struct device *d, const struct script_value *a,
			      struct script_value *result, struct tsr_error *error)
{
	const struct thing *f = find(d, &a[0], THING_FUNCTION, error);

	return f && read_through(d, f->host, a + 1, result, error);
}

static bool function_dma_write(struct device *d, const struct script_value *a,
			       struct script_value *result, struct tsr_error *error)
{
	const struct thing *f = find(d, &a[0], THING_FUNCTION, error);

	return f &&
	       give_truth(result, d->base.dma->write(f->host, a[1].number, a[2].data, a[2].length));
}

/* -- Back ends. The result is nothing if the need is not connected. */

/* need, room, receive, link_changed */
static bool connect_peer(struct device *d, const struct script_value *a, int kind,
			 struct script_value *result, struct tsr_error *error)
{
	struct script_hook *hook = hook_for(d, a + 1, 3, error);
	struct tsr_interface peer;
	struct thing *thing;

	if (!hook)
		return false;
	if (!hook->functions[SCRIPT_RECEIVE])
		return fail(error, CALL_TYPE_ERROR, "receive needs a function");
	if (!script_find_peer(&d->base, a[0].data, kind == THING_NET ? TSR_NET : TSR_CHARDEV, &peer,
			      error))
		return false;
	if (!peer.table)
		return true;
	thing = add_thing(d, result);
	if (!thing)
		return fail(error, TSR_ERROR_FAILED, "there is no memory for a back end");
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
	const struct thing *peer = find(d, &a[0], THING_NET, error);

	if (!peer)
		return false;
	if (a[1].length < FRAME_MIN || a[1].length > TSR_NET_FRAME_MAX)
		return fail(error, CALL_RANGE_ERROR, "a frame has %d to %d bytes, not %zu",
			    FRAME_MIN, TSR_NET_FRAME_MAX, a[1].length);
	((const struct tsr_net *)peer->table)->send(peer->to, a[1].data, a[1].length);
	return true;
}

static bool net_ready(struct device *d, const struct script_value *a, struct script_value *result,
		      struct tsr_error *error)
{
	const struct thing *peer = find(d, &a[0], THING_NET, error);

	if (peer)
		((const struct tsr_net *)peer->table)->ready(peer->to);
	return peer != NULL;
}

static bool chardev_write(struct device *d, const struct script_value *a,
			  struct script_value *result, struct tsr_error *error)
{
	const struct thing *peer = find(d, &a[0], THING_CHARDEV, error);

	return peer && give_number(result, ((const struct tsr_chardev *)peer->table)
						   ->write(peer->to, a[1].data, a[1].length));
}

static bool chardev_ready(struct device *d, const struct script_value *a,
			  struct script_value *result, struct tsr_error *error)
{
	const struct thing *peer = find(d, &a[0], THING_CHARDEV, error);

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
		give_number(result, value);
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
		return fail(error, TSR_ERROR_FAILED, "there is no memory for a field");
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
	return give_truth(result, d->reader->ops->begin(d->reader, a[0].data));
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
	return give_number(result, d->reader->version);
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
	{ "pci_add", "nnn|nnnnnff", CALL_BUILDING, pci_add },
	{ "bar_io", "nnn|ffn", CALL_BUILDING, bar_io },
	{ "bar_mmio", "nnn|ffn", CALL_BUILDING, bar_mmio },
	{ "bar_memory", "nnn|tn", CALL_BUILDING, bar_memory },
	{ "rom", "nb", CALL_BUILDING, rom },
	{ "set_intx", "nt", CALL_ANY, set_intx },
	{ "reset", "n", CALL_ANY, reset_function },
	{ "address", "n", CALL_ANY, address },
	{ "config", "n", CALL_ANY, config },
	{ "write_mask", "n", CALL_ANY, write_mask },
	{ "clear_mask", "n", CALL_ANY, clear_mask },
	{ "pci.dma_read", "nnn", CALL_ANY, function_dma_read },
	{ "pci.dma_write", "nnb", CALL_ANY, function_dma_write },
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
