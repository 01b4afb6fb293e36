/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest physical memory for tests of MMUs: 16 MiB of RAM, a video window, a ROM, and a plain page
 * walker. */
#ifndef MEMORY_H
#define MEMORY_H

#include <fake-host.h>
#include <tessera/draft/mmu.h>

#define VIDEO 0xa0000u /* one page, dirty-logged, can be switched off */
#define ROM 0xf0000u   /* one page, can be replaced by RAM (PAM) */
#define NOWHERE 0xe0000000u

extern uint8_t *memory_ram;
extern uint8_t memory_video[2][TSR_PAGE_SIZE] __attribute__((aligned(4096)));
extern uint8_t memory_rom[TSR_PAGE_SIZE] __attribute__((aligned(4096)));
extern int memory_video_bank; /* -1: MMIO */
extern bool memory_rom_is_ram;
extern unsigned memory_dirty_marks;

void memory_start(void); /* fake_start and the table tessera.phys/1 */
void memory_lookup(const struct tsr_host *host, tsr_gpa gpa, struct tsr_phys_page *page);

static inline uint32_t *memory_word(tsr_gpa gpa)
{
	return (uint32_t *)(memory_ram + gpa);
}

/* What the manual says about an access: nothing of this is shared with the plugin. */
struct reference {
	bool fault;
	uint32_t error_code;
	tsr_gpa gpa;          /* of the byte */
	tsr_gpa tables[2];    /* addresses of the entries used: directory, table (0: large page) */
	bool accessed, dirty; /* A set at all levels; D at the leaf */
};
void reference_walk(const struct tsr_mmu_context *context, enum tsr_mmu_view view, tsr_gla gla,
		    enum tsr_mmu_access access, struct reference *r);

#endif
