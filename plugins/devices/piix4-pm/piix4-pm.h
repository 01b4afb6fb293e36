/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of the 82371AB's function 3 (Intel 290562, chapter 7): ACPI registers, SMBus host,
 * and the function itself. */
#ifndef PIIX4_PM_H
#define PIIX4_PM_H

#include <tessera/tessera.h>

enum { PM_LENGTH = 64, SMBUS_LENGTH = 16 };

/* The register block at PMBA: PM1 event and control, PM timer, GPE0, and what is storage. */
struct pm {
	const struct tsr_clock *clock;
	const struct tsr_machine_table *machine;
	const struct tsr_host *host;
	struct tsr_timer *overflow;
	void (*update_sci)(void *user); /* after any change of pm_sci */
	void *user;
	uint16_t status, enable, control; /* PMSTS, PMEN, PMCNTRL */
	uint64_t halves_seen;             /* changes of the timer's bit 23 that are in status */
	uint16_t gp_status, gp_enable;    /* GPSTS, GPEN */
	uint8_t storage[PM_LENGTH];       /* all other registers */
};

void pm_init(struct pm *pm, const struct tsr_host *host, void (*update_sci)(void *user),
	     void *user);
void pm_reset(struct pm *pm);
bool pm_sci(const struct pm *pm);
void pm_enable_acpi(struct pm *pm, bool enabled); /* what firmware does at the APM control port */
void pm_press_power_button(struct pm *pm);
void pm_save(const struct pm *pm, struct tsr_state_writer *out);
bool pm_load(struct pm *pm, struct tsr_state_reader *in);
extern const struct tsr_io_ops pm_io_ops; /* self: struct pm */

/* The SMBus host controller, on a bus without devices. */
struct smbus {
	void (*update_irq)(void *user);
	void *user;
	uint8_t registers[SMBUS_LENGTH];
	uint8_t block_index; /* of the next byte at SMBBLKDAT */
	uint8_t block[32];
};

void smbus_reset(struct smbus *bus);
bool smbus_irq(const struct smbus *bus);
void smbus_save(const struct smbus *bus, struct tsr_state_writer *out);
bool smbus_load(struct smbus *bus, struct tsr_state_reader *in);
extern const struct tsr_io_ops smbus_io_ops; /* self: struct smbus */

#endif
