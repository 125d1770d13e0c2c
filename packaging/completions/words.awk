# SPDX-License-Identifier: ISC
#
# Prints what TYPED can become where --help all writes ARGUMENT: a word a line,
# with a tab and what it is.  TYPED is never given to a shell.

function say(word, about) {
	if (index(word, typed) == 1 && !(word in said))
		print word "\t" about
	said[word] = 1
}

# What stands before the last one of these characters, and that.
function before(text, character) {
	while (text != "" && substr(text, length(text)) != character)
		text = substr(text, 1, length(text) - 1)
	return text
}

function read_services(  port) {
	while (("getent services" | getline) > 0) {
		split($2, port, "/")
		name_of[port[1]] = name_of[port[1]] == "" ? $1 : name_of[port[1]]
		if (port[2] == "tcp")
			port_of[$1] = port[1]
	}
}

function say_public(start,  name, port) {
	if (substr(typed, length(start) + 1) ~ /^[0-9]/)
		for (port in name_of)
			if (port + 0 < 1024)
				say(start port ":", name_of[port])
	if (substr(typed, length(start) + 1) !~ /^[0-9]/)
		for (name in port_of)
			if (port_of[name] + 0 < 1024)
				say(start name ":", port_of[name])
}

# Servers often have 8443 for 443, and 8080 for 80.
function say_server(start, public,  ends, count) {
	if (public in port_of)
		public = port_of[public]
	count = split(public, ends, "-")
	if (public !~ /^[0-9]+(-[0-9]+)?$/ || ends[count] > 57535)
		return
	say(start (ends[1] + 8000) (count == 2 ? "-" (ends[2] + 8000) : ""),
	    name_of[public])
}

function say_mapping(  start, head, parts, count) {
	start = before(typed, "/")
	if (start != "") {
		say(start "tcp", "")
		say(start "udp", "")
		say(start "tcp+udp", "")
		return
	}
	read_services()
	start = before(typed, ":")
	head = substr(start, 1, length(start) - 1)
	count = split(head, parts, ":")
	if (head == "" || head ~ /\]$/ || (count == 1 && head ~ /\./))
		say_public(start)
	else
		say_server(start, parts[count])
}

function say_names(database, start, about) {
	while ((("getent " database) | getline line) > 0) {
		split(line, field, ":")
		say(start field[1], about " " field[3])
	}
}

# /bin/sh may number them, and put several into a line.
function say_signals(start, end,  i) {
	while (("kill -l" | getline) > 0)
		for (i = 1; i <= NF; i++) {
			sub(/^SIG/, "", $i)
			if ($i !~ /^[0-9]+\)?$/)
				say(start $i end, "")
		}
}

function say_capabilities(start) {
	while (("setpriv --list-caps 2>/dev/null" | getline) > 0)
		say(start $1, "")
}

function say_groups(  mount, line) {
	while (mount == "" && (getline line <"/proc/mounts") > 0)
		if (split(line, field, " ") > 2 && field[3] == "cgroup2")
			mount = field[2]
	if (mount !~ /^[A-Za-z0-9_.\/-]+$/)
		return
	while ((("cd " mount " && find . -type d") | getline line) > 0)
		if (line != ".")
			say(substr(line, 2), "")
}

# Those of templates take an instance.
function say_units(  list) {
	list = "ls /etc/systemd/system /run/systemd/system " \
	    "/usr/lib/systemd/system /lib/systemd/system 2>/dev/null"
	while ((list | getline) > 0)
		if ($0 ~ /[^@]\.service$/)
			say($0, "")
}

BEGIN {
	typed = ENVIRON["TYPED"]
	argument = ENVIRON["ARGUMENT"]
	if (argument ~ /PUBLIC/)
		say_mapping()
	else if (argument == "USER[:GROUP]" && index(typed, ":") == 0)
		say_names("passwd", "", "uid")
	else if (argument == "USER[:GROUP]")
		say_names("group", before(typed, ":"), "gid")
	else if (argument == "SIGNAL")
		say_signals("", "")
	else if (argument == "FROM:TO" && index(typed, ":") == 0)
		say_signals("", ":")
	else if (argument == "FROM:TO") {
		say_signals(before(typed, ":"), "")
		say(before(typed, ":") "0", "none")
	} else if (argument == "LIST")
		say_capabilities(before(typed, ","))
	else if (argument == "NAME")
		say_units()
	else if (argument == "[PID|PATH]")
		say_groups()
	else if (argument ~ /^\[?[a-z|]+\]?$/) {
		gsub(/\[|\]/, "", argument)
		count = split(argument, values, "|")
		for (i = 1; i <= count; i++)
			say(values[i], "")
	}
}
