/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptions of machines by other programs: what is taken of them, and damaged ones. */
#include <string.h>

#include "folder-rig.h"
#include "model/ovf.h"
#include "model/vmx.h"
#include "unit.h"

#define MANY 1100

static const char vmx[] = "#!/usr/bin/vmware\r\n"
			  ".encoding = \"UTF-8\"\r\n"
			  "config.version = \"8\"\r\n"
			  "displayName = \"Old |22PC|22\"\r\n"
			  "memsize = \"384\"\r\n"
			  "guestOS = \"winxppro\"\r\n"
			  "scsi0:0.present = \"TRUE\"\r\n"
			  "scsi0:0.fileName = \"second.vmdk\"\r\n"
			  "ide0:0.present = \"TRUE\"\r\n"
			  "IDE0:0.fileName = \"first disk.vmdk\"\r\n"
			  "ide0:1.present = \"FALSE\"\r\n"
			  "ide0:1.fileName = \"gone.vmdk\"\r\n"
			  "ide1:0.present = \"TRUE\"\r\n"
			  "ide1:0.fileName = \"tools.iso\"\r\n"
			  "ide1:0.deviceType = \"cdrom-image\"\r\n"
			  "ethernet0.present = \"TRUE\"\r\n";

static const char ovf[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	"<Envelope xmlns=\"http://schemas.dmtf.org/ovf/envelope/1\" xmlns:ovf=\"x\" "
	"xmlns:rasd=\"y\">\n"
	"<References><File ovf:id=\"file1\" ovf:href=\"a-disk1.vmdk\"/></References>\n"
	"<DiskSection><Info>x</Info>"
	"<Disk ovf:diskId=\"vmdisk1\" ovf:fileRef=\"file1\" ovf:capacity=\"8\" "
	"ovf:capacityAllocationUnits=\"byte * 2^30\"/>"
	"<Disk ovf:diskId=\"vmdisk2\" ovf:capacity=\"3\" "
	"ovf:capacityAllocationUnits=\"byte * 2^20\"/></DiskSection>\n"
	"<VirtualSystem ovf:id=\"vm\"><Info>A machine</Info><Name> Web &amp; mail </Name>\n"
	"<OperatingSystemSection ovf:id=\"93\" vmw:osType=\"%s\"><Info>x</Info>"
	"</OperatingSystemSection>\n"
	"<VirtualHardwareSection><Info/><System><vssd:ElementName>x</vssd:ElementName></System>\n"
	"<Item><rasd:AllocationUnits>%s</rasd:AllocationUnits><rasd:InstanceID>2</rasd:InstanceID>"
	"<rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>%s</rasd:VirtualQuantity>"
	"</Item>\n"
	"<Item><rasd:HostResource>ovf:/disk/vmdisk1</rasd:HostResource>"
	"<rasd:ResourceType>17</rasd:ResourceType></Item>\n"
	"<Item><rasd:HostResource>ovf:/disk/vmdisk2</rasd:HostResource>"
	"<rasd:ResourceType>17</rasd:ResourceType></Item>\n"
	"<Item><rasd:ResourceType>10</rasd:ResourceType></Item>\n"
	"</VirtualHardwareSection></VirtualSystem></Envelope>\n";

static const struct tsr_foreign_disk *disk(const struct tsr_foreign *foreign, guint i)
{
	return foreign->disks->pdata[i];
}

static void a_vmx_is_read(void)
{
	struct tsr_foreign *foreign = tsr_vmx_parse(vmx, strlen(vmx), "a.vmx", NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(foreign);
	CU_ASSERT_STRING_EQUAL(foreign->title, "Old \"PC\"");
	CU_ASSERT_EQUAL(foreign->memory_mib, 384);
	CU_ASSERT_TRUE(foreign->has_network);
	CU_ASSERT_FALSE(foreign->is_64_bit || foreign->has_efi);
	CU_ASSERT_EQUAL_FATAL(foreign->disks->len, 2);
	CU_ASSERT_STRING_EQUAL(disk(foreign, 0)->name, "first disk.vmdk");
	CU_ASSERT_STRING_EQUAL(disk(foreign, 1)->name, "second.vmdk");
	tsr_foreign_free(foreign);
}

static void a_vmx_for_64_bits_is_known(void)
{
	static const char text[] = "virtualHW.version=\"10\"\nguestOS = \"debian10-64\"\n"
				   "firmware = \"EFI\"\nmemsize=\"99999999999999\"\n";
	struct tsr_foreign *foreign = tsr_vmx_parse(text, strlen(text), "a.vmx", NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(foreign);
	CU_ASSERT_TRUE(foreign->is_64_bit && foreign->has_efi);
	CU_ASSERT_EQUAL(foreign->memory_mib, G_MAXUINT);
	CU_ASSERT_PTR_NULL(foreign->title);
	CU_ASSERT_EQUAL(foreign->disks->len, 0);
	tsr_foreign_free(foreign);
}

static void what_is_no_vmx_is_refused(void)
{
	static const char *const texts[] = { "", "\xff\xfe\0\1", "x = \"", "memsize = \"12\"\n" };

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GError) why = NULL;

		CU_ASSERT_PTR_NULL(tsr_vmx_parse(texts[i], strlen(texts[i]), "a.vmx", &why));
		CU_ASSERT(why && strstr(why->message, "“a.vmx” is damaged, or not"));
	}
}

static void an_ovf_is_read(void)
{
	static const struct {
		const char *units, *count, *os;
		guint mib;
	} rows[] = {
		{ "byte * 2^20", "256", "otherGuest", 256 },
		{ "MegaBytes", "256", "debian4Guest", 256 },
		{ "", "64", "debian10_64Guest", 64 },
		{ "byte * 2^30", "2", "", 2048 },
		{ "GigaBytes", "1", "", 1024 },
		{ "byte", "1048576", "", 1 },
		{ "parsecs", "5", "", 0 },
		{ "byte * 2^62", "99999999999", "", 0 },
		{ "byte * 2^20", "99999999999", "", G_MAXUINT },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text =
			g_strdup_printf(ovf, rows[i].os, rows[i].units, rows[i].count);
		struct tsr_foreign *foreign = tsr_ovf_parse(text, strlen(text), "a.ovf", NULL);

		CU_ASSERT_PTR_NOT_NULL_FATAL(foreign);
		CU_ASSERT_STRING_EQUAL(foreign->title, "Web & mail");
		CU_ASSERT_EQUAL(foreign->memory_mib, rows[i].mib);
		CU_ASSERT_EQUAL(foreign->is_64_bit, strstr(rows[i].os, "_64") != NULL);
		CU_ASSERT_TRUE(foreign->has_network);
		CU_ASSERT_EQUAL_FATAL(foreign->disks->len, 2);
		CU_ASSERT_STRING_EQUAL(disk(foreign, 0)->name, "a-disk1.vmdk");
		CU_ASSERT_PTR_NULL(disk(foreign, 1)->name);
		CU_ASSERT_EQUAL(disk(foreign, 1)->bytes, 3 << 20);
		tsr_foreign_free(foreign);
	}
}

/* The text `from` of a good one is replaced. */
static void refused(const char *from, const char *to, const char *says)
{
	g_autofree char *whole = g_strdup_printf(ovf, "x", "byte", "1");
	g_autoptr(GString) text = g_string_new(whole);
	g_autoptr(GError) why = NULL;

	CU_ASSERT(g_string_replace(text, from, to, 1) == 1);
	CU_ASSERT_PTR_NULL(tsr_ovf_parse(text->str, text->len, "a.ovf", &why));
	CU_ASSERT(why && g_str_has_prefix(why->message, "“a.ovf” ") && strstr(why->message, says));
}

static void virtualbox_names_the_system_in_an_element(void)
{
	static const char text[] = "<Envelope><VirtualSystem ovf:id=\"Web\">"
				   "<OperatingSystemSection ovf:id=\"96\">"
				   "<vbox:OSType ovf:required=\"false\">Debian_64</vbox:OSType>"
				   "</OperatingSystemSection></VirtualSystem></Envelope>";
	struct tsr_foreign *foreign = tsr_ovf_parse(text, strlen(text), "a.ovf", NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(foreign);
	CU_ASSERT_TRUE(foreign->is_64_bit);
	CU_ASSERT_STRING_EQUAL(foreign->title, "Web");
	tsr_foreign_free(foreign);
}

/* -- Whole descriptions, as those programs write them (foreign/) */

static const struct {
	const char *file, *title;
	guint mib;
	gboolean has_network, is_64_bit, has_efi;
	const char *disks[3];
} samples[] = {
	{ "workstation-5.vmx",
	  "Windows 2000 \"Office\"",
	  256,
	  TRUE,
	  FALSE,
	  FALSE,
	  { "Windows 2000 Professional.vmdk" } },
	{ "workstation-6.vmx",
	  "Büro",
	  512,
	  FALSE,
	  FALSE,
	  FALSE,
	  { "Büro.vmdk", "Büro-Daten.vmdk" } },
	{ "workstation-12.vmx",
	  "Débian 8",
	  1024,
	  TRUE,
	  FALSE,
	  FALSE,
	  { "data/Données.vmdk", "Debian 8.x.vmdk" } },
	{ "workstation-17.vmx",
	  "Windows 11 x64",
	  4096,
	  TRUE,
	  TRUE,
	  TRUE,
	  { "Windows 11 x64.vmdk" } },
	{ "virtualbox-1.0.ovf", "Debian box", 512, TRUE, FALSE, FALSE, { "box-disk001.vmdk" } },
	{ "virtualbox-2.0.ovf", "Debian 64", 1024, TRUE, TRUE, TRUE, { "box-disk001.vmdk" } },
	{ "vmware-1.1.ovf", "Web & mail", 768, TRUE, FALSE, FALSE, { "web-disk1.vmdk", "" } },
};

static struct tsr_foreign *read_sample(const char *name, GError **error)
{
	g_autofree char *path = g_build_filename(SAMPLES, name, NULL), *text = NULL;
	gsize length;

	CU_ASSERT_FATAL(g_file_get_contents(path, &text, &length, NULL));
	return g_str_has_suffix(name, ".vmx") ? tsr_vmx_parse(text, length, name, error)
					      : tsr_ovf_parse(text, length, name, error);
}

static void whole_descriptions_are_read(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(samples); i++) {
		g_autoptr(GError) why = NULL;
		struct tsr_foreign *foreign = read_sample(samples[i].file, &why);
		guint count = 0;

		if (!foreign)
			g_printerr("%s\n", why->message);
		CU_ASSERT_PTR_NOT_NULL_FATAL(foreign);
		CU_ASSERT_STRING_EQUAL(foreign->title, samples[i].title);
		CU_ASSERT_EQUAL(foreign->memory_mib, samples[i].mib);
		CU_ASSERT_EQUAL(foreign->has_network, samples[i].has_network);
		CU_ASSERT_EQUAL(foreign->is_64_bit, samples[i].is_64_bit);
		CU_ASSERT_EQUAL(foreign->has_efi, samples[i].has_efi);
		for (; samples[i].disks[count]; count++)
			if (count < foreign->disks->len)
				CU_ASSERT_STRING_EQUAL(disk(foreign, count)->name
							       ? disk(foreign, count)->name
							       : "",
						       samples[i].disks[count]);
		CU_ASSERT_EQUAL(foreign->disks->len, count);
		tsr_foreign_free(foreign);
	}
}

static void an_encrypted_vmx_says_so(void)
{
	g_autoptr(GError) why = NULL;

	CU_ASSERT_PTR_NULL(read_sample("encrypted.vmx", &why));
	CU_ASSERT(why && strstr(why->message, "“encrypted.vmx” is encrypted"));
}

static void an_unknown_encoding_is_no_obstacle(void)
{
	static const char text[] = ".encoding = \"klingon\"\nconfig.version = \"8\"\n"
				   "displayName = \"B\xfcro\"\n";
	struct tsr_foreign *foreign = tsr_vmx_parse(text, strlen(text), "a.vmx", NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(foreign);
	CU_ASSERT_STRING_EQUAL(foreign->title, "B\xef\xbf\xbdro");
	tsr_foreign_free(foreign);
}

static void bad_ovfs_are_refused(void)
{
	refused("</Envelope>", "", "is damaged");
	refused("<Name>", "<Nam", "is damaged");
	refused("file1\" ovf:href", "file2\" ovf:href", "lacks one of its disks");
	refused("ovf:/disk/vmdisk2", "ovf:/disk/none", "lacks one of its disks");
	refused("ovf:/disk/vmdisk2", "ovf:/file/none", "lacks one of its disks");
	refused("ovf:/disk/vmdisk2", "nothing", "lacks one of its disks");
	refused("ovf:href", "ovf:compression=\"gzip\" ovf:href", "compressed as a file");
	refused("ovf:fileRef", "ovf:parentRef=\"p\" ovf:fileRef", "a layer above another");
	refused("</Envelope>", "<VirtualSystem ovf:id=\"b\"/></Envelope>", "several machines");
}

static void an_ovf_without_end_is_refused(void)
{
	g_autoptr(GString) text = g_string_new("<Envelope>");
	g_autoptr(GError) many = NULL;
	g_autoptr(GError) none = NULL;

	for (guint i = 0; i < MANY; i++)
		g_string_append(text, "<Disk diskId=\"a\"/>");
	g_string_append(text, "<VirtualSystem/></Envelope>");
	CU_ASSERT_PTR_NULL(tsr_ovf_parse(text->str, text->len, "a.ovf", &many));
	CU_ASSERT(many && strstr(many->message, "more than a machine can have"));
	CU_ASSERT_PTR_NULL(tsr_ovf_parse("<x/>", 4, "a.ovf", &none));
	CU_ASSERT(none && strstr(none->message, "does not describe a machine"));
}

int main(int argc, char **argv)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(a_vmx_is_read),
		UNIT_ROW(a_vmx_for_64_bits_is_known),
		UNIT_ROW(what_is_no_vmx_is_refused),
		UNIT_ROW(an_ovf_is_read),
		UNIT_ROW(virtualbox_names_the_system_in_an_element),
		UNIT_ROW(whole_descriptions_are_read),
		UNIT_ROW(an_encrypted_vmx_says_so),
		UNIT_ROW(an_unknown_encoding_is_no_obstacle),
		UNIT_ROW(bad_ovfs_are_refused),
		UNIT_ROW(an_ovf_without_end_is_refused),
		CU_TEST_INFO_NULL,
	};
	int status;

	rig_begin(argc, argv);
	status = unit_run("library-foreign", tests);
	rig_end();
	return status;
}
