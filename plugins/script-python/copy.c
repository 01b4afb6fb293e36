/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Python in a copy of the process, in which the core tries an upgrade. The copy has one thread, and
 * whatever another one held would stay held in it: so the thread that makes the copy holds all of
 * it meanwhile, in the order in which others take it (GIL, imports, watchdog).
 */
#include "script.h"

#include <pthread.h>

static PyGILState_STATE gil;

static void before(void)
{
	gil = PyGILState_Ensure();
	PyOS_BeforeFork();
	script_watch_lock();
}

static void after_in_process(void)
{
	script_watch_unlock();
	PyOS_AfterFork_Parent();
	PyGILState_Release(gil);
}

static void after_in_copy(void)
{
	script_watch_unlock();
	PyOS_AfterFork_Child();
	PyGILState_Release(gil);
}

void script_be_copied(void)
{
	pthread_atfork(before, after_in_process, after_in_copy);
}
