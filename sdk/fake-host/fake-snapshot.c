/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The whole fake machine saved and loaded, in the core's order: the parts that belong to no device,
 * memory, the devices, and the parts once more, because devices may have moved lines while they
 * loaded.
 */
#include "fake-private.h"

struct fake_snapshot {
	uint8_t *ram, *pci;
	uint8_t shadow[sizeof(fake.shadow)];
	bool a20;
	uint64_t now, wall_base, random, trace;
	struct fake_requests requests;
	uint8_t levels[FAKE_DEVICES * 16];
	unsigned device_count, line_count;
	struct fake_state *devices[FAKE_DEVICES];
};

struct fake_snapshot *fake_machine_save(void)
{
	struct fake_snapshot *s = calloc(1, sizeof(*s));

	s->ram = malloc(FAKE_RAM_SIZE);
	memcpy(s->ram, fake.ram, FAKE_RAM_SIZE);
	s->pci = fake_pci_put();
	memcpy(s->shadow, fake.shadow, sizeof(s->shadow));
	s->a20 = fake.a20;
	s->now = fake.now;
	s->wall_base = fake.wall_base;
	s->random = fake.random;
	s->trace = fake.trace;
	s->requests = fake.requests;
	for (struct fake_line *line = fake.lines; line; line = line->next) {
		if (s->line_count == sizeof(s->levels))
			fake_die("too many lines for a snapshot");
		s->levels[s->line_count++] = (uint8_t)line->level;
	}
	for (; s->device_count < fake.device_count; s->device_count++)
		s->devices[s->device_count] = fake_device_save(fake.devices[s->device_count]->self);
	return s;
}

static void load_parts(const struct fake_snapshot *s)
{
	unsigned count = 0;

	memcpy(fake.shadow, s->shadow, sizeof(s->shadow));
	fake.a20 = s->a20;
	fake.now = s->now;
	fake.wall_base = s->wall_base;
	fake.random = s->random;
	fake.trace = s->trace;
	fake_pci_get(s->pci);
	for (struct fake_line *line = fake.lines; line && count < s->line_count; line = line->next)
		line->level = s->levels[count++];
}

bool fake_machine_load(const struct fake_snapshot *s, struct tsr_error *error)
{
	if (s->device_count != fake.device_count)
		fake_die("the snapshot is of another machine");
	load_parts(s);
	memcpy(fake.ram, s->ram, FAKE_RAM_SIZE);
	for (unsigned i = 0; i < s->device_count; i++)
		if (!fake_device_load(fake.devices[i]->self, s->devices[i],
				      fake.devices[i]->state_version, error))
			return false;
	load_parts(s);
	fake.requests = s->requests;
	return true;
}

void fake_snapshot_free(struct fake_snapshot *s)
{
	for (unsigned i = 0; i < s->device_count; i++)
		fake_state_free(s->devices[i]);
	free(s->ram);
	free(s->pci);
	free(s);
}

bool fake_snapshot_same(const struct fake_snapshot *a, const struct fake_snapshot *b)
{
	bool same = a->device_count == b->device_count;

	for (unsigned i = 0; same && i < a->device_count; i++)
		same = fake_state_same(a->devices[i], b->devices[i]);
	for (size_t at = 0; same && at < FAKE_RAM_SIZE; at += TSR_PAGE_SIZE)
		if (memcmp(a->ram + at, b->ram + at, TSR_PAGE_SIZE) != 0) {
			printf("memory differs in the page at %zx\n", at);
			same = false;
		}
	return same;
}
