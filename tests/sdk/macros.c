/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each macro of the headers that is no plain value, as a plugin uses it. check-headers compiles
 * this as C and as C++, with each compiler and standard, and complains of a macro that is missing
 * here.
 */
#define PLUGIN_ID "macros"
#define PLUGIN_VERSION "1.0.0"
#include <tessera/tessera.h>
#include <tessera/draft/x86-models.h>
#include <tessera/draft/x86-state.h>

static bool macros_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	const struct tsr_log *log = (const struct tsr_log *)host->get(host, TSR_LOG);

	(void)self;
	(void)error;
	tsr_log_at(log, host, TSR_LOG_INFO, "hello");
	tsr_log_at(log, host, TSR_LOG_INFO, "%s %d", "hello", 1);
	return true;
}

static const struct tsr_device_class macros_class = { TSR_SIZE_TO(struct tsr_device_class,
								  get_interface),
						      0,
						      1,
						      macros_attach,
						      NULL,
						      NULL,
						      NULL,
						      NULL,
						      NULL,
						      NULL,
						      NULL,
						      NULL };

TSR_DEVICE_PLUGIN(macros_class); /* TSR_PLUGIN_ENTRY is in it */

static int TSR_PRINTF(1, 2) macros_print(const char *format, ...)
{
	return format[0];
}

TSR_EXTERN_C TSR_EXPORT int macros_use(const struct tsr_net_port *port, uint32_t number);
int macros_use(const struct tsr_net_port *port, uint32_t number)
{
	static const struct tsr_abi abi = TSR_ABI_CURRENT;
	static const struct {
		const char *name;
		size_t offset, size;
	} field = TSR_X86_FIELD(eip);

	if (TSR_HAS(port, link_changed))
		port->link_changed(port->to, true);
	return (int)(abi.minor + field.size + TSR_X86_COUNT(tsr_x86_segments) +
		     TSR_X86_FEATURE(SSE) + TSR_DESC(number) + TSR_DR7_ENABLED(number, 1) +
		     TSR_DR7_RW(number, 1) + TSR_DR7_LEN(number, 1)) +
	       macros_print("%s", "a");
}
