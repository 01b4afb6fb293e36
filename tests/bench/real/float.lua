-- SPDX-License-Identifier: LGPL-2.1-or-later
-- Floating point: planets of a sun, and the largest singular value of a matrix. `float.lua COUNT` prints both.
local function planets(steps)
	local bodies = {}
	for i = 1, 5 do
		bodies[i] = {x = i * 1.5, y = i % 2 + 0.25 * i, z = 0.1 * i, vx = 0.05 * i, vy = 0.3 / i, vz = 0.01, mass = 1 / (i * i)}
	end
	for _ = 1, steps do
		for i = 1, 5 do
			local a = bodies[i]
			for j = i + 1, 5 do
				local b = bodies[j]
				local dx, dy, dz = a.x - b.x, a.y - b.y, a.z - b.z
				local square = dx * dx + dy * dy + dz * dz + 0.01
				local force = 0.001 / (square * math.sqrt(square))
				a.vx, a.vy, a.vz = a.vx - dx * b.mass * force, a.vy - dy * b.mass * force, a.vz - dz * b.mass * force
				b.vx, b.vy, b.vz = b.vx + dx * a.mass * force, b.vy + dy * a.mass * force, b.vz + dz * a.mass * force
			end
		end
		for i = 1, 5 do
			local a = bodies[i]
			a.x, a.y, a.z = a.x + 0.001 * a.vx, a.y + 0.001 * a.vy, a.z + 0.001 * a.vz
		end
	end
	return bodies[1].x + bodies[5].z
end

local function multiply(from, transposed)
	local to = {}
	for i = 1, #from do
		local sum = 0.0
		for j = 1, #from do
			local row, column = i - 1, j - 1
			if transposed then row, column = column, row end
			sum = sum + from[j] / ((row + column) * (row + column + 1) / 2 + row + 1)
		end
		to[i] = sum
	end
	return to
end

local function norm(size, turns)
	local u, v, over, under = {}, nil, 0.0, 0.0
	for i = 1, size do u[i] = 1.0 end
	for _ = 1, turns do
		v = multiply(multiply(u, false), true)
		u = multiply(multiply(v, false), true)
	end
	for i = 1, size do
		over, under = over + u[i] * v[i], under + v[i] * v[i]
	end
	return math.sqrt(over / under)
end

local count = tonumber(arg[1])
print(string.format("%.9f %.9f", planets(1000 * count), norm(60, count)))
