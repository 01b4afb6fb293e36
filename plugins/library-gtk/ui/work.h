/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Work on another thread that takes time: a window shows how far it is, and has a button that
 * cancels it. [main], but for what the thread reports. */
#ifndef TSR_WORK_H
#define TSR_WORK_H

#include <adwaita.h>

#include "model/copy-file.h"

struct tsr_work_texts {
	const char *title, *sentence;
	const char *bar; /* its name for assistive technologies */
};

/* The window opens after so many milliseconds, so that short work needs none; 0: now. Texts are
 * copied. */
struct tsr_work *tsr_work_begin(GtkWindow *over, const struct tsr_work_texts *texts,
				guint delay_ms);
/* (transfer none): for the thread, until tsr_work_end(). */
struct tsr_progress *tsr_work_get_progress(struct tsr_work *work);
GCancellable *tsr_work_get_cancellable(struct tsr_work *work);
/* After the thread's end. The window goes. */
void tsr_work_end(struct tsr_work *work);

#endif
