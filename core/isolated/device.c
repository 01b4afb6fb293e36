/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The instance: loading its plugin, the jail, and what the core calls. */
#define _GNU_SOURCE
#include "isolated/device-parts.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "jail/jail.h"

/* -- Calls. Each makes m, the call, the reply. */

static void reply(struct iso_message *m, uint64_t value)
{
	m->head.length = 0;
	m->head.a[0] = value;
}

static void reply_step(struct iso_message *m, bool good, const struct tsr_error *error)
{
	reply(m, good);
	m->head.a[1] = error->code;
	if (!good)
		device_set_text(m, error->message);
}

static void on_attach(struct iso_message *m, struct object *o)
{
	struct tsr_error error = { 0 };
	const char *name = strdup(device_text(m));

	device.host = (struct tsr_host){ .size = sizeof(device.host),
					 .abi = { TSR_ABI_MAJOR, TSR_ABI_MINOR },
					 .name = name,
					 .get = device_get_table,
					 .version = TESSERA_VERSION };
	device.dma_host = device.host;
	reply_step(m, device.class->attach(device.self, &device.host, &error), &error);
	/* A device that has not asked for guest memory by now does not get it. */
	if (device.ram_fd >= 0)
		close(device.ram_fd);
	device.ram_fd = -1;
}

/* From now on there is no more memory to be mapped. */
static void close_memory(void)
{
	if (device.memory_fd >= 0)
		close(device.memory_fd);
	device.memory_fd = -1;
}

static void on_realize(struct iso_message *m, struct object *o)
{
	struct tsr_error error = { 0 };

	reply_step(m, !device.class->realize || device.class->realize(device.self, &error), &error);
	if (device_is_settled())
		close_memory();
}

/* The core may set the level of a line itself when the machine is reset or loaded. */
static void forget_levels(void)
{
	for (unsigned i = 0; i < OBJECTS_MAX; i++)
		device.objects[i].level = -1;
}

static void on_reset(struct iso_message *m, struct object *o)
{
	forget_levels();
	if (device.class->reset)
		device.class->reset(device.self, (enum tsr_reset)m->head.a[0]);
	reply(m, 1);
}

static void on_save(struct iso_message *m, struct object *o)
{
	if (device.class->save)
		device.class->save(device.self, &device_writer);
	reply(m, 1);
}

static void on_load(struct iso_message *m, struct object *o)
{
	struct tsr_error error = { 0 };

	forget_levels();
	device_reader.version = (uint32_t)m->head.a[0];
	reply_step(m,
		   !device.class->load || device.class->load(device.self, &device_reader, &error),
		   &error);
}

static void on_read(struct iso_message *m, struct object *o)
{
	reply(m, o->ops->read(o->self, m->head.a[0], (unsigned)m->head.a[1]));
}

static void on_write(struct iso_message *m, struct object *o)
{
	o->ops->write(o->self, m->head.a[0], m->head.a[2], (unsigned)m->head.a[1]);
	reply(m, 1);
}

static void on_timer(struct iso_message *m, struct object *o)
{
	o->expired(o->self, m->head.a[0]);
	reply(m, 1);
}

static void on_config_read(struct iso_message *m, struct object *o)
{
	o->pci_ops->config_read(o->self, (unsigned)m->head.a[0], (unsigned)m->head.a[1]);
	reply(m, 1);
}

static void on_config_written(struct iso_message *m, struct object *o)
{
	o->pci_ops->config_written(o->self, (unsigned)m->head.a[0], (unsigned)m->head.a[1]);
	reply(m, 1);
}

static void on_changed(struct iso_message *m, struct object *o)
{
	g_autofree char *name = g_strdup(device_text(m));
	struct tsr_error error = { 0 };

	reply_step(m, o->changed(o->self, name, &error), &error);
}

static void on_room(struct iso_message *m, struct object *o)
{
	const struct tsr_chardev_port *port = o->port;

	reply(m, port ? port->room(port->to) : 0);
}

static void on_can_receive(struct iso_message *m, struct object *o)
{
	const struct tsr_net_port *port = o->port;

	reply(m, port && port->can_receive(port->to));
}

static void on_receive(struct iso_message *m, struct object *o)
{
	const struct tsr_chardev_port *chardev = o->port;
	const struct tsr_net_port *net = o->port;

	if (o->port && o->peer == ISO_PEER_NET)
		net->receive(net->to, m->data, m->head.length);
	else if (o->port)
		chardev->receive(chardev->to, m->data, m->head.length);
	reply(m, 1);
}

static void on_link(struct iso_message *m, struct object *o)
{
	const struct tsr_net_port *port = o->port;

	if (port && TSR_HAS(port, link_changed))
		port->link_changed(port->to, m->head.a[0]);
	reply(m, 1);
}

static void on_block_done(struct iso_message *m, struct object *o)
{
	device_block_done(o, m);
	reply(m, 1);
}

static void on_medium(struct iso_message *m, struct object *o)
{
	if (o->medium_changed)
		o->medium_changed(o->self);
	reply(m, 1);
}

static void on_refresh(struct iso_message *m, struct object *o)
{
	o->display_ops->refresh(o->self, m->head.a[0]);
	reply(m, 1);
}

/* The device writes all that there is room for, of which a part is wanted. */
static void on_text(struct iso_message *m, struct object *o)
{
	size_t length = (size_t)m->head.a[0], at = (size_t)m->head.a[1], part = 0;
	g_autofree char *text = length ? g_malloc0(length) : NULL;
	size_t whole = o->display_ops->text(o->self, text, length);

	if (at < length && at < whole)
		part = MIN(MIN(whole, length) - at, ISO_DATA);
	reply(m, whole);
	m->head.length = (uint32_t)part;
	if (part)
		memcpy(m->data, text + at, part);
}

static void on_settle(struct iso_message *m, struct object *o)
{
	device_settle(m->head.a[0]);
	close_memory();
	reply(m, 1);
}

static void (*const calls[])(struct iso_message *m, struct object *o) = {
	[ISO_ATTACH] = on_attach,
	[ISO_REALIZE] = on_realize,
	[ISO_RESET] = on_reset,
	[ISO_SAVE] = on_save,
	[ISO_LOAD] = on_load,
	[ISO_READ] = on_read,
	[ISO_WRITE] = on_write,
	[ISO_TIMER] = on_timer,
	[ISO_CONFIG_READ] = on_config_read,
	[ISO_CONFIG_WRITTEN] = on_config_written,
	[ISO_CHANGED] = on_changed,
	[ISO_ROOM] = on_room,
	[ISO_CAN_RECEIVE] = on_can_receive,
	[ISO_RECEIVE] = on_receive,
	[ISO_LINK] = on_link,
	[ISO_BLOCK_DONE] = on_block_done,
	[ISO_MEDIUM] = on_medium,
	[ISO_REFRESH] = on_refresh,
	[ISO_TEXT] = on_text,
	[ISO_SETTLE] = on_settle,
};

static void call(struct iso_message *m)
{
	calls[m->head.what](m, &device.objects[m->head.id]);
}

static uint64_t keep(uint64_t call)
{
	unsigned slot = !device.slot;

	device.slot = slot;
	device_keep_in(&device.shared->kept[slot]);
	if (device.class->save)
		device.class->save(device.self, &device_keeper);
	return call << ISO_DONE_SHIFT | (device_has_kept() ? ISO_DONE_STATE : 0) |
	       (slot ? ISO_DONE_SLOT : 0);
}

/* -- Loading */

/* What core/manifest/loader.c asks of a library; the core has checked the manifest. */
static const char *check_entry(const struct tsr_plugin_entry *entry, const char *id,
			       const char *version)
{
	if (!entry || entry->size < TSR_SIZE_TO(struct tsr_plugin_entry, get_factory))
		return "its library is not a Tessera plugin";
	if (entry->abi.major != TSR_ABI_MAJOR || entry->abi.minor < TSR_ABI_FIRST_MINOR ||
	    entry->abi.minor > TSR_ABI_MINOR)
		return "its library was built for another ABI; install another version of it";
	if (!entry->id || !entry->version || !entry->get_factory || strcmp(entry->id, id) != 0 ||
	    strcmp(entry->version, version) != 0)
		return "its manifest and library are not of one build";
	return NULL;
}

static const char *make_instance(const struct tsr_plugin_entry *entry)
{
	const struct tsr_device_class *class = entry->get_factory(TSR_FACTORY_DEVICE);

	if (!class || class->size < TSR_SIZE_TO(struct tsr_device_class, get_interface) ||
	    !class->attach || class->flags)
		return "its library has no class of devices that this Tessera knows";
	if (posix_memalign(&device.self, 64, class->instance_size + 1))
		return "there is no memory for its instance";
	memset(device.self, 0, class->instance_size + 1);
	device.class = class;
	return NULL;
}

static const char *load(const char *library, const char *id, const char *version)
{
	void *object = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	const struct tsr_plugin_entry *entry;
	const char *why;

	if (!object)
		return dlerror();
	entry = dlsym(object, TSR_PLUGIN_SYMBOL);
	why = check_entry(entry, id, version);
	return why ? why : make_instance(entry);
}

/* Says in place of the first message why there is no device. */
static _Noreturn void fail(const char *why)
{
	struct iso_message *m = &device.shared->message;

	m->head = (struct iso_head){ .kind = ISO_REPLY };
	device_set_text(m, why);
	iso_give(device.shared, ISO_CORE);
	_exit(1);
}

/* After it the process has its memory, standard error and, until it is attached, guest memory and
 * the memory file. */
static void enter_jail(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	close_range(STDERR_FILENO + 1, ISO_FD_RAM - 1, 0);
	close_range(ISO_FD_MEMORY + 1, ~0u, 0);
	if (!tsr_jail_is_possible())
		return;
	g_free(tsr_jail_enter(0, NULL));
	tsr_jail_narrow(TSR_JAIL_WORKER);
}

_Noreturn void device_main(struct iso_shared *shared, const char *library, const char *id,
			   const char *version)
{
	const char *why;

	device.shared = shared;
	device.ram_fd = ISO_FD_RAM;
	device.memory_fd = ISO_FD_MEMORY;
	device.call = call;
	device.keep = keep;
	prctl(PR_SET_NAME, id);
	why = load(library, id, version);
	if (why)
		fail(why);
	enter_jail();
	device_serve();
	_exit(0);
}
