/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a script can ask of its host about its functions of PCI. */
#include "calls-private.h"

/* vendor, device, class_code, revision, interrupt_pin, subsystem_vendor, subsystem, header_type,
 * config_written, config_read */
bool call_pci_add(struct device *d, const struct script_value *a, struct script_value *result,
		  struct tsr_error *error)
{
	struct script_hook *hook = call_add_hook(d, a + 8, 2, error);
	const struct tsr_pci_id id = {
		.size = sizeof(id),
		.vendor = (uint16_t)call_number(&a[0], 0),
		.device = (uint16_t)call_number(&a[1], 0),
		.class_code = (uint32_t)call_number(&a[2], 0),
		.revision = (uint8_t)call_number(&a[3], 0),
		.interrupt_pin = (uint8_t)call_number(&a[4], 0),
		.subsystem_vendor = (uint16_t)call_number(&a[5], 0),
		.subsystem = (uint16_t)call_number(&a[6], 0),
		.header_type = (uint8_t)call_number(&a[7], 0),
	};
	struct tsr_pci_function *function;
	struct thing *thing;

	if (!hook)
		return false;
	if (!id.vendor || !id.class_code)
		return call_fail(error, CALL_TYPE_ERROR,
				 "pci_add needs vendor, device and class_code");
	function = d->base.pci->add(d->base.host, &id, script_hook_pci(hook), hook, error);
	thing = function ? call_add_thing(d, result) : NULL;
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
	struct script_hook *hook = call_add_hook(d, a + 3, 2, error);
	const struct thing *f = call_find_thing(d, &a[0], THING_FUNCTION, error);
	unsigned widths = 1 | 2 | 4, bar = 0, length = 0;

	return hook && f && call_take_small(&a[1], &bar, "bar", error) &&
	       call_take_small(&a[2], &length, "length", error) &&
	       call_take_small(&a[5], &widths, "widths", error) &&
	       d->base.pci->bar_io(f->to, bar, kind, length, script_hook_io(hook, widths), hook,
				   error);
}

bool call_pci_bar_io(struct device *d, const struct script_value *a, struct script_value *result,
		     struct tsr_error *error)
{
	return add_bar(d, a, TSR_PCI_BAR_IO, error);
}

bool call_pci_bar_mmio(struct device *d, const struct script_value *a, struct script_value *result,
		       struct tsr_error *error)
{
	return add_bar(d, a, TSR_PCI_BAR_MEMORY, error);
}

/* function, bar, length, prefetchable, flags */
bool call_pci_bar_memory(struct device *d, const struct script_value *a,
			 struct script_value *result, struct tsr_error *error)
{
	const struct thing *f = call_find_thing(d, &a[0], THING_FUNCTION, error);
	unsigned bar = 0, length = 0, flags = 0;
	struct tsr_region *region;
	uint8_t *bytes;

	if (!f || !call_take_small(&a[1], &bar, "bar", error) ||
	    !call_take_small(&a[2], &length, "length", error) ||
	    !call_take_small(&a[4], &flags, "flags", error))
		return false;
	return d->base.pci->bar_memory(f->to, bar, length, a[3].number != 0, flags, &bytes, &region,
				       error) &&
	       call_give_memory(result, bytes, length);
}

bool call_pci_rom(struct device *d, const struct script_value *a, struct script_value *result,
		  struct tsr_error *error)
{
	const struct thing *f = call_find_thing(d, &a[0], THING_FUNCTION, error);

	return f && d->base.pci->rom(f->to, a[1].data, a[1].length, error);
}

bool call_pci_set_intx(struct device *d, const struct script_value *a, struct script_value *result,
		       struct tsr_error *error)
{
	const struct thing *f = call_find_thing(d, &a[0], THING_FUNCTION, error);

	if (f)
		d->base.pci->set_intx(f->to, a[1].number != 0);
	return f != NULL;
}

bool call_pci_reset_function(struct device *d, const struct script_value *a,
			     struct script_value *result, struct tsr_error *error)
{
	const struct thing *f = call_find_thing(d, &a[0], THING_FUNCTION, error);

	if (f)
		d->base.pci->reset(f->to);
	return f != NULL;
}

bool call_pci_address(struct device *d, const struct script_value *a, struct script_value *result,
		      struct tsr_error *error)
{
	const struct thing *f = call_find_thing(d, &a[0], THING_FUNCTION, error);

	return f && call_give_number(result, d->base.pci->address(f->to));
}

/* function, offset, width */
bool call_pci_config_get(struct device *d, const struct script_value *a,
			 struct script_value *result, struct tsr_error *error)
{
	const struct thing *f = call_find_thing(d, &a[0], THING_FUNCTION, error);
	unsigned offset = 0, width = 0;

	return f && call_take_small(&a[1], &offset, "offset", error) &&
	       call_take_small(&a[2], &width, "width", error) &&
	       call_give_number(result, d->base.pci->config_get(f->to, offset, width));
}

/* function, offset, width, value */
bool call_pci_config_set(struct device *d, const struct script_value *a,
			 struct script_value *result, struct tsr_error *error)
{
	const struct thing *f = call_find_thing(d, &a[0], THING_FUNCTION, error);
	unsigned offset = 0, width = 0, value = 0;

	if (!f || !call_take_small(&a[1], &offset, "offset", error) ||
	    !call_take_small(&a[2], &width, "width", error) ||
	    !call_take_small(&a[3], &value, "value", error))
		return false;
	d->base.pci->config_set(f->to, offset, width, value);
	return true;
}

/* function, offset, width, writable, cleared */
bool call_pci_config_bits(struct device *d, const struct script_value *a,
			  struct script_value *result, struct tsr_error *error)
{
	const struct thing *f = call_find_thing(d, &a[0], THING_FUNCTION, error);
	unsigned offset = 0, width = 0, writable = 0, cleared = 0;

	if (!f || !call_take_small(&a[1], &offset, "offset", error) ||
	    !call_take_small(&a[2], &width, "width", error) ||
	    !call_take_small(&a[3], &writable, "writable", error) ||
	    !call_take_small(&a[4], &cleared, "cleared", error))
		return false;
	d->base.pci->config_bits(f->to, offset, width, writable, cleared);
	return true;
}

/* function, identifier, length */
bool call_pci_add_capability(struct device *d, const struct script_value *a,
			     struct script_value *result, struct tsr_error *error)
{
	const struct thing *f = call_find_thing(d, &a[0], THING_FUNCTION, error);
	unsigned id = 0, length = 0, offset = 0;

	if (!f || !call_take_small(&a[1], &id, "identifier", error) ||
	    !call_take_small(&a[2], &length, "length", error))
		return false;
	return d->base.pci->add_capability(f->to, (uint8_t)id, length, &offset, error) &&
	       call_give_number(result, offset);
}

bool call_pci_function_dma_read(struct device *d, const struct script_value *a,
				struct script_value *result, struct tsr_error *error)
{
	const struct thing *f = call_find_thing(d, &a[0], THING_FUNCTION, error);

	return f && call_read_memory(d, f->host, a + 1, result, error);
}

bool call_pci_function_dma_write(struct device *d, const struct script_value *a,
				 struct script_value *result, struct tsr_error *error)
{
	const struct thing *f = call_find_thing(d, &a[0], THING_FUNCTION, error);

	return f && call_give_truth(result, d->base.dma->write(f->host, a[1].number, a[2].data,
							       a[2].length));
}
