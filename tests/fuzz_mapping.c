/* SPDX-License-Identifier: ISC */
/*
 * The text of a mapping.  What is accepted is one the helper accepts too, is
 * written as it is read, and is permitted by the rule that would be suggested.
 */
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = fuzz_text(bytes, size), why[REASON_TEXT];
	char written[MAPPING_TEXT];
	struct mapping m[MAPPING_PROTOCOLS], again[MAPPING_PROTOCOLS];
	size_t count = mapping_parse(m, text, why), i;

	for (i = 0; i < count; i++) {
		fuzz_check_mapping(&m[i]);
		FUZZ_ASSERT(mapping_parse(again, mapping_format(&m[i], written),
				why) == 1);
		FUZZ_ASSERT(memcmp(&m[i], again, sizeof(m[i])) == 0);
		FUZZ_ASSERT(fuzz_suggested(&m[i]));
	}
	if (count == 0) {
		FUZZ_ASSERT(strlen(why) > 0 && strlen(why) < REASON_TEXT);
	}
	free(text);
	return 0;
}
