/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What --help prints. The man pages (docs/man) say the same at length. */
#include <string.h>

#include "program/program.h"

static const struct {
	const char *command; /* NULL: of the program */
	const char *text;
} texts[] = {
	{ NULL,
	  "usage: tessera COMMAND [ARGUMENTS]\n"
	  "\n"
	  "  run [MACHINE] [OPTIONS]   start a machine and wait until it has ended\n"
	  "  plugins list              the installed plugins, and those that are rejected\n"
	  "  plugins inspect ID        one plugin: properties, needs, resources\n"
	  "  machines                  the installed machines\n"
	  "  lock MACHINE              write down the plugins and firmware that a machine is made "
	  "of, and allow no others\n"
	  "  why MACHINE               why a machine is made of the plugins that it is made of\n"
	  "  parts MACHINE             the parts of a machine, and what is wrong with them\n"
	  "  hardware FILE.machine     change them, in a window\n"
	  "  bundle MACHINE FOLDER     copy a machine with all that it needs into a folder that "
	  "runs "
	  "by itself\n"
	  "  ctl SOCKET COMMAND        control a machine that was started with --control "
	  "unix:SOCKET\n"
	  "  snapshot MACHINE COMMAND  keep a machine as it is, and go back to it\n"
	  "  import FILE [FOLDER]      make a machine of one of another program, or of a disk of "
	  "it\n"
	  "  view SOCKET               open a window of such a machine\n"
	  "  monitor SOCKET [PATTERN]  show what crosses the borders of its devices\n"
	  "  demo                      boot a small Linux in a window or on the terminal\n"
	  "  sdk COMMAND               for authors of plugins: make one, check one\n"
	  "\n"
	  "Without a command, on a display, it opens the library of machines.\n"
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
	  "  --add NAME=PLUGIN[,KEY=VALUE…]\n"
	  "                            one more instance: connect.NEED=INSTANCE, address=DD.F, "
	  "a property, …\n"
	  "  --lock FILE               make the machine of what `tessera lock` wrote into FILE; "
	  "none: of what fits\n"
	  "  --load FILE               resume from a saved state\n"
	  "  --force-medium            load it although a disk was written since\n"
	  "  --trust                   the machine's manifest may name files outside of its "
	  "folder\n"
	  "  --exit-on-reset           a reset by the guest ends the run\n"
	  "  --upgrades                the jail lets in other versions of plugins, for `tessera "
	  "ctl SOCKET upgrade`\n"
	  "  --no-jail                 the process keeps all rights of its user\n"
	  "  --stats                   print counters at the end\n"
	  "  --profile FILE            write where the guest's time went to FILE.txt, FILE.folded, "
	  "FILE.svg, FILE.json\n"
	  "  --symbols FILE[@ADDRESS]  with names from a System.map or an ELF file of the guest; "
	  "can be repeated\n"
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
	  "  --ui vnc[,listen=ADDRESS:PORT][,password-file=FILE]\n"
	  "                            the display for VNC viewers; default: 127.0.0.1:5900, no "
	  "password\n"
	  "  --ui web[,listen=ADDRESS:PORT]\n"
	  "                            the display in a browser, by noVNC; the address is "
	  "printed\n"
	  "  --debugcon file:F[,port=N], --debug-exit port=N\n"
	  "                            ports for guest programs that are being developed\n"
	  "A machine may have other options, which its manifest lists. SIGINT and SIGTERM "
	  "stop the machine (exit status 130 and 143).\n" },
	{ "plugins",
	  "usage: tessera plugins list [--json | --gvariant]\n"
	  "       tessera plugins inspect ID | 'ID >=1.2,<2'\n"
	  "       tessera plugins install FOLDER | ARCHIVE\n"
	  "       tessera plugins remove ID VERSION\n"
	  "\n"
	  "Looks for plugins in the build tree, TESSERA_PLUGIN_PATH, "
	  "~/.local/share/tessera/plugins "
	  "and the system's folder. Reads the\n"
	  "manifests only; no code of a plugin runs.\n"
	  "\n"
	  "install puts the plugins of a package, ID.plugin and what lies beside it, into "
	  "~/.local/share/tessera/plugins: all\n"
	  "of them, or none and the reason. An archive is tar, plain or with gzip, bzip2, xz or "
	  "zstd, or zip.\n"
	  "remove takes one away from there.\n" },
	{ "machines",
	  "usage: tessera machines\n"
	  "\n"
	  "Lists the machines that `tessera run` finds by name. Looks for them in the build "
	  "tree, TESSERA_MACHINE_PATH,\n"
	  "~/.local/share/tessera/machines and the system's folder.\n" },
	{ "lock",
	  "usage: tessera lock FILE.machine | NAME [--output FILE] [OPTIONS OF run]\n"
	  "\n"
	  "Writes FILE.lock: each instance's plugin with version and SHA-256, and firmware. While "
	  "it "
	  "lies beside the\n"
	  "machine, `tessera run` makes the machine of exactly that, or says what differs; "
	  "`--lock FILE` names another\n"
	  "lock, `--lock none` runs without. The lock of a preset is written into the working "
	  "directory. Slots are locked, too,\n"
	  "but not those that an option leaves empty (--ui none).\n"
	  "  --output FILE             another file; - is standard output\n" },
	{ "why", "usage: tessera why FILE.machine | NAME [OPTIONS OF run]\n"
		 "\n"
		 "Says for each instance of the machine which plugin of which version from which "
		 "folder it "
		 "is, who asks for it,\n"
		 "why no other version is used, and what was refused. No plugin is loaded.\n" },
	{ "parts",
	  "usage: tessera parts FILE.machine | NAME [--try] [--json | --gvariant] [OPTIONS OF "
	  "run]\n"
	  "\n"
	  "Prints each part of the machine with its plugin, version and connections, and what is "
	  "wrong with the machine.\n"
	  "  --try                     make it, too, up to its start, to find places that two "
	  "parts "
	  "claim; its back ends\n"
	  "                            use nothing of the host then\n"
	  "  --json, --gvariant        for programs: also keys as they are written, properties, "
	  "and "
	  "what the machine leaves\n"
	  "                            out; what is wrong is the field \"problem\"\n" },
	{ "hardware", "usage: tessera hardware FILE.machine | FOLDER\n"
		      "\n"
		      "Opens the library's editor of the machine's parts on the display.\n" },
	{ "bundle", "usage: tessera bundle FILE.machine | NAME FOLDER [OPTIONS OF run]\n"
		    "\n"
		    "Makes FOLDER, with the program, the machine's plugins, firmware and shared "
		    "libraries, its "
		    "manifests and the files\n"
		    "that they name beside themselves, its lock, and a list of all parts "
		    "(NAME.spdx.json, SPDX "
		    "2.3). FOLDER/run runs the\n"
		    "machine on a host where nothing of it is installed. Options leave out what is "
		    "not wanted "
		    "(--ui none).\n" },
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
	  "  upgrade INSTANCE [VERSION]  put another version of its plugin in its place "
	  "(run --upgrades)\n"
	  "  save FILE                 write the machine's state\n"
	  "  snapshot FOLDER take NAME [--note TEXT]\n"
	  "                            keep the machine in that folder as it is now; also list, "
	  "rename, note\n"
	  "  stats                     print counters\n"
	  "  profile start|stop        note where the guest's time goes, from now on; no more\n"
	  "  profile [FORMAT]          where it went: json, txt, folded, svg, tsv\n"
	  "  tap LINE [off]            report changes of a line INSTANCE:RESOURCE or "
	  "PROVIDER:INPUT\n"
	  "  watch                     print signals until the machine has ended\n"
	  "  wait                      wait until the machine has ended; exit with its status\n"
	  "  introspect                print the D-Bus interface as XML\n" },
	{ "snapshot",
	  "usage: tessera snapshot FOLDER | FILE.machine COMMAND\n"
	  "\n"
	  "  list [--json | --gvariant]\n"
	  "                            the snapshots, as a tree\n"
	  "  take NAME [--note TEXT]   keep the disks, and suspended.state if there is one, as "
	  "they "
	  "are now\n"
	  "  go NAME [--discard]       back to that; --discard: what was done since may be lost\n"
	  "  delete NAME               what is above it stays as it is: its changes are merged\n"
	  "  commit, discard           what was written to undoable disks (mode=undoable): for "
	  "good, or not at all\n"
	  "  rename NAME NEW-NAME, note NAME TEXT\n"
	  "  clone NAME FOLDER         a machine of its own that starts there, and shares the "
	  "files "
	  "of the disks\n"
	  "\n"
	  "Of a machine that is off; `tessera ctl SOCKET snapshot FOLDER take NAME` of one that "
	  "runs. A snapshot of a\n"
	  "running machine has its state, which goes on with `tessera run FILE.machine --load "
	  "suspended.state`.\n" },
	{ "import",
	  "usage: tessera import FILE [FOLDER]\n"
	  "\n"
	  "Makes a machine of FILE: a .vmx, .ovf or .ova; a disk image (qcow2, VMDK, VDI, VHD, "
	  "VHDX, raw); a folder with\n"
	  "one of these or with a machine of Tessera, or a .machine file. Its folder is made in "
	  "FOLDER, by default in that of\n"
	  "the library (~/Tessera), and printed. Disks are converted by qemu-img (package "
	  "qemu-utils); FILE stays as it is.\n" },
	{ "sdk", "usage: tessera sdk COMMAND [ARGUMENTS]\n"
		 "\n"
		 "For authors of plugins; `tessera sdk --help` lists the commands.\n" },
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
	  "question\n"
	  "  --no-jail                 the process keeps all rights of its user; with a window it "
	  "does anyway\n" },
	{ "monitor",
	  "usage: tessera monitor SOCKET [PATTERN…] [OPTIONS]\n"
	  "\n"
	  "Shows what crosses the borders of the devices of a machine that was started with "
	  "--control unix:SOCKET, a line an\n"
	  "event, until the machine has ended. Without a pattern, everything. Patterns:\n"
	  "  KIND                      ports, mmio, irq, dma, packets, block, chars, signal\n"
	  "  KIND:FROM[-TO]            ports, mmio, dma: addresses, hexadecimal: ports:3f8-3ff\n"
	  "  KIND:GLOB                 other kinds: a device; irq: an input, too: irq:pic0:4\n"
	  "  DEVICE[.WHAT]             a device, or a kind or a resource of it: nic0, nic0.irq, "
	  "uart*.regs\n"
	  "  !PATTERN                  not that\n"
	  "Options:\n"
	  "  --json                    an object of JSON a line\n"
	  "  --pcap FILE               write packets as pcapng, for Wireshark and tcpdump, and "
	  "print nothing without --json\n"
	  "  --graph FILE.dot|.svg     draw the machine's wiring with the rates of 5 seconds, or "
	  "of "
	  "--seconds; SVG needs graphviz\n"
	  "  --rates                   each second, how many events and bytes crossed each "
	  "connection and line\n"
	  "  --record DEVICE FILE      write all that crosses the border of one device, for "
	  "`tessera "
	  "sdk replay`, and print\n"
	  "                            nothing\n"
	  "  --limit MIB               of the recording, which then ends; default 256\n"
	  "  --start                   switch a machine on that was not started yet (run --hold)\n"
	  "  --seconds N               end after this time\n" },
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
