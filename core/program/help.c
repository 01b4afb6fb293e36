/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What --help prints. The man pages (docs/man) say the same at length. */
#include <string.h>

#include "program/program.h"

static const struct {
	const char *command; /* NULL: of the program */
	const char *text;
} texts[] = {
	{NULL,
	 "usage: tessera COMMAND [ARGUMENTS]\n"
	 "\n"
	 "  run [MACHINE] [OPTIONS]   start a machine and wait until it is over\n"
	 "  plugins list              the plugins that are installed, and those that are refused\n"
	 "  plugins inspect ID        one plugin: properties, needs, resources\n"
	 "  machines                  the machines that are installed\n"
	 "  ctl SOCKET COMMAND        drive a machine that runs with --control unix:SOCKET\n"
	 "  demo                      boot a small Linux in a window, or on the terminal\n"
	 "\n"
	 "`tessera COMMAND --help` says more. Exit status: 0 the guest powered off, 1 the machine "
	 "failed, 2 usage,\n"
	 "3 the guest stopped in error, 124 the time limit ran out.\n"},
	{"run", "usage: tessera run [FILE.machine | NAME] [OPTIONS]\n"
		"\n"
		"Without a machine: the preset `pc`. Options of the program:\n"
		"  --timeout SECONDS         stop then, with exit status 124\n"
		"  --control unix:PATH       serve a control socket for `tessera ctl`\n"
		"  --set NAME.PROPERTY=VALUE a property of an instance of the machine\n"
		"  --load FILE               resume from a saved state\n"
		"  --exit-on-reset           the guest's reset ends the run\n"
		"  --stats                   print counters at the end\n"
		"  --hash                    print the SHA-256 of the machine's state at the end\n"
		"Options of the presets:\n"
		"  --memory SIZE             512M\n"
		"  --cpu PLUGIN[,KEY=VALUE…] another processor plugin, or properties of it\n"
		"  --bios FILE               another ROM in the BIOS' place\n"
		"  --kernel FILE, --initrd FILE, --append TEXT\n"
		"                            boot a Linux kernel without a disk\n"
		"  --disk FILE[,format=raw][,mode=persistent|nonpersistent]\n"
		"                            a hard disk; up to three\n"
		"  --cdrom FILE              a disc in the CD-ROM drive\n"
		"  --boot disk|cdrom         what the BIOS tries first\n"
		"  --nic none|user[,hostfwd=tcp:HOST:PORT-:PORT]\n"
		"                            the network: none, or NAT without root (the default)\n"
		"  --serial stdio|file:F|pty|unix:F|none\n"
		"                            a serial port; on a terminal Ctrl-A x quits\n"
		"  --ui gtk|none             a window, or none; default: a window where there is a "
		"display\n"
		"  --debugcon file:F[,port=N], --debug-exit port=N\n"
		"                            ports for guest programs that are being developed\n"
		"A machine may have other options: its manifest lists them. SIGINT and SIGTERM "
		"stop the machine (exit status 130 and 143).\n"},
	{"plugins", "usage: tessera plugins list\n"
		    "       tessera plugins inspect ID | 'ID >=1.2,<2'\n"
		    "\n"
		    "Looks in the build tree, TESSERA_PLUGIN_PATH, ~/.local/share/tessera/plugins "
		    "and the system's folder. Reads manifests and runs\n"
		    "no plugin's code.\n"},
	{"machines", "usage: tessera machines\n"
		     "\n"
		     "Lists the machines that `tessera run` knows by name. Looks in the build "
		     "tree, TESSERA_MACHINE_PATH,\n"
		     "~/.local/share/tessera/machines and the system's folder.\n"},
	{"ctl", "usage: tessera ctl SOCKET COMMAND [ARGUMENTS]\n"
		"\n"
		"  status                    name, state, instances\n"
		"  pause, resume, reset, quit\n"
		"  screenshot FILE.png [DISPLAY]\n"
		"  text [DISPLAY]            the characters on a text screen\n"
		"  type TEXT                 ASCII; \\n is Enter, \\t Tab\n"
		"  key NAMES…                enter, f1, ctrl-alt-delete, …\n"
		"  move DX DY [BUTTONS]      the mouse; buttons: 1 left, 2 right, 4 middle\n"
		"  place X Y [BUTTONS]       an absolute pointer, 0 to 65535\n"
		"  insert INSTANCE FILE      a medium into a drive's back end\n"
		"  eject INSTANCE\n"
		"  get INSTANCE.PROPERTY, set INSTANCE.PROPERTY=VALUE\n"
		"  save FILE                 the machine's state\n"
		"  stats                     counters\n"
		"  tap LINE [off]            report changes of a line INSTANCE:RESOURCE or "
		"PROVIDER:INPUT\n"
		"  watch                     print signals until the machine is over\n"
		"  wait                      wait until the machine is over; its exit status\n"
		"  introspect                the D-Bus interface as XML\n"},
	{"demo", "usage: tessera demo [OPTIONS OF run]\n"
		 "\n"
		 "Boots a small Linux: in a window where there is a display, else on the terminal "
		 "(Ctrl-A x quits).\n"},
};

void program_print_help(const char *command)
{
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		if (g_strcmp0(texts[i].command, command) == 0)
			g_print("%s", texts[i].text);
}

gboolean program_wants_help(char **arguments, const char *command)
{
	for (char **argument = arguments; *argument; argument++) {
		if (g_str_equal(*argument, "--help") || g_str_equal(*argument, "-h")) {
			program_print_help(command);
			return TRUE;
		}
	}
	return FALSE;
}

int command_help(char **arguments)
{
	const char *command = *arguments && **arguments != '-' ? *arguments : NULL;

	if (*arguments && g_str_equal(*arguments, "--version"))
		g_print("tessera %s\n", TESSERA_VERSION);
	else
		program_print_help(command);
	return 0;
}
