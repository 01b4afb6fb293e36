/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the calls share: arguments, results, and the functions that calls.c has in its
 * table only. */
#ifndef CALLS_PRIVATE_H
#define CALLS_PRIVATE_H

#include "script.h"

/* -- Arguments and results. Those that return a bool: false with an error. */

/* code: enum tsr_error_code, or one of JavaScript's. */
bool call_fail(struct tsr_error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool call_give_number(struct script_value *result, uint64_t number);
bool call_give_truth(struct script_value *result, bool truth);
/* The bytes stay the core's. */
bool call_give_memory(struct script_value *result, const uint8_t *bytes, uint64_t length);
/* A result of so many bytes, which the caller fills in. */
bool call_allocate(struct script_value *result, uint64_t length, const char *what,
		   struct tsr_error *error);
uint64_t call_number(const struct script_value *value, uint64_t otherwise);
/* A number of the host's own type, such as the width mask; false: it does not fit. */
bool call_take_small(const struct script_value *value, unsigned *small, const char *what,
		     struct tsr_error *error);
/* A new thing for an object of the script, whose number is the result. NULL: no memory. */
struct thing *call_add_thing(struct device *d, struct script_value *result);
/* NULL with an error. */
struct thing *call_find_thing(struct device *d, const struct script_value *value, int kind,
			      struct tsr_error *error);
/* A hook with the functions of `count` arguments. NULL with an error. */
struct script_hook *call_add_hook(struct device *d, const struct script_value *arguments,
				  unsigned count, struct tsr_error *error);
/* DMA of an address and a length. The result is nothing if there is no memory. */
bool call_read_memory(struct device *d, const struct tsr_host *host, const struct script_value *a,
		      struct script_value *result, struct tsr_error *error);

/* -- Functions of the table */

#define CALL_FUNCTION(name) \
	bool name(struct device *d, const struct script_value *a, struct script_value *result, \
		  struct tsr_error *error)
CALL_FUNCTION(call_pci_add);
CALL_FUNCTION(call_pci_bar_io);
CALL_FUNCTION(call_pci_bar_mmio);
CALL_FUNCTION(call_pci_bar_memory);
CALL_FUNCTION(call_pci_rom);
CALL_FUNCTION(call_pci_set_intx);
CALL_FUNCTION(call_pci_reset_function);
CALL_FUNCTION(call_pci_address);
CALL_FUNCTION(call_pci_config_get);
CALL_FUNCTION(call_pci_config_set);
CALL_FUNCTION(call_pci_config_bits);
CALL_FUNCTION(call_pci_add_capability);
CALL_FUNCTION(call_pci_function_dma_read);
CALL_FUNCTION(call_pci_function_dma_write);

#endif
