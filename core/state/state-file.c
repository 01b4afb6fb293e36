/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file of a machine's state, little endian:
 *   16 bytes  "TESSERA-STATE\n", version (u16)
 *   u64       length of the head; the head: a serialized GVariant a{sv}
 *   u64       length of the memory in bytes
 *   per MiB   u32 length of the zstd frame (0: all zero), the frame
 *   32 bytes  SHA-256 of everything before
 * A file that fails any check is refused before a byte of it is used.
 */
#include "state/state-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include <tessera-glib/machine.h>

#include "state/new-file.h"

#define MAGIC "TESSERA-STATE\n"
#define MAGIC_LENGTH 14
#define FILE_VERSION 1
#define PIECE (1u << 20)
#define DIGEST 32

struct TsrStateFile {
	GMappedFile *map;
	const guint8 *bytes;
	gsize length; /* without the digest */
	gsize memory_at;
	guint64 memory_length;
	GVariant *head;
};

/* -- Writing */

/* Written by write(2) itself: a buffer of stdio's cannot say what became of a short write. */
struct output {
	int fd;
	int error; /* the first; nothing is written after it */
	GChecksum *digest;
	gsize used;
	guint8 buffer[1 << 16];
};

static void write_out(struct output *out, const guint8 *data, gsize length)
{
	while (length && !out->error) {
		ssize_t n = write(out->fd, data, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			out->error = n < 0 ? errno : EIO;
			return;
		}
		data += n;
		length -= (gsize)n;
	}
}

static void drain_buffer(struct output *out)
{
	write_out(out, out->buffer, out->used);
	out->used = 0;
}

static void put(struct output *out, const void *data, gsize length)
{
	if (length > sizeof(out->buffer) - out->used)
		drain_buffer(out);
	if (length > sizeof(out->buffer)) {
		write_out(out, data, length);
		return;
	}
	if (length)
		memcpy(out->buffer + out->used, data, length);
	out->used += length;
}

static void emit(struct output *out, const void *data, gsize length)
{
	put(out, data, length);
	g_checksum_update(out->digest, data, (gssize)length);
}

static void emit_u64(struct output *out, guint64 value)
{
	value = GUINT64_TO_LE(value);
	emit(out, &value, sizeof(value));
}

static bool all_zero(const uint8_t *bytes, gsize length)
{
	return bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0;
}

static void emit_memory(struct output *out, const uint8_t *memory, guint64 length)
{
	gsize bound = ZSTD_compressBound(PIECE);
	g_autofree guint8 *frame = g_malloc(bound);

	emit_u64(out, length);
	for (guint64 at = 0; at < length; at += PIECE) {
		gsize piece = MIN(PIECE, length - at), size = 0;
		if (!all_zero(memory + at, piece))
			size = ZSTD_compress(frame, bound, memory + at, piece, 1);
		if (ZSTD_isError(size)) {
			out->error = out->error ? out->error : ENOMEM;
			return;
		}
		guint32 le = GUINT32_TO_LE((guint32)size);
		emit(out, &le, sizeof(le));
		emit(out, frame, size);
	}
}

static void emit_all(struct output *out, GVariant *head, const uint8_t *memory, guint64 length)
{
	guint16 version = GUINT16_TO_LE(FILE_VERSION);
	guint8 digest[DIGEST];
	gsize size = DIGEST;

	emit(out, MAGIC, MAGIC_LENGTH);
	emit(out, &version, sizeof(version));
	emit_u64(out, g_variant_get_size(head));
	emit(out, g_variant_get_data(head), g_variant_get_size(head));
	emit_memory(out, memory, length);
	g_checksum_get_digest(out->digest, digest, &size);
	put(out, digest, DIGEST);
	drain_buffer(out);
}

static gboolean io_error(const char *path, int number, GError **error)
{
	if (number)
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_IO,
			    "%s: cannot write the state: %s", path, g_strerror(number));
	return !number;
}

/* The whole file, on stable storage; 0 or an error number. */
static int write_and_sync(int fd, GVariant *head, const uint8_t *memory, guint64 length)
{
	g_autoptr(GVariant) normal = g_variant_get_normal_form(head);
	g_autofree struct output *out = g_new0(struct output, 1);

	out->fd = fd;
	out->digest = g_checksum_new(G_CHECKSUM_SHA256);
	emit_all(out, normal, memory, length);
	g_checksum_free(out->digest);
	return out->error ? out->error : tsr_new_file_sync(fd);
}

gboolean tsr_state_file_write_fd(int fd, const char *name, GVariant *head, const uint8_t *memory,
				 guint64 length, GError **error)
{
	return io_error(name, write_and_sync(fd, head, memory, length), error);
}

gboolean tsr_state_file_write(const char *path, GVariant *head, const uint8_t *memory,
			      guint64 length, GError **error)
{
	struct tsr_new_file file;
	int failure = tsr_new_file_open(&file, path);

	if (!failure)
		failure = tsr_new_file_close(&file, write_and_sync(file.fd, head, memory, length));
	return io_error(path, failure, error);
}

/* -- Reading */

static gboolean refuse(const char *path, const char *why, GError **error)
{
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID, "%s: %s", path, why);
	return FALSE;
}

static bool take_u64(const TsrStateFile *file, gsize *at, guint64 *out)
{
	if (file->length - *at < sizeof(*out))
		return false;
	memcpy(out, file->bytes + *at, sizeof(*out));
	*out = GUINT64_FROM_LE(*out);
	*at += sizeof(*out);
	return true;
}

/* The pieces are there and fill the rest exactly. */
static bool pieces_fit(const TsrStateFile *file)
{
	gsize at = file->memory_at;

	for (guint64 done = 0; done < file->memory_length; done += PIECE) {
		guint32 size;
		if (file->length - at < sizeof(size))
			return false;
		memcpy(&size, file->bytes + at, sizeof(size));
		at += sizeof(size);
		if (GUINT32_FROM_LE(size) > file->length - at)
			return false;
		at += GUINT32_FROM_LE(size);
	}
	return at == file->length;
}

static bool digest_fits(const TsrStateFile *file)
{
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
	guint8 digest[DIGEST];
	gsize size = DIGEST;

	g_checksum_update(checksum, file->bytes, (gssize)file->length);
	g_checksum_get_digest(checksum, digest, &size);
	return memcmp(digest, file->bytes + file->length, DIGEST) == 0;
}

static gboolean parse(TsrStateFile *file, const char *path, GError **error)
{
	gsize at = MAGIC_LENGTH;
	guint16 version;
	guint64 head_length;

	if (file->length < at + sizeof(version) || memcmp(file->bytes, MAGIC, MAGIC_LENGTH) != 0)
		return refuse(path, "is not the saved state of a machine", error);
	memcpy(&version, file->bytes + at, sizeof(version));
	at += sizeof(version);
	if (GUINT16_FROM_LE(version) != FILE_VERSION)
		return refuse(path,
			      "was saved by another version of Tessera, whose state files this one "
			      "cannot read",
			      error);
	if (!take_u64(file, &at, &head_length) || head_length > file->length - at)
		return refuse(path, "is truncated", error);
	g_autoptr(GBytes) head = g_bytes_new(file->bytes + at, head_length);
	at += head_length;
	if (!take_u64(file, &at, &file->memory_length))
		return refuse(path, "is truncated", error);
	file->memory_at = at;
	if (file->memory_length > 1ull << 36 || !pieces_fit(file))
		return refuse(path, "is truncated or damaged", error);
	if (!digest_fits(file))
		return refuse(path, "is damaged: its checksum does not fit", error);
	file->head =
		g_variant_ref_sink(g_variant_new_from_bytes(G_VARIANT_TYPE_VARDICT, head, FALSE));
	if (!g_variant_is_normal_form(file->head))
		return refuse(path, "is damaged: its head cannot be read", error);
	return TRUE;
}

static gboolean cannot_read(const char *path, const char *why, GError **error)
{
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_IO,
		    "%s: cannot read the saved state: %s", path, why);
	return FALSE;
}

TsrStateFile *tsr_state_file_open_fd(int fd, const char *path, GError **error)
{
	g_autoptr(GError) why = NULL;
	GMappedFile *map = g_mapped_file_new_from_fd(fd, FALSE, &why);

	if (!map) {
		cannot_read(path, why->message, error);
		return NULL;
	}
	TsrStateFile *file = g_new0(TsrStateFile, 1);
	file->map = map;
	file->bytes = (const guint8 *)g_mapped_file_get_contents(map);
	file->length = g_mapped_file_get_length(map);
	if (file->length < DIGEST) {
		refuse(path, "is not the saved state of a machine", error);
		tsr_state_file_free(file);
		return NULL;
	}
	file->length -= DIGEST;
	if (!parse(file, path, error)) {
		tsr_state_file_free(file);
		return NULL;
	}
	return file;
}

/* Opening a pipe without a writer must not block. */
TsrStateFile *tsr_state_file_open(const char *path, GError **error)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	TsrStateFile *file;

	if (fd < 0) {
		cannot_read(path, g_strerror(errno), error);
		return NULL;
	}
	file = tsr_state_file_open_fd(fd, path, error);
	close(fd);
	return file;
}

void tsr_state_file_free(TsrStateFile *file)
{
	if (!file)
		return;
	g_clear_pointer(&file->head, g_variant_unref);
	g_mapped_file_unref(file->map);
	g_free(file);
}

GVariant *tsr_state_file_get_head(TsrStateFile *file)
{
	return file->head;
}

guint64 tsr_state_file_get_memory_length(TsrStateFile *file)
{
	return file->memory_length;
}

gboolean tsr_state_file_read_memory(TsrStateFile *file, uint8_t *memory, guint64 length,
				    GError **error)
{
	gsize at = file->memory_at;

	g_assert(length == file->memory_length);
	for (guint64 done = 0; done < length; done += PIECE) {
		gsize piece = MIN(PIECE, length - done);
		guint32 size;
		memcpy(&size, file->bytes + at, sizeof(size));
		size = GUINT32_FROM_LE(size);
		at += sizeof(size);
		if (!size) {
			if (!all_zero(memory + done, piece))
				memset(memory + done, 0, piece);
			continue;
		}
		if (ZSTD_decompress(memory + done, piece, file->bytes + at, size) != piece)
			return refuse("state", "its memory cannot be read", error);
		at += size;
	}
	return TRUE;
}
