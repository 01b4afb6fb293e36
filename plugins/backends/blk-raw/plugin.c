/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tessera.block/1 on a raw image or a block device of the host. The file given is the only one that
 * is ever opened, and it is opened for writing only if its writes are to be kept. Reads and writes
 * run on worker threads; a flush is fdatasync.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "blk-raw.h"

static void tell_changed(struct blk_raw *b, const char *what)
{
	b->generation++;
	b->bus->emit(b->host, "media-changed", what);
	if (b->changed)
		b->changed(b->changed_user);
}

/* -- tessera.block/1 */

static void block_info(void *self, struct tsr_block_info *info)
{
	struct blk_raw *b = self;
	bool present = b->medium && !b->tray_open;

	tsr_struct_fill(info, &(struct tsr_block_info){
				      .size = sizeof(*info),
				      .present = present,
				      .read_only = present && b->medium->read_only,
				      .length = present ? b->medium->length : 0,
				      .generation = b->generation,
			      });
}

static void block_submit(void *self, struct tsr_block_request *request)
{
	blk_raw_submit(self, request);
}

static void block_listen(void *self, void (*changed)(void *user), void *user)
{
	struct blk_raw *b = self;

	b->properties->set_string(b->host, "removable", "true");
	b->changed = changed;
	b->changed_user = user;
}

static bool block_eject(void *self, bool eject)
{
	struct blk_raw *b = self;

	if (eject && b->locked)
		return false;
	if (eject == b->tray_open)
		return true;
	b->tray_open = eject;
	tell_changed(b, eject ? "ejected" : b->medium ? b->medium->path : "");
	return true;
}

static void block_lock(void *self, bool locked)
{
	struct blk_raw *b = self;

	b->locked = locked;
}

static void block_drain(void *self)
{
	blk_raw_give_up(self);
}

static void block_seal(void *self, struct tsr_state_writer *out)
{
	struct blk_raw *b = self;
	char why[480];
	int error;

	if (!b->medium)
		return;
	error = identity_seal(b->medium);
	if (error)
		blk_raw_report_fault(b, b->medium, TSR_BLOCK_FLUSH, error);
	else if (identity_put(b->medium, out))
		return;
	snprintf(why, sizeof(why), "%s: flushing: %s", b->medium->path,
		 medium_reason(error ? error : errno));
	tsr_state_fail(out, why);
}

/* That one of them has no medium is for `load` to refuse. */
static bool block_recognize(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct blk_raw *b = self;
	char warning[480] = "";
	bool good;

	if (!b->medium || in->ops->length(in, "path") < 0)
		return true;
	good = identity_check(b->medium, in, warning, sizeof(warning), error);
	if (warning[0])
		tsr_log_at(b->log, b->host, TSR_LOG_WARNING, "%s", warning);
	return good;
}

static const struct tsr_block block_table = {
	.size = sizeof(block_table),
	.info = block_info,
	.submit = block_submit,
	.listen = block_listen,
	.eject = block_eject,
	.lock = block_lock,
	.drain = block_drain,
	.seal = block_seal,
	.recognize = block_recognize,
};

/* -- The medium */

/* A later version is to find the file open, in a jail too. */
static void keep_file(const struct blk_raw *b)
{
	if (b->files && TSR_HAS(b->files, keep))
		b->files->keep(b->host, "file", b->medium ? b->medium->base_fd : -1);
}

/* Leaves *medium NULL for an empty `file`. layer: the topmost one above it; "": none. */
static bool insert(struct blk_raw *b, const char *layer, struct medium **medium,
		   struct tsr_error *error)
{
	const struct tsr_properties *p = b->properties;
	struct medium_options options = {
		.path = p->get_string(b->host, "file"),
		.format = p->get_string(b->host, "format"),
		.layer = layer,
		.boot = b->boot,
		.read_only = p->get_bool(b->host, "read-only"),
		.nonpersistent = !strcmp(p->get_string(b->host, "mode"), "nonpersistent"),
		.overlay_files = &b->overlay_files,
		.fd = b->files ? b->files->take(b->host, "file") : -1,
	};

	*medium = NULL;
	if (!options.path[0] && options.fd >= 0)
		close(options.fd);
	if (!options.path[0])
		return true;
	if (!strcmp(p->get_string(b->host, "mode"), "undoable") && !layer[0]) {
		if (options.fd >= 0)
			close(options.fd);
		return tsr_error_set(
			error, TSR_ERROR_INVALID,
			"mode=undoable needs a machine with a folder of its own, whose "
			"manifest names this disk and the mode; start it with `tessera "
			"run FILE.machine`");
	}
	*medium = medium_open(&options, error);
	return *medium != NULL;
}

/* The user puts another medium in, or none. Requests under way keep the old one until they are
 * done. */
static bool on_file_changed(void *self, const char *name, struct tsr_error *error)
{
	struct blk_raw *b = self;
	struct medium *medium;

	if (b->locked && b->medium && !b->tray_open)
		return tsr_error_set(error, TSR_ERROR_CONFLICT,
				     "the guest has locked the medium in its drive; eject it in "
				     "the guest first");
	if (!insert(b, "", &medium, error))
		return false;
	b->properties->set_string(b->host, "layer", "");
	medium_unref(b->medium);
	b->medium = medium;
	keep_file(b);
	b->tray_open = false;
	b->properties->set_string(b->host, "fault", "");
	tell_changed(b, medium ? medium->path : "");
	return true;
}

/* While the guest does not run: a snapshot of the disk is taken, or could not be. */
static bool on_layer_changed(void *self, const char *name, struct tsr_error *error)
{
	struct blk_raw *b = self;
	int fd = b->files ? b->files->take(b->host, "layer") : -1;

	if (b->medium && !b->under_way && !b->waiting)
		return medium_set_layer(b->medium, b->properties->get_string(b->host, "layer"), fd,
					b->boot, error);
	if (fd >= 0)
		close(fd);
	return tsr_error_set(error, TSR_ERROR_CONFLICT,
			     b->medium ? "the disk is busy" : "there is no medium");
}

/* -- Life cycle */

/* A write beyond the limit of `ulimit -f` is to fail with EFBIG and become an error of the guest's
 * disk; the signal that comes with it would end the machine. */
static void ignore_sigxfsz(void)
{
	struct sigaction action;

	if (!sigaction(SIGXFSZ, NULL, &action) && action.sa_handler == SIG_DFL)
		signal(SIGXFSZ, SIG_IGN);
}

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct blk_raw *b = self;

	b->host = host;
	b->overlay_files = (struct overlay_files){ { -1, -1, -1 }, 0 };
	b->properties = host->get(host, TSR_PROPERTIES);
	b->worker = host->get(host, TSR_WORKER);
	b->log = host->get(host, TSR_LOG);
	b->bus = host->get(host, TSR_BUS);
	b->files = host->get(host, TSR_FILES);
	b->clock = host->get(host, TSR_CLOCK);
	ignore_sigxfsz();
	if (!strcmp(b->properties->get_string(host, "mode"), "nonpersistent"))
		overlay_files_open(&b->overlay_files);
	layer_get_boot(b->boot);
	if (!insert(b, b->properties->get_string(host, "layer"), &b->medium, error))
		return false;
	keep_file(b);
	b->properties->on_change(host, "file", on_file_changed, b);
	b->properties->on_change(host, "layer", on_layer_changed, b);
	return true;
}

static void detach(void *self)
{
	struct blk_raw *b = self;

	if (b->worker)
		b->worker->drain(b->host);
	blk_raw_free_jobs(b);
	medium_unref(b->medium);
	b->medium = NULL;
	overlay_files_close(&b->overlay_files);
}

/* -- Live upgrade. Jobs are done by now. */

static bool quiesce(void *self, struct tsr_error *error)
{
	struct blk_raw *b = self;

	if (b->under_way || b->waiting)
		return tsr_error_set(error, TSR_ERROR_FAILED,
				     "requests are under way; try again later");
	if (b->medium && medium_has_layers(b->medium))
		return tsr_error_set(
			error, TSR_ERROR_FAILED,
			"its disk has snapshots, whose files no second version can open");
	if (b->medium)
		medium_unlock(b->medium);
	return true;
}

static void resume(void *self)
{
	struct blk_raw *b = self;
	struct tsr_error error;

	if (b->medium && !medium_lock(b->medium, &error))
		tsr_log_at(b->log, b->host, TSR_LOG_ERROR, "%s", error.message);
}

/* After a reset nothing that was begun before it may still reach the guest's memory. */
static void reset(void *self, enum tsr_reset kind)
{
	if (kind != TSR_RESET_SOFT)
		blk_raw_give_up(self);
}

/* -- State: which medium it was, and what a nonpersistent one holds. Requests are their drive's to
 * do again. */

static void save(void *self, struct tsr_state_writer *out)
{
	struct blk_raw *b = self;
	const struct medium *m = b->medium;

	tsr_state_put_bool(out, "tray-open", b->tray_open);
	tsr_state_put_bool(out, "locked", b->locked);
	tsr_state_put_u32(out, "generation", b->generation);
	tsr_state_put_bytes(out, "path", m ? m->path : "", m ? strlen(m->path) : 0);
	tsr_state_put_u64(out, "length", m ? m->length : 0);
	tsr_state_put_bool(out, "nonpersistent", m && m->nonpersistent);
	if (m && m->nonpersistent)
		overlay_save(m->overlay, out);
}

/* A saved path is only compared: a state file must not make us open a file that the user did not
 * give. States of version 1 have nothing else to know a medium by. */
static bool same_medium(struct blk_raw *b, struct tsr_state_reader *in, struct tsr_error *error)
{
	const struct medium *m = b->medium;
	char path[4096] = "";
	uint64_t length = 0;
	bool nonpersistent = false;
	int64_t path_length = in->ops->length(in, "path");

	if (path_length < 0 || path_length >= (int64_t)sizeof(path) ||
	    !tsr_state_get_bytes(in, "path", path, (size_t)path_length) ||
	    !tsr_state_get_u64(in, "length", &length) ||
	    !tsr_state_get_bool(in, "nonpersistent", &nonpersistent))
		return tsr_state_damaged(error, "the medium");
	if (in->version < 2 ? strcmp(path, m ? m->path : "") != 0 : !path[0] != !m)
		return tsr_error_set(error, TSR_ERROR_CONFLICT,
				     "the state was saved with %s in it, not %s; give it that file",
				     path[0] ? path : "no medium", m ? m->path : "none");
	if (m && length != m->length)
		return tsr_error_set(error, TSR_ERROR_CONFLICT,
				     "%s had %llu bytes when the state was saved and has %llu now",
				     path, (unsigned long long)length,
				     (unsigned long long)m->length);
	if (nonpersistent != (m && m->nonpersistent))
		return tsr_error_set(error, TSR_ERROR_CONFLICT, "the state was saved with mode=%s",
				     nonpersistent ? "nonpersistent" : "persistent");
	return true;
}

static bool load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct blk_raw *b = self;
	struct overlay *overlay = NULL;

	if (!same_medium(b, in, error))
		return false;
	if (b->medium && b->medium->nonpersistent) {
		overlay = overlay_create(&b->overlay_files, b->medium->length, error);
		if (!overlay)
			return false;
		if (!overlay_load(overlay, in, error)) {
			overlay_destroy(overlay);
			return false;
		}
		overlay->below = b->medium->overlay->below;
		b->medium->overlay->below = NULL;
		overlay_destroy(b->medium->overlay);
		b->medium->overlay = overlay;
	}
	return (tsr_state_get_bool(in, "tray-open", &b->tray_open) &&
		tsr_state_get_bool(in, "locked", &b->locked) &&
		tsr_state_get_u32(in, "generation", &b->generation)) ||
	       tsr_state_damaged(error, "the tray");
}

static const void *get_interface(void *self, const char *interface)
{
	return strcmp(interface, TSR_BLOCK) ? NULL : &block_table;
}

static const struct tsr_device_class device_class = {
	.size = sizeof(device_class),
	.instance_size = sizeof(struct blk_raw),
	.attach = attach,
	.detach = detach,
	.reset = reset,
	.save = save,
	.load = load,
	.get_interface = get_interface,
	.quiesce = quiesce,
	.resume = resume,
};

TSR_DEVICE_PLUGIN(device_class);
