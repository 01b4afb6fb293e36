/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Raw images and block devices: the instance, the medium in it, and the overlay of a nonpersistent
 * medium. */
#ifndef BLK_RAW_H
#define BLK_RAW_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/uio.h>

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

/* -- A sparse anonymous file with the written sectors at their own offsets, and one bit per sector
 * that says which. */
struct overlay {
	struct overlay_files *files; /* that fd goes back to */
	pthread_mutex_t lock;        /* over everything below and the file's contents */
	int fd;
	uint64_t length;    /* bytes of the medium */
	uint8_t *bits;      /* mapped without reserve: only touched pages exist */
	size_t bits_length; /* bytes */
	uint64_t written;   /* sectors with their bit set */
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
void overlay_destroy(struct overlay *o);
/* `base`, the medium that the overlay is of, holds what the overlay does not. [any] */
int overlay_read(struct overlay *o, const struct medium *base, uint64_t offset, void *to,
		 uint64_t length);
int overlay_write(struct overlay *o, uint64_t offset, const void *from, uint64_t length);
void overlay_save(struct overlay *o, struct tsr_state_writer *out);
bool overlay_load(struct overlay *o, struct tsr_state_reader *in, struct tsr_error *error);

/* -- A medium: an open file. Shared by the instance and by the requests that are under way. */
struct medium {
	unsigned references; /* [locked] */
	unsigned stuck;      /* jobs that were given up while a thread was in them [locked] */
	unsigned faults;     /* bit per enum tsr_block_op: "fault" was emitted [locked] */
	int fd;
	bool read_only;
	bool no_cached_reads;    /* the file system cannot tell whether a read would wait */
	bool regular;            /* a file, not a block device */
	uint64_t size;           /* bytes of the file when it was opened */
	uint64_t length;         /* the same, rounded up to a sector */
	char *path;              /* canonical */
	struct overlay *overlay; /* nonpersistent, else NULL */
	pthread_mutex_t flush_lock;
	int flush_error;    /* of the first flush that failed, 0: none [flush_lock] */
	atomic_bool sealed; /* nothing was written since a state was saved (identity.c) */
};

struct medium_options {
	const char *path, *format;
	int fd; /* the open file, which becomes the medium's or is closed; -1: open the path */
	bool read_only, nonpersistent;
	struct overlay_files *overlay_files; /* for nonpersistent */
};

/* Opens, checks and locks; NULL with error, and nothing is left behind. */
struct medium *medium_open(const struct medium_options *options, struct tsr_error *error);
struct medium *medium_ref(struct medium *m);
void medium_unref(struct medium *m);
/* I/O for worker threads: 0 or an error. Reads of the last sector give zeros beyond the file's
 * size. */
int medium_read(struct medium *m, uint64_t offset, const struct iovec *pieces, unsigned count);
/* The same without ever waiting: false when some of it is not in the host's memory. */
bool medium_read_cached(struct medium *m, uint64_t offset, const struct iovec *pieces,
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
	struct medium *medium; /* NULL: none */
	bool tray_open;        /* the guest ejected; the medium is still ours */
	bool locked;
	uint32_t generation;
	void (*changed)(void *user);
	void *changed_user;
	struct job *free_jobs;
	struct job *under_way; /* handed to the workers, also those that were given up */
	struct job *waiting;   /* for a medium that is stuck, oldest first */
};

void blk_raw_submit(struct blk_raw *b, struct tsr_block_request *request);
/* What `op` on the medium came to, as an event and as a property. [locked] */
void blk_raw_report_fault(struct blk_raw *b, struct medium *m, enum tsr_block_op op, int error);
/* Ends all requests with an error. Their memory is not touched any more. [locked] */
void blk_raw_give_up(struct blk_raw *b);
void blk_raw_free_jobs(struct blk_raw *b);

#endif
