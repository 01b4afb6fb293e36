/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bus: a list of what is provided and one of who uses it. */
#include "instance/bus.h"

#include <string.h>

#include <tessera-glib/machine.h>

struct provision {
	char *provider, *interface;
	struct tsr_interface table;
};

struct connection {
	char *user, *need, *provider, *interface;
};

struct _TsrBus {
	GObject parent;
	GPtrArray *provisions, *connections;
};

G_DEFINE_FINAL_TYPE(TsrBus, tsr_bus, G_TYPE_OBJECT)

enum { PROVIDED, WITHDRAWN, CONNECTED, SIGNALS };
static guint signals[SIGNALS];

static void provision_free(gpointer data)
{
	struct provision *p = data;

	g_free(p->provider);
	g_free(p->interface);
	g_free(p);
}

static void connection_free(gpointer data)
{
	struct connection *c = data;

	g_free(c->user);
	g_free(c->need);
	g_free(c->provider);
	g_free(c->interface);
	g_free(c);
}

static void tsr_bus_finalize(GObject *object)
{
	TsrBus *self = TSR_BUS_OBJECT(object);

	g_ptr_array_unref(self->provisions);
	g_ptr_array_unref(self->connections);
	G_OBJECT_CLASS(tsr_bus_parent_class)->finalize(object);
}

static void tsr_bus_class_init(TsrBusClass *class)
{
	GType type = G_TYPE_FROM_CLASS(class);

	G_OBJECT_CLASS(class)->finalize = tsr_bus_finalize;
	signals[PROVIDED] = g_signal_new("provided", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
					 G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
	signals[WITHDRAWN] = g_signal_new("withdrawn", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
					  G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
	signals[CONNECTED] =
		g_signal_new("connected", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
			     4, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING);
}

static void tsr_bus_init(TsrBus *self)
{
	self->provisions = g_ptr_array_new_with_free_func(provision_free);
	self->connections = g_ptr_array_new_with_free_func(connection_free);
}

TsrBus *tsr_bus_new(void)
{
	return g_object_new(TSR_TYPE_BUS, NULL);
}

static struct provision *find(TsrBus *self, const char *provider, const char *interface)
{
	for (guint i = 0; i < self->provisions->len; i++) {
		struct provision *p = g_ptr_array_index(self->provisions, i);
		if (strcmp(p->provider, provider) == 0 && strcmp(p->interface, interface) == 0)
			return p;
	}
	return NULL;
}

void tsr_bus_provide(TsrBus *self, const char *provider, const char *interface,
		     const struct tsr_interface *table)
{
	struct provision *p = find(self, provider, interface);

	if (p) {
		p->table = *table;
		return;
	}
	p = g_new0(struct provision, 1);
	p->provider = g_strdup(provider);
	p->interface = g_strdup(interface);
	p->table = *table;
	g_ptr_array_add(self->provisions, p);
	g_signal_emit(self, signals[PROVIDED], 0, provider, interface);
}

static bool is_connected(TsrBus *self, const char *user, const char *need)
{
	for (guint i = 0; i < self->connections->len; i++) {
		const struct connection *c = g_ptr_array_index(self->connections, i);
		if (strcmp(c->user, user) == 0 && strcmp(c->need, need) == 0)
			return true;
	}
	return false;
}

gboolean tsr_bus_connect_need(TsrBus *self, const char *user, const char *need,
			      const char *interface, const char *provider,
			      struct tsr_interface *out, GError **error)
{
	struct provision *p = find(self, provider, interface);

	if (!p) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_NOT_FOUND,
			    "%s: needs %s from %s for '%s', which does not provide it; connect "
			    "another instance",
			    user, interface, provider, need);
		return FALSE;
	}
	*out = p->table;
	if (is_connected(self, user, need))
		return TRUE; /* the same need again, or by a newcomer that is to have it */
	struct connection *c = g_new0(struct connection, 1);
	c->user = g_strdup(user);
	c->need = g_strdup(need);
	c->provider = g_strdup(provider);
	c->interface = g_strdup(interface);
	g_ptr_array_add(self->connections, c);
	g_signal_emit(self, signals[CONNECTED], 0, user, need, provider, interface);
	return TRUE;
}

void tsr_bus_withdraw(TsrBus *self, const char *provider)
{
	for (guint i = self->connections->len; i-- > 0;) {
		struct connection *c = g_ptr_array_index(self->connections, i);
		if (strcmp(c->provider, provider) == 0 || strcmp(c->user, provider) == 0)
			g_ptr_array_remove_index(self->connections, i);
	}
	for (guint i = self->provisions->len; i-- > 0;) {
		struct provision *p = g_ptr_array_index(self->provisions, i);
		if (strcmp(p->provider, provider) != 0)
			continue;
		g_signal_emit(self, signals[WITHDRAWN], 0, provider, p->interface);
		g_ptr_array_remove_index(self->provisions, i);
	}
}

char **tsr_bus_list(TsrBus *self)
{
	GStrvBuilder *list = g_strv_builder_new();

	for (guint i = 0; i < self->provisions->len; i++) {
		struct provision *p = g_ptr_array_index(self->provisions, i);
		g_autofree char *line = g_strdup_printf("%s %s", p->provider, p->interface);
		g_strv_builder_add(list, line);
	}
	char **result = g_strv_builder_end(list);
	g_strv_builder_unref(list);
	return result;
}

char **tsr_bus_list_connections(TsrBus *self)
{
	GStrvBuilder *list = g_strv_builder_new();

	for (guint i = 0; i < self->connections->len; i++) {
		struct connection *c = g_ptr_array_index(self->connections, i);
		g_autofree char *line = g_strdup_printf("%s.%s -> %s %s", c->user, c->need,
							c->provider, c->interface);
		g_strv_builder_add(list, line);
	}
	char **result = g_strv_builder_end(list);
	g_strv_builder_unref(list);
	return result;
}
