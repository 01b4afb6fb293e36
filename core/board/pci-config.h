/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A function's configuration space, as its own plugin reads and sets it: functions of struct
 * tsr_pci. */
#ifndef TSR_BOARD_PCI_CONFIG_H
#define TSR_BOARD_PCI_CONFIG_H

#include <tessera/pci.h>

uint8_t *tsr_pci_function_config(struct tsr_pci_function *f);
uint8_t *tsr_pci_function_write_mask(struct tsr_pci_function *f);
uint8_t *tsr_pci_function_clear_mask(struct tsr_pci_function *f);
uint32_t tsr_pci_function_config_get(struct tsr_pci_function *f, unsigned offset, unsigned width);
void tsr_pci_function_config_set(struct tsr_pci_function *f, unsigned offset, unsigned width,
				 uint32_t value);
void tsr_pci_function_config_bits(struct tsr_pci_function *f, unsigned offset, unsigned width,
				  uint32_t writable, uint32_t cleared);
bool tsr_pci_function_add_capability(struct tsr_pci_function *f, uint8_t id, unsigned length,
				     unsigned *offset, struct tsr_error *error);

/* -- For the core [locked] */

/* As many of these bytes as there are. */
uint32_t tsr_pci_function_get(const struct tsr_pci_function *f, unsigned offset, unsigned width);
/* For isolated devices: its 256 bytes, those that the guest can write, and those that it clears. */
void tsr_pci_function_get_pointers(struct tsr_pci_function *f, uint8_t *out[3]);

#endif
