/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A helper is not static, and the library is compiled without hidden visibility.
 * fails: exports
 * says: more than its entry: bad_helper
 */
int __attribute__((visibility("default"))) bad_helper(void);
int bad_helper(void)
{
	return 1;
}
#include "../device.h"
