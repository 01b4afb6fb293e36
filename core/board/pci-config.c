/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A function's configuration space, as its own plugin reads and sets it. */
#include <string.h>

#include "board/pci-config.h"
#include "board/pci-private.h"
#include "instance/check.h"

enum { PCI_CAPABILITIES = 0x34, FIRST_CAPABILITY = 0x40 };
enum { STATUS_CAPABILITIES = 0x10 };

/* -- By pointers, for older plugins */

uint8_t *tsr_pci_function_config(struct tsr_pci_function *f)
{
	tsr_check(f->instance, TSR_TAG_LOCKED, "pci.config");
	return f->config;
}

uint8_t *tsr_pci_function_write_mask(struct tsr_pci_function *f)
{
	return f->write_mask;
}

uint8_t *tsr_pci_function_clear_mask(struct tsr_pci_function *f)
{
	return f->clear_mask;
}

void tsr_pci_function_get_pointers(struct tsr_pci_function *f, uint8_t *out[3])
{
	out[0] = f->config;
	out[1] = f->write_mask;
	out[2] = f->clear_mask;
}

/* -- Registers */

uint32_t tsr_pci_function_get(const struct tsr_pci_function *f, unsigned offset, unsigned width)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < width && offset + i < sizeof(f->config); i++)
		value |= (uint32_t)f->config[offset + i] << (8 * i);
	return value;
}

/* Whether there are such bytes; if not, the plugin has made a mistake. */
static bool check_register(struct tsr_pci_function *f, const char *function, unsigned offset,
			   unsigned width)
{
	tsr_check(f->instance, TSR_TAG_LOCKED, function);
	if ((width == 1 || width == 2 || width == 4) && offset <= sizeof(f->config) - width)
		return true;
	tsr_mistake(&f->instance->mistakes,
		    "it calls %s for %u bytes at offset %u; a configuration space has 256 bytes, "
		    "in registers of 1, 2 and 4",
		    function, width, offset);
	return false;
}

uint32_t tsr_pci_function_config_get(struct tsr_pci_function *f, unsigned offset, unsigned width)
{
	return check_register(f, "pci.config_get", offset, width)
		       ? tsr_pci_function_get(f, offset, width)
		       : tsr_pci_all_ones(width);
}

void tsr_pci_function_config_set(struct tsr_pci_function *f, unsigned offset, unsigned width,
				 uint32_t value)
{
	if (!check_register(f, "pci.config_set", offset, width))
		return;
	tsr_pci_put(f->config + offset, value, width);
	tsr_pci_function_changed(f, offset, width);
}

void tsr_pci_function_config_bits(struct tsr_pci_function *f, unsigned offset, unsigned width,
				  uint32_t writable, uint32_t cleared)
{
	if (!check_register(f, "pci.config_bits", offset, width))
		return;
	tsr_pci_put(f->write_mask + offset, writable, width);
	tsr_pci_put(f->clear_mask + offset, cleared, width);
}

/* -- Capabilities (PCI Local Bus Specification 2.2, 6.7) */

static bool is_free(const struct tsr_pci_function *f, unsigned offset, unsigned length)
{
	for (unsigned i = offset; i < offset + length; i++)
		if (f->is_capability[i] || f->config[i] || f->write_mask[i] || f->clear_mask[i])
			return false;
	return true;
}

/* The pointer behind the last one of the list; a list that the plugin has made itself may have no
 * end. */
static uint8_t *end_of_list(struct tsr_pci_function *f)
{
	uint8_t *at = &f->config[PCI_CAPABILITIES];

	for (unsigned i = 0; *at && i < sizeof(f->config) / 4; i++)
		at = &f->config[(*at & 0xfc) + 1];
	return at;
}

bool tsr_pci_function_add_capability(struct tsr_pci_function *f, uint8_t id, unsigned length,
				     unsigned *offset, struct tsr_error *error)
{
	unsigned at = FIRST_CAPABILITY;

	tsr_check(f->instance, TSR_TAG_BUILDING, "pci.add_capability");
	if (length < 2 || length > sizeof(f->config) - FIRST_CAPABILITY)
		return tsr_mistake_error(&f->instance->mistakes, error,
					 "it adds a capability of %u bytes; one has 2 to 192",
					 length);
	while (at + length <= sizeof(f->config) && !is_free(f, at, length))
		at += 4;
	if (at + length > sizeof(f->config))
		return tsr_error_set(error, TSR_ERROR_CONFLICT,
				     "there is no room for a capability of %u bytes in its "
				     "configuration space",
				     length);
	memset(f->is_capability + at, true, length);
	f->config[at] = id;
	*end_of_list(f) = (uint8_t)at;
	f->config[PCI_STATUS] |= STATUS_CAPABILITIES;
	*offset = at;
	return true;
}
