/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Instructions that the interpreter does. */
#include "runtime/fp.h"
#include "runtime/interpret.h"

enum tsr_x86_stop tsr_bt_interpret(struct tsr_bt *bt, uint64_t count, uint64_t *executed)
{
	uint64_t done = 0;
	uint8_t outer = bt->run.doing;
	enum tsr_x86_stop stop;

	tsr_bt_fp_unload(bt);
	bt->run.doing = BT_DOING_INTERPRET;
	stop = bt->board.interpreter->step(bt->board.context, count, &done);
	bt->run.doing = outer;
	bt->stats.interpreted += done;
	if (done < count)
		bt->run.unfinished = true;
	if (executed)
		*executed = done;
	return stop;
}
