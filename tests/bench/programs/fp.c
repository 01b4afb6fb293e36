/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Floating point: rows of the Mandelbrot set and three bodies. Built twice, with -mfpmath=387 and
 * with -mfpmath=sse. The x87's additional bits do not reach the checksum. */
#include "bench.h"

static double mandelbrot(double cr, double ci)
{
	double zr = 0, zi = 0;
	unsigned i;

	for (i = 0; i < 200 && zr * zr + zi * zi < 4; i++) {
		double t = zr * zr - zi * zi + cr;

		zi = 2 * zr * zi + ci;
		zr = t;
	}
	return zr + zi + i;
}

static double bodies(double *x, double *v)
{
	double sum = 0;

	for (unsigned i = 0; i < 3; i++) {
		for (unsigned k = 0; k < 3; k++) {
			double d = x[k] - x[i], r;

			if (i == k)
				continue;
			r = __builtin_sqrt(d * d + 0.01);
			v[i] += 0.001 * d / (r * r * r);
		}
	}
	for (unsigned i = 0; i < 3; i++)
		sum += x[i] += 0.001 * v[i];
	return sum;
}

uint32_t work(uint32_t count)
{
	double x[3] = { -1, 0, 1.5 }, v[3] = { 0, 0.1, 0 }, sum = 0;

	for (uint32_t row = 0; row < count; row++) {
		for (unsigned column = 0; column < 256; column++)
			sum += mandelbrot(-2 + column * (3.0 / 256),
					  -1 + (row % 256) * (2.0 / 256));
		for (unsigned i = 0; i < 500; i++)
			sum += bodies(x, v);
	}
	return (uint32_t)(int32_t)sum;
}
