# SPDX-License-Identifier: ISC
#
# Reads src/child/options.c: its table of options, and what --help all says of
# each.  Prints a line for an option: NAME LETTER NEEDS ARGUMENT ABOUT.  LETTER
# and ARGUMENT may be "-"; NEEDS is no, optional or required.  Of an ARGUMENT with
# "..." there may be many, and no command.

# A line of the help.  What is said begins in column 24, on this line or the next,
# or behind a longer argument.
/^    ".*\\n";?$/ {
	text = $0
	sub(/^    "/, "", text)
	sub(/\\n";?$/, "", text)
	if (match(text, /^  (-[A-Za-z],|   ) --[a-z-]+/)) {
		option = substr(text, 8, RLENGTH - 7)
		sub(/^-/, "", option)
		at = RLENGTH + 1
		argument[option] = ""
		if (substr(text, at, 24 - at) !~ /^ *$/ || at > 24) {
			match(substr(text, at + 1) " ", / /)
			argument[option] = substr(text, at + 1, RSTART - 1)
			at += RSTART
		}
		about[option] = substr(text, at + 1)
	} else if (option != "" && match(text, /^ +/) && RLENGTH == 24) {
		about[option] = about[option] " " substr(text, 25)
	} else {
		option = ""
	}
}

# A row of the table.
/^    \{"[a-z-]+", (no|optional|required)_argument, / {
	gsub(/[{},"]/, "")
	names[++count] = $1
	sub(/_argument/, "", $2)
	needs[$1] = $2
	letter[$1] = $3 ~ /^'.'$/ ? substr($3, 2, 1) : "-"
}

END {
	for (i = 1; i <= count; i++) {
		name = names[i]
		if (!(name in about)) {
			print "no line of the help is about --" name >"/dev/stderr"
			exit 1
		}
		sub(/^ +/, "", about[name])
		sub(/(;|[:.] | \().*/, "", about[name])
		print name, letter[name], needs[name],
		    argument[name] == "" ? "-" : argument[name], about[name]
	}
	if (count == 0)
		exit 1
}
