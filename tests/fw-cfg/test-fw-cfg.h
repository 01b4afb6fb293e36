/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps shared by the suites of this program. */
#ifndef TEST_FW_CFG_H
#define TEST_FW_CFG_H

#include <CUnit/Basic.h>

#include <fake-host.h>

#include "items.h"

#define ROW(test) \
	{ \
#test, test \
	}

extern CU_TestInfo linux_tests[], acpi_tests[], pir_tests[], smbios_tests[], bounds_tests[];

void *start_with(const struct fake_row *rows);
void select_key(uint16_t key);
uint64_t read_le(unsigned width);
/* The number of a file in the directory, its length in *length; 0: not there. */
uint16_t find_file(const char *name, uint32_t *length);
/* Reads an item through DMA to `to`; false: the device reported an error. */
bool dma_item(uint16_t key, tsr_gpa to, uint32_t length);
/* Does what the table loader's script says; etc/pir comes to PIR_AT. */
void run_script(void);
uint8_t fake_sum(tsr_gpa at, uint32_t length);

#define PIR_AT 0xf1000u

#endif
