/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The 104 keys (and the usual extra ones) in scan code sets 2 and 3; set 1 is set 2 through the
 * controller's translation.
 * Source: IBM PS/2 Hardware Interface Technical Reference, "Keyboard (101- and 102-key)"; Microsoft
 * Keyboard Scan Code Specification 1.3a for the Windows and media keys.
 */
#include "i8042.h"

#define T KEY_TYPEMATIC
#define B KEY_MAKE_BREAK
#define M KEY_MAKE_ONLY

static const struct key keys[] = {
	{ 1, 0x76, false, 0x08, M, 0 }, /* Esc */
	{ 2, 0x16, false, 0x16, T, 0 }, /* 1 */
	{ 3, 0x1e, false, 0x1e, T, 0 },
	{ 4, 0x26, false, 0x26, T, 0 },
	{ 5, 0x25, false, 0x25, T, 0 },
	{ 6, 0x2e, false, 0x2e, T, 0 },
	{ 7, 0x36, false, 0x36, T, 0 },
	{ 8, 0x3d, false, 0x3d, T, 0 },
	{ 9, 0x3e, false, 0x3e, T, 0 },
	{ 10, 0x46, false, 0x46, T, 0 },
	{ 11, 0x45, false, 0x45, T, 0 }, /* 0 */
	{ 12, 0x4e, false, 0x4e, T, 0 }, /* - */
	{ 13, 0x55, false, 0x55, T, 0 }, /* = */
	{ 14, 0x66, false, 0x66, T, 0 }, /* Backspace */
	{ 15, 0x0d, false, 0x0d, T, 0 }, /* Tab */
	{ 16, 0x15, false, 0x15, T, 0 }, /* Q */
	{ 17, 0x1d, false, 0x1d, T, 0 },
	{ 18, 0x24, false, 0x24, T, 0 },
	{ 19, 0x2d, false, 0x2d, T, 0 },
	{ 20, 0x2c, false, 0x2c, T, 0 },
	{ 21, 0x35, false, 0x35, T, 0 },
	{ 22, 0x3c, false, 0x3c, T, 0 },
	{ 23, 0x43, false, 0x43, T, 0 },
	{ 24, 0x44, false, 0x44, T, 0 },
	{ 25, 0x4d, false, 0x4d, T, 0 }, /* P */
	{ 26, 0x54, false, 0x54, T, 0 }, /* [ */
	{ 27, 0x5b, false, 0x5b, T, 0 }, /* ] */
	{ 28, 0x5a, false, 0x5a, T, 0 }, /* Enter */
	{ 29, 0x14, false, 0x11, B, 0 }, /* left Ctrl */
	{ 30, 0x1c, false, 0x1c, T, 0 }, /* A */
	{ 31, 0x1b, false, 0x1b, T, 0 },
	{ 32, 0x23, false, 0x23, T, 0 },
	{ 33, 0x2b, false, 0x2b, T, 0 },
	{ 34, 0x34, false, 0x34, T, 0 },
	{ 35, 0x33, false, 0x33, T, 0 },
	{ 36, 0x3b, false, 0x3b, T, 0 },
	{ 37, 0x42, false, 0x42, T, 0 },
	{ 38, 0x4b, false, 0x4b, T, 0 }, /* L */
	{ 39, 0x4c, false, 0x4c, T, 0 }, /* ; */
	{ 40, 0x52, false, 0x52, T, 0 }, /* ' */
	{ 41, 0x0e, false, 0x0e, T, 0 }, /* ` */
	{ 42, 0x12, false, 0x12, B, 0 }, /* left Shift */
	{ 43, 0x5d, false, 0x5c, T, 0 }, /* backslash */
	{ 44, 0x1a, false, 0x1a, T, 0 }, /* Z */
	{ 45, 0x22, false, 0x22, T, 0 },
	{ 46, 0x21, false, 0x21, T, 0 },
	{ 47, 0x2a, false, 0x2a, T, 0 },
	{ 48, 0x32, false, 0x32, T, 0 },
	{ 49, 0x31, false, 0x31, T, 0 },
	{ 50, 0x3a, false, 0x3a, T, 0 }, /* M */
	{ 51, 0x41, false, 0x41, T, 0 },
	{ 52, 0x49, false, 0x49, T, 0 },
	{ 53, 0x4a, false, 0x4a, T, 0 }, /* / */
	{ 54, 0x59, false, 0x59, B, 0 }, /* right Shift */
	{ 55, 0x7c, false, 0x7e, M, 0 }, /* keypad * */
	{ 56, 0x11, false, 0x19, B, 0 }, /* left Alt */
	{ 57, 0x29, false, 0x29, T, 0 }, /* Space */
	{ 58, 0x58, false, 0x14, B, 0 }, /* Caps Lock */
	{ 59, 0x05, false, 0x07, M, 0 }, /* F1 */
	{ 60, 0x06, false, 0x0f, M, 0 },
	{ 61, 0x04, false, 0x17, M, 0 },
	{ 62, 0x0c, false, 0x1f, M, 0 },
	{ 63, 0x03, false, 0x27, M, 0 },
	{ 64, 0x0b, false, 0x2f, M, 0 },
	{ 65, 0x83, false, 0x37, M, 0 },
	{ 66, 0x0a, false, 0x3f, M, 0 },
	{ 67, 0x01, false, 0x47, M, 0 },
	{ 68, 0x09, false, 0x4f, M, 0 }, /* F10 */
	{ 69, 0x77, false, 0x76, M, 0 }, /* Num Lock */
	{ 70, 0x7e, false, 0x5f, M, 0 }, /* Scroll Lock */
	{ 71, 0x6c, false, 0x6c, M, 0 }, /* keypad 7 */
	{ 72, 0x75, false, 0x75, M, 0 },
	{ 73, 0x7d, false, 0x7d, M, 0 },
	{ 74, 0x7b, false, 0x84, M, 0 }, /* keypad - */
	{ 75, 0x6b, false, 0x6b, M, 0 },
	{ 76, 0x73, false, 0x73, M, 0 },
	{ 77, 0x74, false, 0x74, M, 0 },
	{ 78, 0x79, false, 0x7c, T, 0 }, /* keypad + */
	{ 79, 0x69, false, 0x69, M, 0 },
	{ 80, 0x72, false, 0x72, M, 0 },
	{ 81, 0x7a, false, 0x7a, M, 0 },
	{ 82, 0x70, false, 0x70, M, 0 },          /* keypad 0 */
	{ 83, 0x71, false, 0x71, M, 0 },          /* keypad . */
	{ 86, 0x61, false, 0x13, T, 0 },          /* the 102nd key */
	{ 87, 0x78, false, 0x56, M, 0 },          /* F11 */
	{ 88, 0x07, false, 0x5e, M, 0 },          /* F12 */
	{ 89, 0x51, false, 0x51, T, 0 },          /* Ro */
	{ 92, 0x64, false, 0x86, M, 0 },          /* Henkan */
	{ 93, 0x13, false, 0x87, M, 0 },          /* Hiragana/Katakana */
	{ 94, 0x67, false, 0x85, M, 0 },          /* Muhenkan */
	{ 95, 0x6d, false, 0, M, 0 },             /* keypad , (Japan) */
	{ 96, 0x5a, true, 0x79, M, 0 },           /* keypad Enter */
	{ 97, 0x14, true, 0x58, M, 0 },           /* right Ctrl */
	{ 98, 0x4a, true, 0x77, M, KEY_SLASH },   /* keypad / */
	{ 99, 0x7c, true, 0x57, M, KEY_PRINT },   /* Print Screen */
	{ 100, 0x11, true, 0x39, M, 0 },          /* right Alt */
	{ 102, 0x6c, true, 0x6e, M, KEY_GRAY },   /* Home */
	{ 103, 0x75, true, 0x63, T, KEY_GRAY },   /* Up */
	{ 104, 0x7d, true, 0x6f, M, KEY_GRAY },   /* Page Up */
	{ 105, 0x6b, true, 0x61, T, KEY_GRAY },   /* Left */
	{ 106, 0x74, true, 0x6a, T, KEY_GRAY },   /* Right */
	{ 107, 0x69, true, 0x65, M, KEY_GRAY },   /* End */
	{ 108, 0x72, true, 0x60, T, KEY_GRAY },   /* Down */
	{ 109, 0x7a, true, 0x6d, M, KEY_GRAY },   /* Page Down */
	{ 110, 0x70, true, 0x67, M, KEY_GRAY },   /* Insert */
	{ 111, 0x71, true, 0x64, T, KEY_GRAY },   /* Delete */
	{ 113, 0x23, true, 0, M, 0 },             /* Mute */
	{ 114, 0x21, true, 0, T, 0 },             /* Volume down */
	{ 115, 0x32, true, 0, T, 0 },             /* Volume up */
	{ 116, 0x37, true, 0, M, 0 },             /* Power */
	{ 117, 0x0f, false, 0, M, 0 },            /* keypad = */
	{ 119, 0x77, false, 0x62, M, KEY_PAUSE }, /* Pause */
	{ 121, 0x6d, false, 0x7b, M, 0 },         /* keypad , */
	{ 122, 0xf2, false, 0, M, KEY_NO_BREAK }, /* Hangul */
	{ 123, 0xf1, false, 0, M, KEY_NO_BREAK }, /* Hanja */
	{ 124, 0x6a, false, 0x5d, T, 0 },         /* Yen */
	{ 125, 0x1f, true, 0x8b, M, 0 },          /* left Windows */
	{ 126, 0x27, true, 0x8c, M, 0 },          /* right Windows */
	{ 127, 0x2f, true, 0x8d, M, 0 },          /* Menu */
	{ 140, 0x2b, true, 0, M, 0 },             /* Calculator */
	{ 142, 0x3f, true, 0, M, 0 },             /* Sleep */
	{ 143, 0x5e, true, 0, M, 0 },             /* Wake */
	{ 155, 0x48, true, 0, M, 0 },             /* Mail */
	{ 156, 0x18, true, 0, M, 0 },             /* Favourites */
	{ 157, 0x40, true, 0, M, 0 },             /* My computer */
	{ 158, 0x38, true, 0, M, 0 },             /* Back */
	{ 159, 0x30, true, 0, M, 0 },             /* Forward */
	{ 163, 0x4d, true, 0, M, 0 },             /* Next track */
	{ 164, 0x34, true, 0, M, 0 },             /* Play, pause */
	{ 165, 0x15, true, 0, M, 0 },             /* Previous track */
	{ 166, 0x3b, true, 0, M, 0 },             /* Stop */
	{ 172, 0x3a, true, 0, M, 0 },             /* Home page */
	{ 173, 0x20, true, 0, M, 0 },             /* Refresh */
	{ 217, 0x10, true, 0, M, 0 },             /* Search */
	{ 226, 0x50, true, 0, M, 0 },             /* Media player */
};

const struct key *key_find(unsigned evdev)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].evdev == evdev)
			return &keys[i];
	return NULL;
}

const struct key *key_find_set3(uint8_t code)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (code && keys[i].set3 == code)
			return &keys[i];
	return NULL;
}

/* Technical Reference, "Scan Code Tables": 00-7F; above, all but two are themselves. */
static const uint8_t translation[128] = {
	0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29,
	0x59, 0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a, 0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11,
	0x03, 0x5b, 0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14,
	0x13, 0x06, 0x5d, 0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a, 0x72, 0x32, 0x24,
	0x16, 0x08, 0x09, 0x5f, 0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, 0x6c, 0x34, 0x35,
	0x26, 0x27, 0x19, 0x0c, 0x61, 0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36,
	0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76, 0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c,
	0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f, 0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45,
	0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54,
};

uint8_t key_translate(uint8_t set2)
{
	if (set2 < 0x80)
		return translation[set2];
	return set2 == 0x83 ? 0x41 : set2 == 0x84 ? 0x54 : set2;
}
