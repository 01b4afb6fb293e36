/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See pci-replace.h. */
#include "board/pci-replace.h"

#include <string.h>

#include "board/pci-private.h"

GPtrArray *tsr_pci_bus_set_aside(struct tsr_pci_bus *pci, const TsrInstance *owner)
{
	GPtrArray *aside = g_ptr_array_new_with_free_func(g_free);

	for (unsigned i = 0; i < DEVICES * FUNCTIONS; i++) {
		struct tsr_pci_function **at = &pci->at[i / FUNCTIONS][i % FUNCTIONS];

		if (!*at || (*at)->instance != owner)
			continue;
		(*at)->is_frozen = true;
		g_ptr_array_add(aside, *at);
		*at = NULL;
	}
	return aside;
}

static struct tsr_pci_function *successor_of(struct tsr_pci_bus *pci,
					     const struct tsr_pci_function *old)
{
	return pci->at[old->device][old->function];
}

/* What the guest has found out about it, and cannot find out again. */
static const char *find_difference(const struct tsr_pci_function *old,
				   const struct tsr_pci_function *new)
{
	if (memcmp(old->reset_value, new->reset_value, 4) ||
	    memcmp(old->reset_value + 0x09, new->reset_value + 0x09, 3) ||
	    memcmp(old->reset_value + 0x2c, new->reset_value + 0x2c, 4) || old->pin != new->pin)
		return "another identification";
	for (unsigned i = 0; i < BARS; i++)
		if (!old->bars[i].region != !new->bars[i].region ||
		    old->bars[i].kind != new->bars[i].kind ||
		    old->bars[i].length != new->bars[i].length)
			return "other base address registers";
	return NULL;
}

bool tsr_pci_bus_compare(struct tsr_pci_bus *pci, const GPtrArray *aside, const TsrInstance *new,
			 struct tsr_error *error)
{
	unsigned count = 0;

	for (unsigned i = 0; i < DEVICES * FUNCTIONS; i++) {
		struct tsr_pci_function *f = pci->at[i / FUNCTIONS][i % FUNCTIONS];
		count += f && f->instance == new;
	}
	for (guint i = 0; i < aside->len; i++) {
		const struct tsr_pci_function *old = g_ptr_array_index(aside, i);
		const struct tsr_pci_function *f = successor_of(pci, old);
		const char *difference = !f ? "no function" : find_difference(old, f);

		if (difference)
			return tsr_error_set(error, TSR_ERROR_VERSION,
					     "at PCI address %02x.%x it has %s, which the guest "
					     "would notice",
					     old->device, old->function, difference);
	}
	return count == aside->len ||
	       tsr_error_set(error, TSR_ERROR_VERSION, "it has more PCI functions than before");
}

void tsr_pci_bus_inherit(struct tsr_pci_bus *pci, const GPtrArray *aside)
{
	for (guint i = 0; i < aside->len; i++) {
		const struct tsr_pci_function *old = g_ptr_array_index(aside, i);
		struct tsr_pci_function *f = successor_of(pci, old);

		memcpy(f->config, old->config, sizeof(f->config));
		tsr_pci_function_decode(f);
	}
}

void tsr_pci_bus_keep_reset_values(struct tsr_pci_bus *pci, const TsrInstance *new)
{
	for (unsigned i = 0; i < DEVICES * FUNCTIONS; i++) {
		struct tsr_pci_function *f = pci->at[i / FUNCTIONS][i % FUNCTIONS];
		if (f && f->instance == new && pci->keeps_values)
			tsr_pci_function_keep_reset_values(f);
	}
}

void tsr_pci_bus_take_over(struct tsr_pci_bus *pci, GPtrArray *aside)
{
	for (guint i = 0; i < aside->len; i++) {
		const struct tsr_pci_function *old = g_ptr_array_index(aside, i);
		struct tsr_pci_function *f = successor_of(pci, old);

		f->intx = old->intx;
		f->is_frozen = false;
	}
	g_ptr_array_unref(aside);
}

void tsr_pci_bus_put_back(struct tsr_pci_bus *pci, GPtrArray *aside, const TsrInstance *new)
{
	for (unsigned i = 0; i < DEVICES * FUNCTIONS; i++) {
		struct tsr_pci_function **at = &pci->at[i / FUNCTIONS][i % FUNCTIONS];
		if (*at && (*at)->instance == new)
			g_clear_pointer(at, g_free);
	}
	for (guint i = 0; i < aside->len; i++) {
		struct tsr_pci_function *old = g_ptr_array_index(aside, i);

		old->is_frozen = false;
		pci->at[old->device][old->function] = old;
	}
	g_ptr_array_set_free_func(aside, NULL);
	g_ptr_array_unref(aside);
}
