/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A user interface as a plugin: it listens for viewers that speak RFB, and says where by the event
 * `listening`. With `web` the viewers are browsers, and it serves them a page.
 */
#include <errno.h>
#include <rfb/rfb.h>
#include <string.h>

#include <tessera/tessera.h>

#include "vnc.h"

#define PASSWORD_MOST 8 /* characters that VNC authentication looks at, RFC 6143 7.2.2 */

struct instance {
	const struct tsr_host *host;
	TsrMachine *machine;
	struct vnc_options options;
	int listener; /* -1: none, or the server's */
	char *where;
	struct vnc_server *server;
};

/* -- Options */

/* The first line of the file. */
static bool read_password(struct vnc_options *o, const char *path, struct tsr_error *error)
{
	g_autoptr(GError) why = NULL;
	char *text;

	if (!*path)
		return true;
	if (!g_file_get_contents(path, &text, NULL, &why))
		return tsr_error_set(error, TSR_ERROR_IO, "password-file: %s", why->message);
	text[strcspn(text, "\r\n")] = '\0';
	o->password = text;
	if (!*text || strlen(text) > PASSWORD_MOST)
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "%s: a password is one line of 1 to %d characters, of which "
				     "VNC's authentication takes no more",
				     path, PASSWORD_MOST);
	return true;
}

static bool make_web(struct instance *i, struct tsr_error *error)
{
	const struct tsr_properties *p = i->host->get(i->host, TSR_PROPERTIES);

	if (g_str_has_prefix(i->options.listen, "unix:"))
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "web: browsers connect to ADDRESS:PORT, not to a UNIX socket");
	i->options.web = vnc_web_new(p->get_string(i->host, "novnc"), error);
	return i->options.web != NULL;
}

static bool read_options(struct instance *i, struct tsr_error *error)
{
	const struct tsr_properties *p = i->host->get(i->host, TSR_PROPERTIES);
	struct vnc_options *o = &i->options;

	o->listen = g_strdup(p->get_string(i->host, "listen"));
	o->view_only = p->get_bool(i->host, "view-only");
	o->absolute = g_str_equal(p->get_string(i->host, "pointer"), "absolute");
	o->paste = p->get_bool(i->host, "paste");
	o->display = (guint)p->get_int(i->host, "display");
	if (p->get_bool(i->host, "web") && !make_web(i, error))
		return false;
	return read_password(o, p->get_string(i->host, "password-file"), error);
}

/* -- Life cycle */

/* What libvncserver's cryptography opens when it is first used is opened now, not in a jail. */
static void load_what_is_lazy(void)
{
	unsigned char bytes[16];
	char password[] = "password";

	rfbLogEnable(FALSE);
	rfbRandomBytes(bytes);
	rfbEncryptBytes(bytes, password);
}

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct instance *i = self;
	g_autofree char *where = NULL;

	i->listener = -1;
	i->host = host;
	i->machine = (TsrMachine *)host->get(host, TSR_GMACHINE);
	if (!i->machine)
		return tsr_error_set(error, TSR_ERROR_UNSUPPORTED,
				     "this host has no " TSR_GMACHINE);
	if (!read_options(i, error))
		return false;
	i->listener = vnc_listen(i->options.listen, i->options.password, &where, error);
	i->where =
		where && i->options.web ? vnc_web_address(i->options.web, where) : g_strdup(where);
	load_what_is_lazy();
	return i->listener >= 0;
}

static bool realize(void *self, struct tsr_error *error)
{
	struct instance *i = self;
	const struct tsr_bus *bus = i->host->get(i->host, TSR_BUS);

	vnc_extension_register();
	i->server = vnc_server_new(i->machine, &i->options, i->listener);
	i->listener = -1;
	if (!i->server)
		return tsr_error_set(error, TSR_ERROR_FAILED, "there is no memory for viewers");
	bus->emit(i->host, "listening", i->where);
	return true;
}

static void detach(void *self)
{
	struct instance *i = self;

	if (i->server || i->listener >= 0)
		vnc_listen_forget(i->options.listen);
	if (i->listener >= 0)
		close(i->listener);
	g_clear_pointer(&i->server, vnc_server_free);
	g_clear_pointer(&i->options.web, vnc_web_free);
	g_free(i->where);
	g_free(i->options.listen);
	g_free(i->options.password);
}

static const struct tsr_device_class device_class = {
	.size = sizeof(device_class),
	.instance_size = sizeof(struct instance),
	.attach = attach,
	.realize = realize,
	.detach = detach,
};

TSR_DEVICE_PLUGIN(device_class);
