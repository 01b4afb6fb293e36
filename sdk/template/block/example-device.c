/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An example of a medium's back end: a disk in memory, which starts empty and is part of the saved
 * state. A real one would give `work` to tessera.worker/1, which reads and writes a file on another
 * thread.
 */
#include <stdlib.h>
#include <tessera/tessera.h>

#define SECTOR_BYTES 512u

struct device {
	const struct tsr_host *host;
	const struct tsr_worker *worker;
	uint8_t *contents;
	uint64_t length; /* bytes */
};

struct job {
	struct device *device;
	struct tsr_block_request *request;
};

/* -- Requests */

static void device_transfer(struct device *d, const struct tsr_block_request *r)
{
	const struct tsr_block_segment whole = { r->buffer, r->length };
	const struct tsr_block_segment *segments = r->buffer ? &whole : r->segments;
	unsigned count = r->buffer ? 1 : r->segment_count;
	uint8_t *at = d->contents + r->offset;

	for (unsigned i = 0; i < count; i++) {
		if (r->op == TSR_BLOCK_READ)
			memcpy(segments[i].base, at, segments[i].length);
		else
			memcpy(at, segments[i].base, segments[i].length);
		at += segments[i].length;
	}
}

static enum tsr_block_status device_execute(struct device *d, const struct tsr_block_request *r)
{
	if (r->op == TSR_BLOCK_FLUSH)
		return TSR_BLOCK_OK;
	if (r->offset > d->length || r->length > d->length - r->offset)
		return TSR_BLOCK_OUT_OF_RANGE;
	if (r->op == TSR_BLOCK_DISCARD)
		memset(d->contents + r->offset, 0, r->length);
	else
		device_transfer(d, r);
	return TSR_BLOCK_OK;
}

static void on_job_done(void *data)
{
	struct job job = *(struct job *)data;

	free(data);
	job.request->done(job.request, device_execute(job.device, job.request));
}

/* -- tessera.block/1 */

static void device_info(void *self, struct tsr_block_info *info)
{
	const struct device *d = self;

	tsr_struct_fill(info, &(struct tsr_block_info){ .size = sizeof(*info),
							.present = true,
							.length = d->length });
}

/* A request never completes from in here. */
static void device_submit(void *self, struct tsr_block_request *request)
{
	struct device *d = self;
	struct job *job = malloc(sizeof(*job));

	if (!job)
		abort();
	*job = (struct job){ d, request };
	d->worker->submit(d->host, NULL, on_job_done, job, true);
}

static void device_listen(void *self, void (*changed)(void *user), void *user)
{
}

static bool device_eject(void *self, bool eject)
{
	return false;
}

static void device_lock(void *self, bool locked)
{
}

static void device_drain(void *self)
{
	struct device *d = self;

	d->worker->drain(d->host);
}

static const struct tsr_block device_block = {
	.size = sizeof(device_block),
	.info = device_info,
	.submit = device_submit,
	.listen = device_listen,
	.eject = device_eject,
	.lock = device_lock,
	.drain = device_drain,
};

/* -- Life cycle */

static bool device_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	const struct tsr_properties *properties = host->get(host, TSR_PROPERTIES);
	struct device *d = self;

	d->host = host;
	d->worker = host->get(host, TSR_WORKER);
	d->length = (uint64_t)properties->get_int(host, "size") / SECTOR_BYTES * SECTOR_BYTES;
	d->contents = calloc(1, d->length);
	return d->contents ||
	       tsr_error_set(error, TSR_ERROR_FAILED, "size: there is no memory for it");
}

static void device_detach(void *self)
{
	struct device *d = self;

	free(d->contents);
}

static void device_save(void *self, struct tsr_state_writer *out)
{
	struct device *d = self;

	tsr_state_put_bytes(out, "contents", d->contents, d->length);
}

static bool device_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct device *d = self;

	if (!tsr_state_get_bytes(in, "contents", d->contents, d->length))
		return tsr_error_set(
			error, TSR_ERROR_CONFLICT,
			"the saved state has a disk of another size; set size as it was");
	return true;
}

static const void *device_get_interface(void *self, const char *interface)
{
	return strcmp(interface, TSR_BLOCK) == 0 ? &device_block : NULL;
}

static const struct tsr_device_class device_class = {
	.size = sizeof(device_class),
	.instance_size = sizeof(struct device),
	.attach = device_attach,
	.detach = device_detach,
	.save = device_save,
	.load = device_load,
	.get_interface = device_get_interface,
};

TSR_DEVICE_PLUGIN(device_class);
