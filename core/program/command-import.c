/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tessera import FILE [FOLDER]: the program tessera-import, which is made of the library's model
 * (plugins/library-gtk), of which this one knows nothing. */
#include <errno.h>
#include <unistd.h>

#include "program/helper.h"
#include "program/program.h"

#define PROGRAM "tessera-import"

int command_import(char **arguments)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL),
			*path = program_find_helper(PROGRAM);
	const guint count = g_strv_length(arguments);

	if (program_wants_help(arguments, "import"))
		return 0;
	if (count < 1 || count > 2 || arguments[0][0] == '-')
		return program_fail(TSR_EXIT_USAGE, "usage: `tessera import FILE [FOLDER]`");
	if (!path)
		return program_fail(TSR_EXIT_MACHINE_FAILED,
				    PROGRAM " is not installed; install Tessera again");
	execv(path, (char *[]){ path, self, arguments[0], count > 1 ? arguments[1] : NULL, NULL });
	return program_fail(TSR_EXIT_MACHINE_FAILED, "%s cannot be started: %s", path,
			    g_strerror(errno));
}
