/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See shadow-rig.h. */
#include "shadow-rig.h"

#include <string.h>

void *self;
const struct tsr_mmu *mmu;
const struct tsr_phys_listener *notices;
struct tsr_mmu_vcpu *vcpu;
struct tsr_mmu_context context;
struct tsr_mmu_result result;
struct heard heard;
struct tsr_mmu_exact exact;

static void on_code_written(void *to, tsr_gpa gpa, uint32_t length)
{
	heard.code++;
	heard.gpa = gpa;
	heard.length = length;
}

static void on_code_unmapped(void *to, tsr_gpa gpa, uint64_t length)
{
	heard.unmapped++;
}

static void on_tags_changed(void *to)
{
	heard.tags++;
}

const struct tsr_mmu_listener listener = {
	.size = sizeof(listener),
	.code_written = on_code_written,
	.code_unmapped = on_code_unmapped,
	.tags_changed = on_tags_changed,
	.exact = &exact,
};

void set_cr3(uint32_t cr3)
{
	context.cr3 = cr3;
	mmu->set_context(self, vcpu, &context);
}

void start(void)
{
	memory_start();
	memset(&heard, 0, sizeof(heard));
	self = fake_device_new(NULL, "mmu-shadow", NULL);
	mmu = fake_device_interface(self, TSR_MMU);
	notices = fake_device_interface(self, TSR_PHYS_LISTENER);
	vcpu = mmu->create(self, &listener);
	*memory_word(PD) = PT | P_RW_US_A_D;
	*memory_word(PD2) = PT2 | P_RW_US_A_D;
	*memory_word(PD + KERNEL / 0x400000 * 4) = *memory_word(PD2 + KERNEL / 0x400000 * 4) =
		KERNEL_PT | 0x23;
	for (unsigned i = 0; i < 1024; i++) {
		*memory_word(PT + i * 4) = (DATA + i * 4096) | P_RW_US_A_D;
		*memory_word(PT2 + i * 4) = (DATA + i * 4096) | P_RW_US_A_D;
		*memory_word(KERNEL_PT + i * 4) = (DATA + i * 4096) | 0x63;
	}
	context = (struct tsr_mmu_context){ .cr0 = TSR_CR0_PE | TSR_CR0_PG | TSR_CR0_WP,
					    .cr4 = TSR_CR4_PSE };
	set_cr3(PD);
}

void finish(void)
{
	mmu->destroy(self, vcpu);
	fake_finish();
}

enum tsr_mmu_kind fill(enum tsr_mmu_view view, tsr_gla gla, enum tsr_mmu_access access)
{
	return mmu->fill(self, vcpu, view, gla, access, &result);
}

uint64_t entry(enum tsr_mmu_view view, bool write, tsr_gla gla)
{
	const struct tsr_mmu_layout *l = mmu->layout(self);

	return ((uint64_t *)(vcpu->base[view] +
			     (write ? l->write_table : l->read_table)))[gla >> 12];
}

/* A guest's store to a traced page. */
void poke(tsr_gpa gpa, uint32_t value)
{
	*memory_word(gpa) = value;
	mmu->written(self, gpa, 4);
}

uint8_t byte_of(enum tsr_mmu_view view, bool write, tsr_gla gla)
{
	const struct tsr_mmu_layout *l = mmu->layout(self);

	return vcpu->base[view][(write ? l->write_valid : l->read_valid) + (gla >> 12)];
}

bool promote(enum tsr_mmu_view view, tsr_gla gla, enum tsr_mmu_access access)
{
	return mmu->promote(self, vcpu, view, gla, access);
}
