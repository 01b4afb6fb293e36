/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. The clipboard, as text, between the guest and the user interfaces: a device to which a
 * program in the guest talks has the clipboard, and user interfaces connect to it.
 *
 * Whoever has new text offers it, and gives the text when it is asked for. A side that needs the
 * text at once, because its guest cannot wait, requests each offer when it comes.
 *
 *   user interface: offer()   -> requested(), now or later -> give()
 *   device:         offered() -> request(), now or later   -> text()
 *
 * Offers of all sides have one series of serials, which the device counts from 1. An offer ends
 * with the next one, from whichever side: what is requested or given with an older serial is passed
 * over. An offer goes to all but the one who made it, and there is the end of loops: who sets the
 * clipboard of its own side because of an offer remembers that, and does not offer that change
 * again.
 *
 * Text is UTF-8 without a final 0, of at most TSR_CLIPBOARD_MAX bytes, with LF at line ends; a
 * device converts for its guest. What is longer or not UTF-8 is not offered, and not cut. Text is a
 * secret: nobody logs it, and nobody requests it before the user or the guest pastes, unless the
 * guest cannot wait.
 *
 * The device saves its serial; an offer does not outlive a saved state. Its `load` calls `gone`.
 * In a deterministic machine what user interfaces give comes from outside of the guest's time, like
 * keys. User interfaces in a process of their own see the machine through the control plane, which
 * has no clipboard yet: those that connect here run in the machine's process (placement=inline).
 *
 * Checked on paper against: VMware's backdoor (open-vm-tools, lib/include/backdoor_def.h:
 * GETSELLENGTH, GETNEXTPIECE, SETSELLENGTH, SETNEXTPIECE: four bytes with each access; the guest
 * asks for a length at any time and is answered at once, so the device requests offers when they
 * come; what the guest sets is complete, so it offers and answers itself); SPICE's agent (VD_AGENT_
 * CLIPBOARD_GRAB, _REQUEST, _RELEASE, and the data: the same steps as here; its serial of grabs is
 * there for the same loops); RFB (RFC 6143, 7.5.6 and 7.6.4: text without an offer).
 */
#ifndef TESSERA_DRAFT_CLIPBOARD_H
#define TESSERA_DRAFT_CLIPBOARD_H

#include "../host.h"
#include "draft.h"

#define TSR_CLIPBOARD_MAX 1048576u /* bytes */

struct tsr_clipboard_user; /* a user interface; belongs to the device, valid until detach */

/* The user interface's side, handed to the device. Nothing of it is called from inside of a call
 * that the same user interface made. */
struct tsr_clipboard_port {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	void *to;
	/* The guest, or another user interface, has new text. [locked] */
	void (*offered)(void *to, uint64_t serial);
	/* The text of this user interface's offer is wanted: it gives it, now or later. [locked] */
	void (*requested)(void *to, uint64_t serial);
	/* The text of `length` bytes that was requested; valid while the call lasts. [locked; text:
	 * in length bytes] */
	void (*text)(void *to, uint64_t serial, const char *text, size_t length);
	/* There is no offer any more: the guest's program has ended, or a state was loaded. May be
	 * NULL. [locked] */
	void (*gone)(void *to);
};

/* "tessera.clipboard/1", provided by the device. */
#define TSR_CLIPBOARD "tessera.clipboard/1"
struct tsr_clipboard {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Adds a user interface; never NULL. `port` stays valid until detach. If there is an offer,
	 * it is told soon. [main & !running] */
	struct tsr_clipboard_user *(*connect)(void *self, const struct tsr_clipboard_port *port);
	/* The user interface has new text. Returns the offer's serial, or 0: the guest takes none
	 * now. [locked] */
	uint64_t (*offer)(void *self, struct tsr_clipboard_user *user);
	/* Asks for the text of an offer that came by `offered`: `text` is called later, or, if it
	 * has ended, nothing. [locked] */
	void (*request)(void *self, struct tsr_clipboard_user *user, uint64_t serial);
	/* Gives the text of `length` bytes that was `requested`, which is copied; with length 0 it
	 * is not there any more. [locked; text: in length bytes] */
	void (*give)(void *self, struct tsr_clipboard_user *user, uint64_t serial, const char *text,
		     size_t length);
};

#endif
