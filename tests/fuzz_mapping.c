/* SPDX-License-Identifier: ISC */
/*
 * The text of a mapping.  What is accepted is one the helper accepts too, is
 * written as it is read, and is permitted by the rule that would be suggested.
 */
#include "fuzz.h"
#include "mapping_text.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = fuzz_text(bytes, size), why[REASON_TEXT];
	char name[MAPPING_NAME], same[MAPPING_NAME], written[MAPPING_NAMED];
	struct mapping m[MAPPING_PROTOCOLS], again[MAPPING_PROTOCOLS];
	size_t count = mapping_parse(m, name, text, why), i;

	for (i = 0; i < count; i++) {
		fuzz_check_mapping(&m[i]);
		mapping_format_named(&m[i], name, written);
		ASSERTION(mapping_parse(again, same, written, why) == 1);
		ASSERTION(memcmp(&m[i], again, sizeof(m[i])) == 0);
		ASSERTION(strcmp(name, same) == 0);
		ASSERTION((*name != '\0') ==
		    (mapping_by_descriptor(&m[i]) || mapping_inherited(&m[i])));
		ASSERTION(mapping_inherited(&m[i]) || fuzz_suggested(&m[i]));
	}
	if (count == 0) {
		ASSERTION(strlen(why) > 0 && strlen(why) < REASON_TEXT);
	}
	free(text);
	return 0;
}
