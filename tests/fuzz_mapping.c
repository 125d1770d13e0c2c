/* SPDX-License-Identifier: ISC */
/*
 * The text of a mapping.  What is accepted is one the helper accepts too, is
 * written as it is read, and is permitted by the rule that would be suggested.
 */
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = fuzz_text(bytes, size), why[MAPPING_WHY];
	char written[MAPPING_TEXT];
	struct mapping m, again;

	if (mapping_parse(&m, text, why)) {
		fuzz_check_mapping(&m);
		FUZZ_ASSERT(
		    mapping_parse(&again, mapping_format(&m, written), why));
		FUZZ_ASSERT(memcmp(&m, &again, sizeof(m)) == 0);
		FUZZ_ASSERT(fuzz_suggested(&m));
	} else {
		FUZZ_ASSERT(strlen(why) > 0 && strlen(why) < MAPPING_WHY);
	}
	free(text);
	return 0;
}
