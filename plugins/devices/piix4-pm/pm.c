/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The power management registers at PMBA (Intel 290562, 7.2; ACPI 1.0b, 4.7). All byte handlers:
 * wider accesses are put together from them, the timer's dword from one reading.
 */
#include <string.h>

#include "piix4-pm.h"

enum {
	PMSTS = 0x00,
	PMEN = 0x02,
	PMCNTRL = 0x04,
	PMTMR = 0x08,
	GPSTS = 0x0c,
	GPEN = 0x0e,
	GLBSTS = 0x18,
	DEVSTS = 0x1c,
	GPIREG = 0x30,
	GPOREG = 0x34,
};
enum {
	TMROF = 1 << 0,
	GBL = 1 << 5,
	PWRBTN = 1 << 8,
	RTC = 1 << 10,
	STATUS_CLEARABLE = 0x8d31,
	ENABLE_WRITABLE = 0x0521,
	SCI_SOURCES = TMROF | GBL | PWRBTN | RTC,
	SCI_EN = 1 << 0,
	CONTROL_WRITABLE = 0x3c03,
	SUS_TYP_SHIFT = 10,
	SUS_EN = 1 << 13,
	SUS_TYP_SOFF = 0, /* S5 */
	GP_BITS = 0x0fff,
};
#define PM_TIMER_HZ 3579545u
#define PM_TIMER_MASK 0xffffffu
#define PM_TIMER_HALF 0x800000u /* TMROF_STS: bit 23 changed */
#define NS_PER_S 1000000000u

/* -- The timer */

static uint64_t timer_ticks(const struct pm *pm)
{
	return tsr_muldiv(pm->clock->now(pm->host), PM_TIMER_HZ, NS_PER_S);
}

/* The first nanosecond at which timer_ticks has reached `ticks`. */
static uint64_t timer_ns(uint64_t ticks)
{
	return tsr_muldiv(ticks, NS_PER_S, PM_TIMER_HZ) + 1;
}

/* Counts the changes of bit 23. */
static uint64_t timer_halves(const struct pm *pm)
{
	return timer_ticks(pm) / PM_TIMER_HALF;
}

/* PMSTS at this moment. TMROF_STS follows bit 23 also while no interrupt is enabled
 * (ACPI 1.0b, 4.7.3.1.1). */
static uint16_t status_now(const struct pm *pm)
{
	return pm->status | (timer_halves(pm) != pm->halves_seen ? TMROF : 0);
}

static void status_update(struct pm *pm)
{
	pm->status = status_now(pm);
	pm->halves_seen = timer_halves(pm);
}

/* The host is woken only for an interrupt; without one, reading PMSTS finds out what has happened.
 */
static void timer_arm(struct pm *pm)
{
	if (pm->enable & TMROF)
		pm->clock->arm(pm->overflow, timer_ns((timer_halves(pm) + 1) * PM_TIMER_HALF));
	else
		pm->clock->cancel(pm->overflow);
}

static void on_timer_overflow(void *self, uint64_t deadline_ns)
{
	struct pm *pm = self;

	status_update(pm);
	timer_arm(pm);
	pm->update_sci(pm->user);
}

/* -- Registers */

static void control_written(struct pm *pm)
{
	if (!(pm->control & SUS_EN))
		return;
	pm->control &= (uint16_t)~SUS_EN; /* write-only */
	if ((pm->control >> SUS_TYP_SHIFT & 7) == SUS_TYP_SOFF)
		pm->machine->power_off(pm->host);
}

static uint16_t *word_register(struct pm *pm, unsigned offset)
{
	switch (offset & ~1u) {
	case PMSTS:
		return &pm->status;
	case PMEN:
		return &pm->enable;
	case PMCNTRL:
		return &pm->control;
	case GPSTS:
		return &pm->gp_status;
	case GPEN:
		return &pm->gp_enable;
	default:
		return NULL;
	}
}

static uint8_t byte_read(struct pm *pm, unsigned offset)
{
	const uint16_t *word = word_register(pm, offset);

	return word ? (uint8_t)(*word >> (8 * (offset & 1))) : pm->storage[offset];
}

/* Writes `value` to the bits of a register that are in `mask`. */
static void word_write(struct pm *pm, unsigned reg, uint16_t value, uint16_t mask)
{
	uint16_t *word = word_register(pm, reg), bits = value & mask;

	switch (reg) {
	case PMSTS:
		*word &= (uint16_t) ~(bits & STATUS_CLEARABLE);
		break;
	case GPSTS:
		*word &= (uint16_t)~bits;
		break;
	case PMEN:
		*word = (uint16_t)((*word & ~mask) | bits) & ENABLE_WRITABLE;
		break;
	case GPEN:
		*word = (uint16_t)((*word & ~mask) | bits) & GP_BITS;
		break;
	case PMCNTRL:
		*word = (uint16_t)((*word & ~mask) | bits) & CONTROL_WRITABLE;
		break;
	}
}

static void storage_write(struct pm *pm, unsigned offset, uint8_t value)
{
	bool read_only =
		(offset >= PMTMR && offset < PMTMR + 4) || (offset >= GPIREG && offset < GPOREG);
	bool clearable = offset == GLBSTS || offset == GLBSTS + 1 ||
			 (offset >= DEVSTS && offset < DEVSTS + 4);

	if (clearable)
		pm->storage[offset] &= (uint8_t)~value;
	else if (!read_only)
		pm->storage[offset] = value;
}

static uint64_t pm_read(void *self, uint64_t offset, unsigned width)
{
	struct pm *pm = self;
	uint64_t value = 0;

	if (offset >= PMTMR && offset < PMTMR + 4)
		return (timer_ticks(pm) & PM_TIMER_MASK) >> (8 * (offset - PMTMR));
	status_update(pm);
	for (unsigned i = 0; i < width && offset + i < PM_LENGTH; i++)
		value |= (uint64_t)byte_read(pm, (unsigned)offset + i) << (8 * i);
	return value;
}

static void pm_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct pm *pm = self;

	status_update(pm);
	for (unsigned i = 0; i < width && offset + i < PM_LENGTH; i++) {
		unsigned at = (unsigned)offset + i, shift = 8 * (at & 1);
		uint8_t byte = (uint8_t)(value >> (8 * i));

		if (word_register(pm, at))
			word_write(pm, at & ~1u, (uint16_t)(byte << shift),
				   (uint16_t)(0xff << shift));
		else
			storage_write(pm, at, byte);
	}
	timer_arm(pm);
	control_written(pm);
	pm->update_sci(pm->user);
}

const struct tsr_io_ops pm_io_ops = {
	.size = sizeof(pm_io_ops),
	.widths = 1 | 2 | 4,
	.read = pm_read,
	.write = pm_write,
};

/* -- Events and life cycle */

bool pm_sci(const struct pm *pm)
{
	return pm->control & SCI_EN &&
	       (pm->status & pm->enable & SCI_SOURCES || pm->gp_status & pm->gp_enable);
}

void pm_enable_acpi(struct pm *pm, bool enabled)
{
	pm->control = (uint16_t)((pm->control & ~SCI_EN) | (enabled ? SCI_EN : 0));
	pm->update_sci(pm->user);
}

void pm_press_power_button(struct pm *pm)
{
	pm->status |= PWRBTN;
	pm->update_sci(pm->user);
}

void pm_init(struct pm *pm, const struct tsr_host *host, void (*update_sci)(void *user), void *user)
{
	pm->host = host;
	pm->clock = host->get(host, TSR_CLOCK);
	pm->machine = host->get(host, TSR_MACHINE);
	pm->overflow = pm->clock->timer_new(host, on_timer_overflow, pm);
	pm->update_sci = update_sci;
	pm->user = user;
}

void pm_reset(struct pm *pm)
{
	pm->status = pm->enable = pm->control = pm->gp_status = pm->gp_enable = 0;
	pm->halves_seen = timer_halves(pm);
	memset(pm->storage, 0, sizeof(pm->storage));
	memcpy(pm->storage + GPOREG, (const uint8_t[]){ 0xff, 0xfb, 0xff, 0x7f }, 4);
	timer_arm(pm);
}

void pm_save(const struct pm *pm, struct tsr_state_writer *out)
{
	tsr_state_put_u16(out, "pmsts", status_now(pm));
	tsr_state_put_u16(out, "pmen", pm->enable);
	tsr_state_put_u16(out, "pmcntrl", pm->control);
	tsr_state_put_u16(out, "gpsts", pm->gp_status);
	tsr_state_put_u16(out, "gpen", pm->gp_enable);
	tsr_state_put_bytes(out, "pm-storage", pm->storage, sizeof(pm->storage));
}

bool pm_load(struct pm *pm, struct tsr_state_reader *in)
{
	if (!tsr_state_get_u16(in, "pmsts", &pm->status) ||
	    !tsr_state_get_u16(in, "pmen", &pm->enable) ||
	    !tsr_state_get_u16(in, "pmcntrl", &pm->control) ||
	    !tsr_state_get_u16(in, "gpsts", &pm->gp_status) ||
	    !tsr_state_get_u16(in, "gpen", &pm->gp_enable) ||
	    !tsr_state_get_bytes(in, "pm-storage", pm->storage, sizeof(pm->storage)))
		return false;
	pm->halves_seen = timer_halves(pm);
	pm->enable &= ENABLE_WRITABLE;
	pm->control &= CONTROL_WRITABLE & ~SUS_EN;
	timer_arm(pm);
	return true;
}
