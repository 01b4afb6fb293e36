/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of ATA: commands, features and register values that disk, CD-ROM and channel share. The
 * bits of the status and error registers are in tessera/draft/ide.h.
 * Source: ATA/ATAPI-6 (T13/1410D), 7 and 8; ATA-3 (X3T13/2008D) for what ends in _OLD.
 */
#ifndef IDE_ATA_H
#define IDE_ATA_H

enum ata_command {
	ATA_DEVICE_RESET = 0x08,
	ATA_RECALIBRATE_OLD = 0x10, /* 10h-1Fh */
	ATA_RECALIBRATE_LAST_OLD = 0x1f,
	ATA_READ_SECTORS = 0x20,
	ATA_READ_SECTORS_NO_RETRY_OLD = 0x21,
	ATA_READ_SECTORS_EXT = 0x24,
	ATA_READ_DMA_EXT = 0x25,
	ATA_READ_MULTIPLE_EXT = 0x29,
	ATA_WRITE_SECTORS = 0x30,
	ATA_WRITE_SECTORS_NO_RETRY_OLD = 0x31,
	ATA_WRITE_SECTORS_EXT = 0x34,
	ATA_WRITE_DMA_EXT = 0x35,
	ATA_WRITE_MULTIPLE_EXT = 0x39,
	ATA_WRITE_VERIFY_OLD = 0x3c,
	ATA_READ_VERIFY_SECTORS = 0x40,
	ATA_READ_VERIFY_SECTORS_NO_RETRY_OLD = 0x41,
	ATA_READ_VERIFY_SECTORS_EXT = 0x42,
	ATA_SEEK = 0x70, /* 70h-7Fh in ATA-3 */
	ATA_SEEK_LAST_OLD = 0x7f,
	ATA_EXECUTE_DEVICE_DIAGNOSTIC = 0x90,
	ATA_INITIALIZE_DEVICE_PARAMETERS_OLD = 0x91,
	ATA_STANDBY_IMMEDIATE_OLD = 0x94,
	ATA_IDLE_IMMEDIATE_OLD = 0x95,
	ATA_STANDBY_OLD = 0x96,
	ATA_IDLE_OLD = 0x97,
	ATA_CHECK_POWER_MODE_OLD = 0x98,
	ATA_SLEEP_OLD = 0x99,
	ATA_PACKET = 0xa0,
	ATA_IDENTIFY_PACKET_DEVICE = 0xa1,
	ATA_READ_MULTIPLE = 0xc4,
	ATA_WRITE_MULTIPLE = 0xc5,
	ATA_SET_MULTIPLE_MODE = 0xc6,
	ATA_READ_DMA = 0xc8,
	ATA_READ_DMA_NO_RETRY_OLD = 0xc9,
	ATA_WRITE_DMA = 0xca,
	ATA_WRITE_DMA_NO_RETRY_OLD = 0xcb,
	ATA_STANDBY_IMMEDIATE = 0xe0,
	ATA_IDLE_IMMEDIATE = 0xe1,
	ATA_STANDBY = 0xe2,
	ATA_IDLE = 0xe3,
	ATA_CHECK_POWER_MODE = 0xe5,
	ATA_SLEEP = 0xe6,
	ATA_FLUSH_CACHE = 0xe7,
	ATA_FLUSH_CACHE_EXT = 0xea,
	ATA_IDENTIFY_DEVICE = 0xec,
	ATA_SET_FEATURES = 0xef,
};

/* SET FEATURES: the feature register. */
enum ata_set_features {
	ATA_ENABLE_WRITE_CACHE = 0x02,
	ATA_SET_TRANSFER_MODE = 0x03,
	ATA_DISABLE_LOOK_AHEAD = 0x55,
	ATA_DISABLE_REVERT_TO_DEFAULTS = 0x66,
	ATA_DISABLE_WRITE_CACHE = 0x82,
	ATA_ENABLE_LOOK_AHEAD = 0xaa,
	ATA_ENABLE_REVERT_TO_DEFAULTS = 0xcc,
};

/* PACKET: the feature register, and the interrupt reason in the count register. */
enum ata_packet_feature { ATA_PACKET_DMA = 0x01, ATA_PACKET_OVL = 0x02 };
enum ata_interrupt_reason { ATA_REASON_CD = 0x01, ATA_REASON_IO = 0x02, ATA_REASON_REL = 0x04 };

enum ata_device_register {
	ATA_DEVICE_HEAD = 0x0f, /* or bits 27-24 of a 28-bit address */
	ATA_DEVICE_DEV = 0x10,
	ATA_DEVICE_LBA = 0x40,
	ATA_DEVICE_OBSOLETE = 0xa0, /* read as one */
};

enum ata_device_control { ATA_NIEN = 0x02, ATA_SRST = 0x04, ATA_HOB = 0x80 };

enum { ATA_DIAGNOSTIC_PASSED = 0x01 };                      /* error register */
enum { ATA_POWER_STANDBY = 0x00, ATA_POWER_ACTIVE = 0xff }; /* CHECK POWER MODE: count */
enum { ATA_SIGNATURE_PACKET_MID = 0x14, ATA_SIGNATURE_PACKET_HIGH = 0xeb };

/* Transfer modes as SET FEATURES takes them: the kind in bits 7-3, the number in bits 2-0. */
enum ata_transfer_mode {
	ATA_PIO_DEFAULT = 0x00,
	ATA_PIO_NO_IORDY = 0x01,
	ATA_PIO_MODE = 0x08,
	ATA_MULTIWORD_MODE = 0x20,
	ATA_ULTRA_MODE = 0x40,
	ATA_MODE_KIND = 0xf8,
	ATA_MODE_NUMBER = 0x07,
};
enum { ATA_PIO_LAST = 4, ATA_MULTIWORD_LAST = 2, ATA_ULTRA_LAST = 5 };

#endif
