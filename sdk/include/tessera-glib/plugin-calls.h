/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For a program that runs machines: which call into a plugin is under way, as a text such as
 * "bad0.attach (acme-lpt 1.0.0)". The library installs no signal handler itself; the program
 * `tessera` uses these functions to name the plugin in which it crashes, exits or hangs.
 */
#ifndef TESSERA_GLIB_PLUGIN_CALLS_H
#define TESSERA_GLIB_PLUGIN_CALLS_H

#include <glib.h>
#include <tessera/abi.h>

G_BEGIN_DECLS

/**
 * tsr_plugin_calls_describe: (skip)
 * @code: (nullable): where the calling thread was when a signal came; %NULL: not known
 * @text: where to write; it always ends with 0
 * @size: of @text, bytes; 512 are enough
 *
 * Names the call into a plugin that the calling thread is in, and, if @code is in a plugin's
 * library, where. Async-signal-safe, so that handlers of signals can call it. [any]
 *
 * Returns: %FALSE if no plugin is concerned; @text is then empty
 */
TSR_EXPORT gboolean tsr_plugin_calls_describe(const void *code, char *text, gsize size);

/**
 * tsr_plugin_calls_list: (skip)
 * @text: where to write; it always ends with 0
 * @size: of @text, bytes
 *
 * Names the calls into plugins that all threads are in, with commas between; a processor that runs
 * its guest only if there is no other. It is for a process
 * that is about to end, because instances may be freed meanwhile. Async-signal-safe. [any]
 *
 * Returns: %FALSE if there is none; @text is then empty
 */
TSR_EXPORT gboolean tsr_plugin_calls_list(char *text, gsize size);

/**
 * tsr_plugin_calls_find_slow: (skip)
 * @looks: how often a call must have been seen
 * @text: where to write; it always ends with 0
 * @size: of @text, bytes
 *
 * Looks which calls into plugins are under way, and names one that this function has now seen
 * @looks times in a row. It names each call once. A processor that runs its guest is never named.
 * Called now and then, by one thread only. [any]
 *
 * Returns: %FALSE if there is none; @text is then empty
 */
TSR_EXPORT gboolean tsr_plugin_calls_find_slow(guint looks, char *text, gsize size);

G_END_DECLS

#endif
