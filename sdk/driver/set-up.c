/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What firmware does before a guest can use a device: it programs the interrupt controllers (Intel
 * 8259A data sheet, "Programming the 8259A"), and gives addresses to the BARs of the functions
 * under test by configuration mechanism #1 (PCI 2.1, 3.2.2.3.2 and 6.2.5.1).
 */
#include <stdlib.h>
#include <string.h>

#include "driver.h"

#define PCI_ADDRESS 0xcf8
#define PCI_DATA 0xcfc
#define PCI_ENABLE 0x80000000u
#define PCI_COMMAND 0x04
#define PCI_COMMAND_ALL 7u /* I/O, memory, bus master */
#define PCI_HEADER 0x0e
#define PCI_HEADER_KIND 0x7f
#define PCI_INTERRUPT_PIN 0x3d
#define PCI_BAR 0x10
#define PCI_BARS 6u
#define PCI_NONE 0xffffu
#define BAR_IO 1u

#define FIRST_PORT 0xc000u
#define FIRST_MEMORY 0xe0000000u
#define MEMORY_STEP 0x1000u

#define PIRQ_ROUTE 0x60 /* PIIX3 (290550-002), 2.2.6: of the ISA bridge */
#define ISA_BRIDGE (1u << 3)

/* -- Configuration space */

static void select_register(struct driver *d, unsigned function, unsigned offset)
{
	d->ports->port_write(d->host, PCI_ADDRESS, PCI_ENABLE | function << 8 | (offset & 0xfc), 4);
}

uint32_t driver_config_read(struct driver *d, unsigned function, unsigned offset, unsigned width)
{
	select_register(d, function, offset);
	return d->ports->port_read(d->host, (uint16_t)(PCI_DATA + (offset & 3)), width);
}

void driver_config_write(struct driver *d, unsigned function, unsigned offset, uint32_t value,
			 unsigned width)
{
	select_register(d, function, offset);
	d->ports->port_write(d->host, (uint16_t)(PCI_DATA + (offset & 3)), value, width);
}

/* -- BARs */

struct addresses {
	uint32_t port, memory; /* the next free ones */
};

static void add_place(struct driver *d, bool is_port, uint64_t base, uint64_t length)
{
	if (d->place_count < DRIVER_PLACES)
		d->places[d->place_count++] = (struct place){ is_port, base, length };
}

static uint32_t take(uint32_t *next, uint32_t size)
{
	uint32_t base = (*next + size - 1) & ~(size - 1);

	*next = base + size;
	return base;
}

static void set_bar(struct driver *d, unsigned function, unsigned bar, struct addresses *next)
{
	unsigned offset = PCI_BAR + 4 * bar;
	uint32_t mask, size, base;
	bool is_port;

	driver_config_write(d, function, offset, 0xffffffff, 4);
	mask = driver_config_read(d, function, offset, 4);
	is_port = mask & BAR_IO;
	size = is_port ? (~(mask & ~3u) + 1) & 0xffff : ~(mask & ~15u) + 1;
	if (!mask || !size || size & (size - 1))
		return;
	base = is_port ? take(&next->port, size) : take(&next->memory, size);
	if (!is_port && next->memory & (MEMORY_STEP - 1))
		next->memory = (next->memory + MEMORY_STEP - 1) & ~(MEMORY_STEP - 1);
	driver_config_write(d, function, offset, base, 4);
	add_place(d, is_port, base, size);
}

static void set_function(struct driver *d, unsigned function, struct addresses *next)
{
	if (driver_config_read(d, function, 0, 2) == PCI_NONE)
		return;
	if (!(driver_config_read(d, function, PCI_HEADER, 1) & PCI_HEADER_KIND))
		for (unsigned bar = 0; bar < PCI_BARS; bar++)
			set_bar(d, function, bar, next);
	driver_config_write(d, function, PCI_COMMAND, PCI_COMMAND_ALL, 2);
}

/* -- Interrupts */

static void set_controllers(struct driver *d)
{
	static const struct {
		uint16_t port;
		uint8_t value;
	} rows[] = {
		{ 0x20, 0x11 }, { 0x21, 0x20 }, { 0x21, 0x04 }, { 0x21, 0x01 }, { 0x21, 0x00 },
		{ 0xa0, 0x11 }, { 0xa1, 0x28 }, { 0xa1, 0x02 }, { 0xa1, 0x01 }, { 0xa1, 0x00 },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		d->ports->port_write(d->host, rows[i].port, rows[i].value, 1);
	for (unsigned pin = 0; pin < 4; pin++) /* to inputs 10 and 11 */
		driver_config_write(d, ISA_BRIDGE, PIRQ_ROUTE + pin, 10 + pin % 2, 1);
}

/* -- All */

/* Small numbers are as frequent as great ones: many are addresses within the memory. */
static void fill_memory(struct driver *d)
{
	uint64_t length = d->phys->ram_size(d->host);
	uint32_t *words = (uint32_t *)d->phys->ram_base(d->host);

	length = length < 0x80000 ? length : 0x80000; /* conventional memory */
	for (uint64_t i = 0; i < length / sizeof(*words); i++) {
		uint64_t random = driver_random(d);

		words[i] = (uint32_t)random >> (random >> 32 & 31);
	}
}

void driver_set_up(struct driver *d)
{
	struct addresses next = { FIRST_PORT, FIRST_MEMORY };
	struct tsr_error error;

	if (!d->is_powered)
		fill_memory(d);
	d->is_powered = d->is_set_up = true;
	driver_read_places(d, &error); /* attach has seen that it can */
	set_controllers(d);
	for (unsigned i = 0; i < d->function_count; i++)
		set_function(d, d->functions[i], &next);
}

static bool read_place(struct driver *d, const char *word)
{
	unsigned long long base, length;
	unsigned device, function;
	int used = 0;

	if (sscanf(word, "ports:%lli:%lli%n", (long long *)&base, (long long *)&length, &used) == 2)
		add_place(d, true, base, length);
	else if (sscanf(word, "memory:%lli:%lli%n", (long long *)&base, (long long *)&length,
			&used) == 2)
		add_place(d, false, base, length);
	else if (sscanf(word, "pci:%x.%x%n", &device, &function, &used) == 2 && device < 32 &&
		 function < 8 && d->function_count < DRIVER_PLACES)
		d->functions[d->function_count++] = device << 3 | function;
	return used && !word[used];
}

bool driver_read_places(struct driver *d, struct tsr_error *error)
{
	char *text = strdup(d->properties->get_string(d->host, "places")), *rest = text, *word;
	bool good = text;

	d->place_count = d->function_count = 0;
	while (good && (word = strsep(&rest, " ")))
		good = !*word || read_place(d, word) ||
		       tsr_error_set(error, TSR_ERROR_INVALID, "places: \"%s\" is no place", word);
	free(text);
	return good;
}
