/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Direct boot of a Linux kernel (the kernel's Documentation/arch/x86/boot.rst). */
#ifndef FW_CFG_LINUX_H
#define FW_CFG_LINUX_H

#include "items.h"

#define LINUX_ROM_NAME "genroms/tessera-linux.bin"

struct linux_boot {
	const char *kernel; /* path; "" : no direct boot */
	const char *initrd; /* path or "" */
	const char *append;
	uint64_t ram; /* bytes below 4 GiB */
};

/* Checks and adds kernel, initial RAM disk, command line and the option ROM that starts them. */
bool linux_add(struct fw_cfg_items *items, const struct linux_boot *boot, struct tsr_error *error);

#endif
