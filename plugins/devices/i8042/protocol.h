/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bytes that the host, the keyboard controller, the keyboard and the mouse exchange.
 * Source: IBM PS/2 Hardware Interface Technical Reference, "Keyboard and Auxiliary Device
 * Controller", "Keyboard (101- and 102-key)", "Mouse". What boards of the PCI time added (A1h, CAh,
 * DDh, DFh): AMI, "Keyboard Controller BIOS".
 */
#ifndef I8042_PROTOCOL_H
#define I8042_PROTOCOL_H

/* -- The controller */

enum i8042_status {
	STATUS_OUTPUT = 0x01, /* output buffer full */
	STATUS_INPUT = 0x02,
	STATUS_SYSTEM = 0x04,
	STATUS_COMMAND = 0x08, /* the last write was to port 64h */
	STATUS_UNLOCKED = 0x10,
	STATUS_AUX = 0x20, /* the output buffer holds a byte of the auxiliary device */
};

/* The command byte, byte 0 of the controller's RAM. */
enum i8042_mode {
	MODE_KEYBOARD_IRQ = 0x01,
	MODE_AUX_IRQ = 0x02,
	MODE_SYSTEM = 0x04,
	MODE_NO_KEYBOARD = 0x10,
	MODE_NO_AUX = 0x20,
	MODE_TRANSLATE = 0x40,
};

enum i8042_output_port {
	PORT_RESET = 0x01, /* 0: the reset line is active */
	PORT_A20 = 0x02,
	PORT_KEYBOARD_IRQ = 0x10,
	PORT_AUX_IRQ = 0x20,
	PORT_AT_RESET = 0xcf,
};

/* Commands, written to port 64h. */
enum i8042_command {
	KBC_READ_RAM = 0x20,  /* 20h-3Fh: bytes 0-31 */
	KBC_WRITE_RAM = 0x60, /* 60h-7Fh */
	KBC_RAM_MASK = 0x1f,
	KBC_READ_VERSION = 0xa1,
	KBC_TEST_PASSWORD = 0xa4,
	KBC_LOAD_PASSWORD = 0xa5,
	KBC_DISABLE_AUX = 0xa7,
	KBC_ENABLE_AUX = 0xa8,
	KBC_TEST_AUX = 0xa9,
	KBC_SELF_TEST = 0xaa,
	KBC_TEST_KEYBOARD = 0xab,
	KBC_DISABLE_KEYBOARD = 0xad,
	KBC_ENABLE_KEYBOARD = 0xae,
	KBC_READ_INPUT_PORT = 0xc0,
	KBC_POLL_INPUT_LOW = 0xc1,
	KBC_POLL_INPUT_HIGH = 0xc2,
	KBC_READ_MODE = 0xca,
	KBC_READ_OUTPUT_PORT = 0xd0,
	KBC_WRITE_OUTPUT_PORT = 0xd1,
	KBC_WRITE_KEYBOARD_OUTPUT = 0xd2,
	KBC_WRITE_AUX_OUTPUT = 0xd3,
	KBC_WRITE_AUX = 0xd4,
	KBC_DISABLE_A20 = 0xdd,
	KBC_ENABLE_A20 = 0xdf,
	KBC_READ_TEST_INPUTS = 0xe0,
	KBC_PULSE_OUTPUT_PORT = 0xf0, /* F0h-FFh */
};

enum i8042_answer {
	KBC_SELF_TEST_PASSED = 0x55,
	KBC_LINES_GOOD = 0x00,
	KBC_NO_PASSWORD = 0xf1,
	KBC_VERSION_PS2 = 'P',
	KBC_MODE_PS2 = 0x01,
	/* keyboard not locked, colour display, no manufacturing jumper */
	KBC_INPUT_PORT = 0xb0,
	KBC_TEST_INPUTS = 0x00, /* both clock lines low */
};

/* -- Answers that both devices give */

enum ps2_answer {
	PS2_SELF_TEST_PASSED = 0xaa,
	PS2_ACK = 0xfa,
	PS2_ERROR = 0xfc,
	PS2_RESEND = 0xfe,
};

/* -- The keyboard */

enum keyboard_command {
	KBD_SET_LEDS = 0xed, /* the first of all */
	KBD_ECHO = 0xee,
	KBD_SELECT_SET = 0xf0,
	KBD_READ_ID = 0xf2,
	KBD_SET_TYPEMATIC = 0xf3,
	KBD_ENABLE = 0xf4,
	KBD_DEFAULT_DISABLE = 0xf5,
	KBD_SET_DEFAULT = 0xf6,
	KBD_ALL_TYPEMATIC = 0xf7,
	KBD_ALL_MAKE_BREAK = 0xf8,
	KBD_ALL_MAKE = 0xf9,
	KBD_ALL_TYPEMATIC_MAKE_BREAK = 0xfa,
	KBD_KEY_TYPEMATIC = 0xfb,
	KBD_KEY_MAKE_BREAK = 0xfc,
	KBD_KEY_MAKE = 0xfd,
	KBD_RESEND = 0xfe,
	KBD_RESET = 0xff,
};

enum keyboard_id { KBD_ID_FIRST = 0xab, KBD_ID_SECOND = 0x83 };
enum keyboard_leds { LED_SCROLL = 1, LED_NUM = 2, LED_CAPS = 4, LEDS = 7 };
enum keyboard_overrun { OVERRUN_SET_1 = 0xff, OVERRUN = 0x00 };

/* Scan codes of set 2 that sequences are made of, and prefixes. */
enum scan_code {
	SCAN_LEFT_SHIFT = 0x12,
	SCAN_LEFT_CTRL = 0x14,
	SCAN_RIGHT_SHIFT = 0x59,
	SCAN_NUM_LOCK = 0x77,
	SCAN_KEYPAD_ASTERISK = 0x7c,
	SCAN_SCROLL_LOCK = 0x7e,
	SCAN_SYSRQ = 0x84,
	SCAN_EXTENDED = 0xe0,
	SCAN_EXTENDED_1 = 0xe1,
	SCAN_BREAK = 0xf0,
	SCAN_BREAK_SET_1 = 0x80, /* or-ed to the code */
};

/* -- The mouse */

enum mouse_command {
	MOUSE_RESET_SCALING = 0xe6,
	MOUSE_SET_SCALING = 0xe7,
	MOUSE_SET_RESOLUTION = 0xe8,
	MOUSE_STATUS_REQUEST = 0xe9,
	MOUSE_SET_STREAM = 0xea,
	MOUSE_READ_DATA = 0xeb,
	MOUSE_RESET_WRAP = 0xec,
	MOUSE_SET_WRAP = 0xee,
	MOUSE_SET_REMOTE = 0xf0,
	MOUSE_READ_TYPE = 0xf2,
	MOUSE_SET_RATE = 0xf3,
	MOUSE_ENABLE = 0xf4,
	MOUSE_DISABLE = 0xf5,
	MOUSE_SET_DEFAULT = 0xf6,
	MOUSE_RESEND = 0xfe,
	MOUSE_RESET = 0xff,
};

enum mouse_type { MOUSE_PLAIN = 0, MOUSE_WHEEL = 3, MOUSE_FIVE_BUTTONS = 4 };

/* Byte 0 of a packet; its bits 2-0 are the buttons. */
enum mouse_packet { PACKET_ALWAYS = 0x08, PACKET_X_SIGN = 0x10, PACKET_Y_SIGN = 0x20 };

/* Byte 0 of the status. */
enum mouse_status {
	MOUSE_STATUS_RIGHT = 0x01,
	MOUSE_STATUS_MIDDLE = 0x02,
	MOUSE_STATUS_LEFT = 0x04,
	MOUSE_STATUS_SCALED = 0x10,
	MOUSE_STATUS_ENABLED = 0x20,
	MOUSE_STATUS_REMOTE = 0x40,
};

/* As the user interface gives them, and as a packet has them. */
enum mouse_buttons {
	BUTTON_LEFT = 0x01,
	BUTTON_RIGHT = 0x02,
	BUTTON_MIDDLE = 0x04,
	BUTTONS_FIRST_THREE = 0x07,
	BUTTONS_FOURTH_AND_FIFTH = 0x18,
	BUTTONS = 0x1f,
};

#endif
