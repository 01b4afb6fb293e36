/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine as another program describes it, as far as one of Tessera can be made of it. */
#ifndef TSR_LIBRARY_FOREIGN_H
#define TSR_LIBRARY_FOREIGN_H

#include <glib.h>

struct tsr_foreign_disk {
	char *name;    /* of its file, as the description has it; NULL: it is empty */
	guint64 bytes; /* of an empty one */
};

struct tsr_foreign {
	char *title;      /* as written; NULL: none */
	guint memory_mib; /* 0: it says nothing */
	gboolean has_network;
	gboolean is_64_bit; /* the guest */
	gboolean has_efi;
	GPtrArray *disks; /* struct tsr_foreign_disk *, in the order of their controllers */
};

struct tsr_foreign *tsr_foreign_new(void);
void tsr_foreign_free(struct tsr_foreign *foreign);
/* Takes name. */
void tsr_foreign_add_disk(struct tsr_foreign *foreign, char *name, guint64 bytes);

/* What a description names at most, of anything. */
#define TSR_FOREIGN_ITEMS_MAX 1024

#endif
