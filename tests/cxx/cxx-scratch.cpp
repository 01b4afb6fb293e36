/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device in C++17: a register of 32 bits that reads as what was written to it, XORed with the
 * property `key`. It is there to show that the headers serve C++ and that what it makes of them
 * loads.
 */
#include <new>

#include <tessera/tessera.h>

namespace
{

class Scratch
{
      public:
	bool attach(const tsr_host *host, tsr_error *error);
	void reset()
	{
		value = 0;
	}
	void save(tsr_state_writer *out) const
	{
		tsr_state_put_u32(out, "value", value);
	}
	bool load(tsr_state_reader *in, tsr_error *error)
	{
		return tsr_state_get_u32(in, "value", &value) || tsr_state_damaged(error, "value");
	}
	uint32_t read() const
	{
		return value ^ key;
	}
	void write(uint32_t written)
	{
		value = written;
	}

      private:
	uint32_t value = 0, key = 0;
};

Scratch &of(void *self)
{
	return *static_cast<Scratch *>(self);
}

template <typename Table> const Table *table(const tsr_host *host, const char *name)
{
	return static_cast<const Table *>(host->get(host, name));
}

constexpr tsr_io_ops make_ops()
{
	tsr_io_ops ops{};

	ops.size = sizeof(ops);
	ops.widths = 4;
	ops.read = [](void *self, uint64_t, unsigned) -> uint64_t { return of(self).read(); };
	ops.write = [](void *self, uint64_t, uint64_t value, unsigned) {
		of(self).write(static_cast<uint32_t>(value));
	};
	return ops;
}

constexpr tsr_io_ops scratch_ops = make_ops();

bool Scratch::attach(const tsr_host *host, tsr_error *error)
{
	const auto *properties = table<tsr_properties>(host, TSR_PROPERTIES);

	key = static_cast<uint32_t>(properties->get_int(host, "key"));
	tsr_log_at(table<tsr_log>(host, TSR_LOG), host, TSR_LOG_DEBUG, "the key is %u", key);
	return table<tsr_io>(host, TSR_IO)->claim(host, "regs", &scratch_ops, this, error);
}

constexpr tsr_device_class make_class()
{
	tsr_device_class c{};

	c.size = sizeof(c);
	c.instance_size = sizeof(Scratch);
	c.attach = [](void *self, const tsr_host *host, tsr_error *error) {
		return (new (self) Scratch)->attach(host, error);
	};
	c.detach = [](void *self) { of(self).~Scratch(); };
	c.reset = [](void *self, tsr_reset kind) {
		if (kind != TSR_RESET_SOFT)
			of(self).reset();
	};
	c.save = [](void *self, tsr_state_writer *out) { of(self).save(out); };
	c.load = [](void *self, tsr_state_reader *in, tsr_error *error) {
		return of(self).load(in, error);
	};
	return c;
}

constexpr tsr_device_class scratch_class = make_class();

} // namespace

TSR_DEVICE_PLUGIN(scratch_class);
