/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The VGA's registers and memory, shared by the files of this device. */
#ifndef VGA_H
#define VGA_H

#include <tessera/tessera.h>

#define VGA_WINDOW_BASE 0xa0000u
#define VGA_WINDOW_SIZE 0x20000u
#define VGA_BANK_SIZE 0x10000u
#define VGA_PLANE_SIZE 0x10000u
#define VGA_LEGACY_MEMORY (4 * VGA_PLANE_SIZE) /* what the VGA's own modes reach */
#define VGA_ISA_FRAMEBUFFER 0xe0000000u /* where the VBE of the ISA adapter's BIOS looks for it */
#define VGA_MAX_WIDTH 2560u
#define VGA_MAX_HEIGHT 1600u
#define VGA_MAX_COLUMNS 256u

/* Ports. The CRT controller's and status 1 are at 3Bx or at 3Dx. */
enum vga_port {
	PORT_CRTC_INDEX_MONO = 0x3b4,
	PORT_CRTC_DATA_MONO = 0x3b5,
	PORT_STATUS_1_MONO = 0x3ba, /* feature control on write */
	PORT_ATTRIBUTE = 0x3c0,     /* index and data in turn */
	PORT_ATTRIBUTE_READ = 0x3c1,
	PORT_STATUS_0 = 0x3c2, /* miscellaneous output on write */
	PORT_ENABLE = 0x3c3,
	PORT_SEQUENCER_INDEX = 0x3c4,
	PORT_SEQUENCER_DATA = 0x3c5,
	PORT_PEL_MASK = 0x3c6,
	PORT_DAC_STATE = 0x3c7, /* index for reads on write */
	PORT_DAC_INDEX = 0x3c8, /* for writes */
	PORT_DAC_DATA = 0x3c9,
	PORT_FEATURE_READ = 0x3ca,
	PORT_MISC_READ = 0x3cc,
	PORT_GRAPHICS_INDEX = 0x3ce,
	PORT_GRAPHICS_DATA = 0x3cf,
	PORT_CRTC_INDEX = 0x3d4,
	PORT_CRTC_DATA = 0x3d5,
	PORT_STATUS_1 = 0x3da,
};

enum { SEQ_RESET, SEQ_CLOCKING, SEQ_MAP_MASK, SEQ_FONTS, SEQ_MEMORY, SEQ_COUNT };
enum {
	GR_SET_RESET,
	GR_ENABLE,
	GR_COMPARE,
	GR_ROTATE,
	GR_READ_MAP,
	GR_MODE,
	GR_MISC,
	GR_DONT_CARE,
	GR_BIT_MASK,
	GR_COUNT
};
enum {
	CR_HTOTAL = 0,
	CR_HDISPLAY = 1,
	CR_VTOTAL = 6,
	CR_OVERFLOW = 7,
	CR_PRESET_ROW = 8,
	CR_MAX_SCAN = 9,
	CR_CURSOR_START = 10,
	CR_CURSOR_END = 11,
	CR_START_HIGH = 12,
	CR_START_LOW = 13,
	CR_CURSOR_HIGH = 14,
	CR_CURSOR_LOW = 15,
	CR_VRETRACE_START = 16,
	CR_VRETRACE_END = 17,
	CR_VDISPLAY = 18,
	CR_OFFSET = 19,
	CR_UNDERLINE = 20,
	CR_MODE = 23,
	CR_LINE_COMPARE = 24,
	CR_COUNT = 25,
};
enum { AR_MODE = 16, AR_OVERSCAN, AR_PLANES, AR_PANNING, AR_COLOR_SELECT, AR_COUNT };

/* Bits of the registers, named as in the IBM manual. */
#define MISC_COLOR 0x01u /* the CRT controller is at 3Dx */
#define MISC_CLOCK(misc) ((misc) >> 2 & 3u)
#define MISC_PAGE 0x20u        /* page bit for odd/even: 0 selects the odd addresses */
#define STATUS_0_SENSE 0x10u   /* the monitor is a colour one */
#define STATUS_1_BLANKED 0x01u /* display enable is off */
#define STATUS_1_RETRACE 0x08u /* vertical */
#define SEQ_CLOCKING_8_DOTS 0x01u
#define SEQ_CLOCKING_HALF 0x08u   /* the dot clock is divided by two */
#define SEQ_CLOCKING_OFF 0x20u    /* the screen is off */
#define SEQ_MEMORY_EXTENDED 0x02u /* all 256 KiB */
#define CR_OVERFLOW_LINE_COMPARE 0x10u
#define CR_PRESET_ROW_SCAN 0x1fu
#define CR_MAX_SCAN_LINES 0x1fu
#define CR_MAX_SCAN_DOUBLE 0x80u
#define CR_CURSOR_OFF 0x20u           /* in the cursor start register */
#define CR_CURSOR_LINE 0x1fu          /* in the cursor start and end registers */
#define CR_VRETRACE_END_PROTECT 0x80u /* registers 0 to 7 */
#define CR_UNDERLINE_LINE 0x1fu
#define CR_UNDERLINE_DOUBLEWORD 0x40u
#define CR_MODE_NOT_ROW_0_AT_13 0x01u /* compatibility mode support */
#define CR_MODE_NOT_ROW_1_AT_14 0x02u /* select row scan counter */
#define CR_MODE_WRAP_15 0x20u         /* address wrap: word mode takes bit 15, else 13 */
#define CR_MODE_BYTE 0x40u            /* byte, else word mode */
#define SEQ_MEMORY_SEQUENTIAL 0x04u   /* 0: odd addresses reach the odd planes */
#define SEQ_MEMORY_CHAIN4 0x08u
#define GR_MODE_WRITE 0x03u
#define GR_MODE_COMPARE 0x08u  /* read mode 1 */
#define GR_MODE_ODD_EVEN 0x10u /* reads choose the plane by address bit 0 */
#define GR_MODE_SHIFT_PAIRS 0x20u
#define GR_MODE_SHIFT_256 0x40u
#define GR_MISC_GRAPHICS 0x01u
#define GR_MISC_CHAIN_ODD_EVEN 0x02u
#define AR_MODE_LINE_GRAPHICS 0x04u
#define AR_MODE_BLINK 0x08u
#define AR_MODE_PANNING_SPLIT 0x20u /* no panning below the split */
#define AR_MODE_P54S 0x80u          /* palette bits 5 and 4 come from the colour select register */
#define AR_INDEX 0x1fu
#define AR_INDEX_DISPLAY 0x20u /* palette address source: the palette belongs to the display */
#define EVEN_PLANES 0x05u
#define ODD_PLANES 0x0au
enum { FUNCTION_NONE, FUNCTION_AND, FUNCTION_OR, FUNCTION_XOR };
enum { MAP_A0000_128K, MAP_A0000_64K, MAP_B0000_32K, MAP_B8000_32K };

enum {
	VBE_ID,
	VBE_XRES,
	VBE_YRES,
	VBE_BPP,
	VBE_ENABLE,
	VBE_BANK,
	VBE_VIRT_WIDTH,
	VBE_VIRT_HEIGHT,
	VBE_X_OFFSET,
	VBE_Y_OFFSET,
	VBE_MEMORY,
	VBE_COUNT,
};
enum { VBE_ENABLED = 1, VBE_GETCAPS = 2, VBE_8BIT_DAC = 0x20, VBE_LFB = 0x40, VBE_NOCLEAR = 0x80 };

/*
 * Every register that decides what the screen shows. While none has changed, only changed
 * memory is drawn.
 */
struct vga_look {
	uint8_t seq[SEQ_COUNT], gr_mode, gr_misc;
	uint8_t crtc[CR_COUNT]; /* without the cursor's */
	uint8_t attr[AR_COUNT];
	bool blank;
	uint8_t pel_mask;
	uint8_t dac[256][3];
	uint16_t vbe[VBE_COUNT];
};

struct vga {
	const struct tsr_host *host;
	const struct tsr_clock *clock;
	const struct tsr_memory *memory;
	const struct tsr_display_table *displays;
	const struct tsr_io *io;
	const struct tsr_pci *pci;
	const struct tsr_log *log;
	struct tsr_display *display;
	struct tsr_pci_function *function; /* NULL: the ISA adapter */

	uint8_t *vram;
	uint32_t vram_size;
	struct tsr_region *vram_region;
	struct tsr_region *window_region; /* A0000-BFFFF: the handlers */
	/* A0000-AFFFF: video memory's first 64 KiB, where the mode is linear */
	struct tsr_region *linear_region;
	bool linear_on;
	bool is_chained;      /* dwords of video memory are in the order of chain 4 */
	bool is_plain;        /* chain 4 passes bytes unchanged */
	uint32_t plain_bytes; /* how many have passed so through the handlers */
	uint32_t *scratch;    /* VGA_LEGACY_MEMORY bytes, to arrange dwords in */

	uint8_t misc, feature;
	uint8_t seq_index, seq[SEQ_COUNT];
	uint8_t crtc_index, crtc[CR_COUNT];
	uint8_t gr_index, gr[GR_COUNT];
	uint8_t attr_index, attr[AR_COUNT]; /* bit 5 of the index: the display has the palette */
	bool attr_data;                     /* the next write to 3C0 is data */
	uint8_t pel_mask, dac_index, dac_component, dac_reading;
	uint8_t dac_latch[3], dac[256][3];
	uint32_t latch;  /* byte p: plane p */
	bool latch_lost; /* reads through the mapped window have bypassed it */
	uint16_t vbe_index, vbe[VBE_COUNT];
	uint32_t endian; /* the extended register in BAR 2 */
	uint8_t edid[128];

	/* Drawing */
	/* a bit per page: written by our own handlers, or fetched and not yet drawn */
	uint8_t *dirty;
	bool fonts_changed;
	bool stale; /* draw everything */
	bool used;  /* video memory is no longer the zeros it was mapped as */
	struct vga_look shown;
	uint32_t colors[256]; /* the DAC as XRGB */
	uint32_t *cells;      /* text: what each cell shows */
	unsigned cell_count;
	unsigned shown_blink;
	uint32_t shown_cursor;
	uint32_t line[VGA_MAX_COLUMNS * 9 * 2 + 32]; /* one line of pixels before panning */
};

/* A scan line's place in memory and what follows it. */
struct vga_scan {
	unsigned y;   /* on the screen */
	unsigned ma;  /* the address counter at the line's left end */
	unsigned row; /* row scan counter */
	bool second;  /* double scanning: this is the second showing of the line */
	bool below_split;
};

/* The picture that the CRTC registers describe, in pixels and lines. */
struct vga_geometry {
	unsigned columns; /* character clocks */
	unsigned dots;    /* pixels of one character: 8 or 9 */
	unsigned repeat;  /* 2: every pixel is doubled (half dot clock) */
	unsigned width, height;
	unsigned rows_per_char; /* maximum scan line + 1 */
	bool double_scan;
	unsigned line_compare;
	unsigned htotal, vtotal; /* characters, lines */
	unsigned retrace_start, retrace_end;
	unsigned dot_clock_hz;
};

/* timing.c */
void vga_get_geometry(const struct vga *v, struct vga_geometry *g);
void vga_scan_first(const struct vga *v, const struct vga_geometry *g, struct vga_scan *s);
void vga_scan_next(const struct vga *v, const struct vga_geometry *g, struct vga_scan *s);
/*
 * Moves s past a character row, or past the part of it that is on the screen. Returns the number of
 * its lines.
 */
unsigned vga_scan_band(const struct vga *v, const struct vga_geometry *g, struct vga_scan *s);
unsigned vga_address(const struct vga *v, unsigned ma, unsigned row); /* in a plane */
uint8_t vga_retrace_status(const struct vga *v);

/* registers.c */
extern const uint8_t vga_gr_mask[GR_COUNT]; /* bits that exist */
void vga_reset_registers(struct vga *v);
uint8_t vga_port_read(struct vga *v, unsigned port);
void vga_port_write(struct vga *v, unsigned port, uint8_t value);

/* planes.c */
uint8_t vga_window_read(struct vga *v, uint32_t offset);
void vga_window_write(struct vga *v, uint32_t offset, uint8_t value);
void vga_update_window(struct vga *v);
void vga_mark_dirty(struct vga *v, uint32_t offset, uint32_t length);
/* The dword of video memory that holds an address of the planes. */
uint32_t vga_dword(const struct vga *v, uint32_t address);
void vga_set_plain_bytes(struct vga *v, uint32_t count); /* from a saved state */
static inline unsigned vga_memory_map(const struct vga *v)
{
	return v->gr[GR_MISC] >> 2 & 3;
}

/* vbe.c */
uint16_t vbe_read(const struct vga *v, unsigned index);
void vbe_write(struct vga *v, unsigned index, uint16_t value);
uint32_t vbe_pitch(const struct vga *v); /* bytes from line to line */
static inline bool vbe_is_on(const struct vga *v)
{
	return v->vbe[VBE_ENABLE] & VBE_ENABLED;
}
/* One linear framebuffer; with 4 bits a pixel VBE modes have planes. */
static inline bool vbe_is_packed(const struct vga *v)
{
	return vbe_is_on(v) && v->vbe[VBE_BPP] != 4;
}

/* refresh.c */
void vga_refresh(void *self, bool full);
bool vga_is_dirty(const struct vga *v, uint32_t offset, uint32_t length);
bool vga_is_text(const struct vga *v);
bool vga_is_blank(const struct vga *v);
bool vga_any_dirty(const struct vga *v, uint32_t length);
enum { BLINK_CURSOR = 1, BLINK_CHARACTERS = 2 }; /* set: now they are on */
unsigned vga_blink_phase(const struct vga *v);
/* by how many pixels the picture moves to the left */
unsigned vga_panning(const struct vga *v, const struct vga_geometry *g, const struct vga_scan *s);

/* draw-*.c: draw what is dirty (all of it if `full`) and report damage. */
struct vga_surface {
	uint32_t *pixels;
	size_t stride; /* in pixels */
	unsigned width, height;
};
void vga_draw_text(struct vga *v, const struct vga_geometry *g, const struct vga_surface *s,
		   bool full);
void vga_draw_graphics(struct vga *v, const struct vga_geometry *g, const struct vga_surface *s,
		       bool full);
void vga_draw_vbe(struct vga *v, const struct vga_surface *s, bool full);
/* The attribute controller's palette: 4 bits to a DAC index; and 8 bits, in 256-colour modes. */
uint8_t vga_palette(const struct vga *v, uint8_t index);
uint8_t vga_attribute(const struct vga *v, uint8_t index); /* without the plane enable register */
uint8_t vga_palette_256(const struct vga *v, uint8_t index);

/* text.c */
size_t vga_text(void *self, char *buffer, size_t length);

/* edid.c, rom.c, state.c */
void vga_make_edid(uint8_t edid[128], unsigned width, unsigned height);
bool vga_load_rom(struct vga *v, const char *path, const char *name, uint8_t **image,
		  size_t *length, struct tsr_error *error);
void vga_save(void *self, struct tsr_state_writer *out);
bool vga_load(void *self, struct tsr_state_reader *in, struct tsr_error *error);

#endif
