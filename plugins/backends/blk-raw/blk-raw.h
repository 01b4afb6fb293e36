/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Raw images and block devices: the instance, the medium in it, and the overlay of a nonpersistent
 * medium. */
#ifndef BLK_RAW_H
#define BLK_RAW_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/uio.h>

#include <tessera/draft/disk-layer.h>
#include <tessera/draft/files.h>
#include <tessera/tessera.h>

#define SECTOR 512u
#define SEGMENTS_MAX 512u /* of one request (block.h) */

/* Functions that move data return 0, a positive error number of the host, or this: the file ends
 * before the place where it ended when it was opened. */
#define MEDIUM_SHRUNK (-1)
/* For the user. [any] */
const char *medium_reason(int error);

struct medium;

/* Locks a file for one writer or many readers, until it is closed. */
bool medium_lock_file(int fd, const char *path, bool writer, struct tsr_error *error);

/* -- A sparse file with the written sectors at their own offsets, and one bit per sector that says
 * which. It has no name, or it is a layer (layer.c), which is kept. */
struct overlay {
	struct overlay_files *files; /* that fd goes back to; NULL: a layer */
	struct layer *layer;         /* NULL: a file without a name */
	struct overlay *below;       /* holds what this one does not; NULL: the medium's file */
	pthread_mutex_t lock;        /* over everything below and the file's contents */
	int fd;
	uint64_t data_at;     /* where the sectors start in the file */
	uint64_t length;      /* bytes of the medium */
	uint8_t *bits;        /* mapped without reserve: only touched pages exist */
	size_t bits_length;   /* bytes */
	uint64_t written;     /* sectors with their bit set */
	bool no_cached_reads; /* as of struct medium, of this file */
};

/* Files without a name, for as many overlays as an instance has at a time: one in use, one that a
 * change of media or a load makes, one that requests under way still use. They are made when the
 * instance is, because a process in its jail makes none. [locked] */
#define OVERLAY_FILES 3
struct overlay_files {
	int fd[OVERLAY_FILES]; /* -1: none, or in use */
	int error;             /* why the last one was not made */
};
void overlay_files_open(struct overlay_files *files);
void overlay_files_close(struct overlay_files *files);

struct overlay *overlay_create(struct overlay_files *files, uint64_t length,
			       struct tsr_error *error);
/* Without a file; NULL: out of memory. */
struct overlay *overlay_new(uint64_t length);
/* With all that is below it. */
void overlay_destroy(struct overlay *o);
/* `base`, the medium that the overlay is of, holds what the overlay does not. [any] */
int overlay_read(struct overlay *o, struct medium *base, uint64_t offset, void *to,
		 uint64_t length);
/* The same without ever waiting, for the disk or for another thread: false when that would be
 * needed. */
bool overlay_read_cached(struct overlay *o, struct medium *base, uint64_t offset, void *to,
			 uint64_t length);
int overlay_write(struct overlay *o, uint64_t offset, const void *from, uint64_t length);
void overlay_save(struct overlay *o, struct tsr_state_writer *out);
bool overlay_load(struct overlay *o, struct tsr_state_reader *in, struct tsr_error *error);

/* -- Layers: overlays in files of the format of disk-layer.h (layer.c) */

/* Takes the descriptor, also if it fails. The name is for messages; boot is the host's, all zero if
 * it is not known. */
struct overlay *layer_open(int fd, bool writable, const uint8_t boot[TSR_LAYER_ID],
			   const char *name, struct tsr_error *error);
/* A layer's file and, read-only, those of its parents in the same folder. fd: of `path`, is taken;
 * -1: open it. */
struct overlay *layer_open_chain(const char *path, int fd, bool writable,
				 const uint8_t boot[TSR_LAYER_ID], struct tsr_error *error);
const struct tsr_layer_head *layer_head(const struct overlay *o);
unsigned layer_depth(const struct overlay *o);
/* What follows is of a writable layer. Marks sectors as written, in the file, too. 0 or an error.
 * [lock] */
int layer_mark(struct overlay *o, uint64_t first, uint64_t end);
/* All that was written before is on stable storage then. 0 or an error. [any] */
int layer_flush(struct overlay *o);
/* After a flush: no more writes follow, or again some do. 0 or an error. */
int layer_set_clean(struct overlay *o, bool clean);
/* By what a state knows the layer's contents, until they are written; zeros: not any more. On
 * stable storage. 0 or an error. */
int layer_set_generation(struct overlay *o, const uint8_t generation[TSR_LAYER_ID],
			 uint64_t time_ns);
const struct tsr_layer_use *layer_use(const struct overlay *o);
void layer_free(struct layer *l);
/* The host's boot: what is in its memory is there while this is the same. */
void layer_get_boot(uint8_t boot[TSR_LAYER_ID]);

/* -- A medium: an open file. Shared by the instance and by the requests that are under way. */
struct medium {
	unsigned references; /* [locked] */
	unsigned stuck;      /* jobs that were given up while a thread was in them [locked] */
	unsigned faults;     /* bit per enum tsr_block_op: "fault" was emitted [locked] */
	int fd;              /* what is written: the topmost layer's file, or the same as base_fd */
	int base_fd;         /* the file that the user named */
	bool read_only;
	bool nonpersistent;
	bool no_cached_reads;    /* the file system cannot tell whether a read would wait */
	bool regular;            /* a file, not a block device */
	uint64_t size;           /* bytes of the file when it was opened */
	uint64_t length;         /* the same, rounded up to a sector */
	char *path;              /* canonical */
	struct overlay *overlay; /* nonpersistent or with layers, else NULL */
	pthread_mutex_t flush_lock;
	int flush_error;    /* of the first flush that failed, 0: none [flush_lock] */
	atomic_bool sealed; /* nothing was written since a state was saved (identity.c) */
};

struct medium_options {
	const char *path, *format;
	int fd; /* the open file, which becomes the medium's or is closed; -1: open the path */
	const char *layer; /* the topmost; "": none */
	const uint8_t *boot;
	bool read_only, nonpersistent;
	struct overlay_files *overlay_files; /* for nonpersistent */
};

/* Opens, checks and locks; NULL with error, and nothing is left behind. */
struct medium *medium_open(const struct medium_options *options, struct tsr_error *error);
/* Puts a layer above all, or takes the empty top away if `path` is the layer below it or "". fd: of
 * path, is taken; -1: open it. No request is under way. [locked] */
bool medium_set_layer(struct medium *m, const char *path, int fd, const uint8_t boot[TSR_LAYER_ID],
		      struct tsr_error *error);
/* The topmost layer with something in it: the medium has its contents; NULL: the file's. */
const struct overlay *medium_contents(const struct medium *m);
/* Whether there are layers of snapshots. */
bool medium_has_layers(const struct medium *m);
/* Without layers: lets other programs have the file, and takes it back. False and error: one of
 * them has it. */
void medium_unlock(struct medium *m);
bool medium_lock(struct medium *m, struct tsr_error *error);
struct medium *medium_ref(struct medium *m);
void medium_unref(struct medium *m);
/* I/O for worker threads: 0 or an error. Reads of the last sector give zeros beyond the file's
 * size. */
int medium_read(struct medium *m, uint64_t offset, const struct iovec *pieces, unsigned count);
/* The same without ever waiting: false when some of it is not in the host's memory. */
bool medium_read_cached(struct medium *m, uint64_t offset, const struct iovec *pieces,
			unsigned count, uint64_t length);
/* What both are made of, for one file. Sets *cannot if its file system cannot tell. */
bool file_read_cached(int fd, bool *cannot, uint64_t offset, const struct iovec *pieces,
		      unsigned count, uint64_t length);
int medium_write(struct medium *m, uint64_t offset, const struct iovec *pieces, unsigned count);
/* Once it has failed it always fails, until the file is opened anew. */
int medium_flush(struct medium *m);
/* The same for all that belongs to the file, its times and attributes too. */
int medium_sync(struct medium *m);
int medium_discard(struct medium *m, uint64_t offset, uint64_t length);

/* -- What a medium's contents are known by (identity.c) */

void identity_open(struct medium *m);
/* Called before each write. [any] */
void identity_before_write(struct medium *m);
/* A state is about to be saved: puts all on stable storage, with a generation. 0 or an error. */
int identity_seal(struct medium *m);
/* False: see errno. */
bool identity_put(const struct medium *m, struct tsr_state_writer *out);
/* As `recognize` of block.h. Writes a `warning` of at most `room` bytes, if something differs that
 * does no harm. */
bool identity_check(const struct medium *m, struct tsr_state_reader *in, char *warning, size_t room,
		    struct tsr_error *error);

/* -- The instance */
struct job;

struct blk_raw {
	const struct tsr_host *host;
	const struct tsr_properties *properties;
	const struct tsr_worker *worker;
	const struct tsr_log *log;
	const struct tsr_bus *bus;
	const struct tsr_files *files; /* NULL: this core has none */
	struct overlay_files overlay_files;
	uint8_t boot[TSR_LAYER_ID];
	struct medium *medium; /* NULL: none */
	bool tray_open;        /* the guest ejected; the medium is still ours */
	bool locked;
	uint32_t generation;
	void (*changed)(void *user);
	void *changed_user;
	struct job *free_jobs;
	struct job *under_way;         /* handed to the workers, also those that were given up */
	struct job *waiting;           /* for a medium that is stuck, oldest first */
	const struct tsr_clock *clock; /* NULL: this core has none */
	uint64_t active_ns;            /* when "activity" was last emitted, in guest time */
};

void blk_raw_submit(struct blk_raw *b, struct tsr_block_request *request);
/* What `op` on the medium came to, as an event and as a property. [locked] */
void blk_raw_report_fault(struct blk_raw *b, struct medium *m, enum tsr_block_op op, int error);
/* Ends all requests with an error. Their memory is not touched any more. [locked] */
void blk_raw_give_up(struct blk_raw *b);
void blk_raw_free_jobs(struct blk_raw *b);

#endif
