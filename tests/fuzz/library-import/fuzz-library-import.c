/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any bytes as what a user drops onto the library: the ends of a disk image, a .vmx, an .ovf. Each
 * is refused with a message, or read. A disk image that is taken names nothing outside of its
 * folder.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/disk-file.h"
#include "model/ovf.h"
#include "model/text.h"
#include "model/vmx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Of the library, whose object files are not here. */
GQuark tsr_library_error_quark(void)
{
	return g_quark_from_static_string("fuzz");
}

static void expect(gboolean holds)
{
	if (!holds)
		abort();
}

static void read_disk(const uint8_t *data, size_t size)
{
	const struct tsr_disk_ends ends = {
		.head = data,
		.length = MIN(size, TSR_DISK_HEAD_BYTES),
		.tail = size < TSR_DISK_TAIL_BYTES ? NULL : data + size - TSR_DISK_TAIL_BYTES,
		.bytes = size,
	};
	struct tsr_disk_file disk = { 0 };
	g_autoptr(GError) error = NULL;
	const gboolean done = tsr_disk_file_parse(&ends, "input", &disk, &error);

	expect(done == !error);
	for (guint i = 0; done && i < disk.extents->len; i++) {
		const struct tsr_disk_extent *extent = disk.extents->pdata[i];

		expect(*extent->name && !strpbrk(extent->name, "/:\\") && *extent->name != '.');
	}
	expect(!done || disk.bytes <= G_MAXINT64);
	tsr_disk_file_clear(&disk);
}

typedef struct tsr_foreign *Parser(const char *text, gsize length, const char *name,
				   GError **error);

static void read_machine(Parser *parse, const uint8_t *data, size_t size)
{
	g_autoptr(GError) error = NULL;
	struct tsr_foreign *foreign = parse((const char *)data, size, "input", &error);

	expect(!foreign == !!error);
	expect(!foreign || foreign->disks->len <= TSR_FOREIGN_ITEMS_MAX);
	tsr_foreign_free(foreign);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_disk(data, size);
	read_machine(tsr_vmx_parse, data, size);
	read_machine(tsr_ovf_parse, data, size);
	return 0;
}

/* Good ones to start from. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const struct {
		const char *name, *text;
	} good[] = {
		{ "good.vmx",
		  "config.version=\"8\"\nmemsize=\"64\"\nide0:0.present=\"TRUE\"\n"
		  "ide0:0.fileName=\"a.vmdk\"\nguestOS=\"x-64\"\ndisplayName=\"|41\"\n" },
		{ "good.vmdk", "# Disk DescriptorFile\nRW 8 FLAT \"a.vmdk\" 0\nRW 8 ZERO\n" },
		{ "good.ovf",
		  "<Envelope xmlns:r=\"y\"><References><File id=\"f\" href=\"a\"/></References>"
		  "<Disk diskId=\"d\" fileRef=\"f\" capacity=\"1\"/><VirtualSystem id=\"v\">"
		  "<Name>n</Name><Item><r:ResourceType>4</r:ResourceType><r:VirtualQuantity>9"
		  "</r:VirtualQuantity><r:AllocationUnits>byte * 2^20</r:AllocationUnits></Item>"
		  "<Item><r:ResourceType>17</r:ResourceType><r:HostResource>ovf:/disk/d"
		  "</r:HostResource></Item></VirtualSystem></Envelope>" },
	};
	const char *folder = *argc > 1 ? (*argv)[*argc - 1] : "";

	for (guint i = 0; g_file_test(folder, G_FILE_TEST_IS_DIR) && i < G_N_ELEMENTS(good); i++) {
		g_autofree char *path = g_build_filename(folder, good[i].name, NULL);

		g_file_set_contents(path, good[i].text, -1, NULL);
	}
	return 0;
}
