/* SPDX-License-Identifier: ISC */
/*
 * usage: random_plans COUNT
 *
 * Runs tests/fuzz_bind_program.c on so many inputs, the same ones each time.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static uint64_t state = 1;

/* splitmix64 */
static uint64_t
draw(void)
{
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

int
main(int argc, char **argv)
{
	static uint8_t input[2048];
	const long count = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
	size_t byte;
	long i;

	for (i = 0; i < count; i++) {
		for (byte = 0; byte < sizeof(input); byte++)
			input[byte] = (uint8_t)draw();
		LLVMFuzzerTestOneInput(input, sizeof(input));
	}
	printf("%ld plans\n", i);
	return i > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
