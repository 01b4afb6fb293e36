/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What --help prints. The man pages (docs/man) say the same at length. */
#include <string.h>

#include "program/program.h"

static const struct {
	const char *command; /* NULL: of the program */
	const char *text;
} texts[] = {
	{ NULL, "usage: tessera COMMAND [ARGUMENTS]\n"
		"\n"
		"  run [MACHINE] [OPTIONS]   start a machine and wait until it has ended\n"
		"  plugins list              the installed plugins, and those that are rejected\n"
		"  plugins inspect ID        one plugin: properties, needs, resources\n"
		"  machines                  the installed machines\n"
		"  ctl SOCKET COMMAND        control a machine that was started with --control "
		"unix:SOCKET\n"
		"  view SOCKET               open a window of such a machine\n"
		"  demo                      boot a small Linux in a window or on the terminal\n"
		"\n"
		"`tessera COMMAND --help` describes a command. Exit status: 0 the guest powered "
		"off, 1 the "
		"machine failed,\n"
		"2 wrong usage, 3 the guest stopped in error, 124 the time limit ran out.\n" },
	{ "run",
	  "usage: tessera run [FILE.machine | NAME] [OPTIONS]\n"
	  "\n"
	  "Without a machine, the preset `pc` is started. Options of the program:\n"
	  "  --timeout SECONDS         stop after this time, with exit status 124\n"
	  "  --control unix:PATH       serve a control socket for `tessera ctl`\n"
	  "  --hold                    let a client of the control socket start the machine, and "
	  "stay until the last\n"
	  "                            client has left\n"
	  "  --set NAME.PROPERTY=VALUE set a property of an instance of the machine\n"
	  "  --load FILE               resume from a saved state\n"
	  "  --force-medium            load it although a disk was written since\n"
	  "  --trust                   the machine's manifest may name files outside of its "
	  "folder\n"
	  "  --exit-on-reset           a reset by the guest ends the run\n"
	  "  --no-jail                 the process keeps all rights of its user\n"
	  "  --stats                   print counters at the end\n"
	  "  --hash                    print the SHA-256 of the machine's state at the end\n"
	  "Options of the presets:\n"
	  "  --memory SIZE             memory of the guest; default 512M\n"
	  "  --cpu PLUGIN[,KEY=VALUE…] another processor plugin, or properties of the processor\n"
	  "  --bios FILE               another ROM instead of the BIOS\n"
	  "  --kernel FILE, --initrd FILE, --append TEXT\n"
	  "                            boot a Linux kernel without a disk\n"
	  "  --disk FILE[,format=raw][,mode=persistent|nonpersistent]\n"
	  "                            a hard disk; up to three\n"
	  "  --cdrom FILE              a disc in the CD-ROM drive\n"
	  "  --boot disk|cdrom         what the BIOS tries to boot first\n"
	  "  --nic none|user[,hostfwd=tcp:HOST:PORT-:PORT]\n"
	  "                            the network: none, or NAT without root (the default)\n"
	  "  --serial stdio|file:F|pty|unix:F|none\n"
	  "                            a serial port; on a terminal Ctrl-A x quits\n"
	  "  --ui gtk|none             a window, or none; default: a window if there is a "
	  "display\n"
	  "  --debugcon file:F[,port=N], --debug-exit port=N\n"
	  "                            ports for guest programs that are being developed\n"
	  "A machine may have other options, which its manifest lists. SIGINT and SIGTERM "
	  "stop the machine (exit status 130 and 143).\n" },
	{ "plugins", "usage: tessera plugins list\n"
		     "       tessera plugins inspect ID | 'ID >=1.2,<2'\n"
		     "\n"
		     "Looks for plugins in the build tree, TESSERA_PLUGIN_PATH, "
		     "~/.local/share/tessera/plugins "
		     "and the system's folder. Reads the\n"
		     "manifests only; no code of a plugin runs.\n" },
	{ "machines",
	  "usage: tessera machines\n"
	  "\n"
	  "Lists the machines that `tessera run` finds by name. Looks for them in the build "
	  "tree, TESSERA_MACHINE_PATH,\n"
	  "~/.local/share/tessera/machines and the system's folder.\n" },
	{ "ctl",
	  "usage: tessera ctl SOCKET COMMAND [ARGUMENTS]\n"
	  "\n"
	  "  status [--json]           print state, running time, media, networks, and faults of "
	  "the "
	  "host's disk\n"
	  "  pause, resume, reset, quit\n"
	  "  screenshot FILE.png [DISPLAY]\n"
	  "  text [DISPLAY]            print the characters on a text screen\n"
	  "  type TEXT                 type ASCII characters; \\n is Enter, \\t Tab\n"
	  "  key NAMES…                press keys: enter, f1, ctrl-alt-delete, …\n"
	  "  move DX DY [BUTTONS]      move the mouse; buttons: 1 left, 2 right, 4 middle\n"
	  "  place X Y [BUTTONS]       place an absolute pointer, 0 to 65535 over the screen\n"
	  "  insert INSTANCE FILE      put a medium into a drive's back end\n"
	  "  eject INSTANCE            take the medium out\n"
	  "  get INSTANCE.PROPERTY, set INSTANCE.PROPERTY=VALUE\n"
	  "  save FILE                 write the machine's state\n"
	  "  stats                     print counters\n"
	  "  tap LINE [off]            report changes of a line INSTANCE:RESOURCE or "
	  "PROVIDER:INPUT\n"
	  "  watch                     print signals until the machine has ended\n"
	  "  wait                      wait until the machine has ended; exit with its status\n"
	  "  introspect                print the D-Bus interface as XML\n" },
	{ "view",
	  "usage: tessera view SOCKET [OPTIONS]\n"
	  "\n"
	  "Opens a window of a machine that was started with --control unix:SOCKET. Any number "
	  "of windows may come and go;\n"
	  "closing one leaves the machine as it is.\n"
	  "  --plugin ID               another user interface than the machine's; \"ID >=1.2\" "
	  "for versions\n"
	  "  --set PROPERTY=VALUE      a property of the user interface: `tessera plugins inspect "
	  "ui-gtk` lists them\n"
	  "  --start                   switch a machine on that was not started yet, once the "
	  "window is open\n"
	  "  --own                     closing the window powers the machine off, after a "
	  "question\n" },
	{ "demo",
	  "usage: tessera demo [OPTIONS OF run]\n"
	  "\n"
	  "Boots a small Linux: in a window if there is a display, otherwise on the terminal "
	  "(Ctrl-A x quits).\n" },
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
