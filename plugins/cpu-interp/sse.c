/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "table.h"
void op_sse(cpu *c, const struct op *op)
{
	fault_ud(c);
}
