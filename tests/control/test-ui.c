/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A user interface that shows nothing: it reports which machine it sees, and closes when the
 * machine is paused. */
#include <tessera-glib/machine.h>
#include <tessera/tessera.h>

struct ui {
	const struct tsr_host *host;
	const struct tsr_bus *bus;
	TsrMachine *machine;
	gulong handler;
};

static void on_state_changed(TsrMachine *machine, TsrMachineState state, gpointer self)
{
	struct ui *ui = self;

	if (state == TSR_MACHINE_PAUSED)
		ui->bus->emit(ui->host, "closed", NULL);
}

static bool ui_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	const struct tsr_properties *properties = host->get(host, TSR_PROPERTIES);
	struct ui *ui = self;

	if (*properties->get_string(host, "refuse"))
		return tsr_error_set(error, TSR_ERROR_UNSUPPORTED, "there is no display");
	ui->host = host;
	ui->bus = host->get(host, TSR_BUS);
	ui->machine = (TsrMachine *)host->get(host, TSR_GMACHINE);
	ui->handler =
		g_signal_connect(ui->machine, "state-changed", G_CALLBACK(on_state_changed), ui);
	return true;
}

static bool ui_realize(void *self, struct tsr_error *error)
{
	struct ui *ui = self;
	const struct tsr_properties *properties = ui->host->get(ui->host, TSR_PROPERTIES);
	g_autofree char *text =
		g_strdup_printf("%s %s %s", ui->host->name, tsr_machine_get_name(ui->machine),
				properties->get_string(ui->host, "title"));

	ui->bus->emit(ui->host, "shown", text);
	return true;
}

static void ui_detach(void *self)
{
	struct ui *ui = self;

	if (ui->handler)
		g_signal_handler_disconnect(ui->machine, ui->handler);
}

static const struct tsr_device_class device_class = {
	.size = sizeof(device_class),
	.instance_size = sizeof(struct ui),
	.attach = ui_attach,
	.realize = ui_realize,
	.detach = ui_detach,
};

TSR_DEVICE_PLUGIN(device_class);
