#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# bats file_tags=long
#
# Completions, typed into real shells.

load helpers

BASH_COMPLETION=/usr/share/bash-completion/bash_completion

setup() {
	local file

	mkdir "$TMPDIR/completions"
	for file in lowport.bash _lowport lowport.fish; do
		packaging/completions/fill "packaging/completions/$file" \
		    src/child/options.c >"$TMPDIR/completions/$file"
	done
	echo draft >"$TMPDIR/draft"
	# /bin and /usr/bin may be one, so only this name is found once.
	ln -s /bin/true "$TMPDIR/a-server-of-mine"
	PATH=$PATH:$TMPDIR
}

teardown() {
	rm -rf "$TMPDIR/completions" "$TMPDIR/draft" \
	    "$TMPDIR/a-server-of-mine" "$TMPDIR/answers"
}

# Skips without this, but for CI.
have() {
	command -v "$1" >/dev/null || [ -e "$1" ] || {
		[ "${LOWPORT_MUST_WORK:-0}" != 1 ]
		skip "no $1"
	}
}

# typed [-1] SHELL LINE...: what becomes of each line there.
typed() {
	local options=

	[ "$1" != -1 ] || {
		options=-1
		shift
	}
	case $1 in
	bash) set -- bash "$TMPDIR/completions/lowport.bash" "${@:2}" ;;
	bash-completion)
		cat "$BASH_COMPLETION" - >"$TMPDIR/completions/both" \
		    <"$TMPDIR/completions/lowport.bash"
		set -- bash "$TMPDIR/completions/both" "${@:2}"
		;;
	zsh) set -- zsh "$TMPDIR/completions/_lowport" "${@:2}" ;;
	esac
	# shellcheck disable=SC2086
	HOME=$TMPDIR/completions run -0 timeout 120 python3 tests/completing.py $options "$@"
	rm -f "$TMPDIR/answers"
}

# fish_words LINE: what the last word of it can become in fish, in a line.
fish_words() {
	# shellcheck disable=SC2016
	HOME=$TMPDIR/completions run -0 fish -c 'source $argv[1]
	    complete -C $argv[2]' "$TMPDIR/completions/lowport.fish" "$1"
	echo "$1: $output"
	output=$(cut -f 1 <<<"$output" | sort | xargs -d '\n')
}

options_of_lowport() {
	sed -n 's/^    {"\([a-z-]*\)", .*/--\1/p' src/child/options.c | sort
}

# A line, and what its last word becomes: the same in each shell.
cases() {
	cat <<-END
		lowport --meth|--method
		lowport --show|--show-expected-port
		lowport --method |auto bpf notify preload
		lowport --method=pre|--method=preload
		lowport -p 44|443: 444: 445:
		lowport -p 443:|443:8443
		lowport -p https:|https:8443
		lowport -p 80:8080 --publish 443:|443:8443
		lowport --publish=443:|--publish=443:8443
		lowport -vp 53:5353/t|53:5353/tcp 53:5353/tcp+udp
		lowport -p 127.0.0.1:https|127.0.0.1:https:
		lowport -p 990-995:|990-995:8990-8995
		lowport -u nob|nobody
		lowport -u nobody:nog|nobody:nogroup
		lowport -r TER|TERM:
		lowport -r TERM:QUI|TERM:QUIT
		lowport --pdeathsig QUI|QUIT
		lowport --keep-caps chown,net_b|chown,net_bind_service chown,net_broadcast
		lowport --check-policy $TMPDIR/dra|$TMPDIR/draft
		lowport --from-iptables $TMPDIR/dra|$TMPDIR/draft
		lowport --from-iptables --uni|--unit
		lowport --from-iptables --unit nginx.s|nginx.service
		lowport --from-iptables --unit=nginx.s|--unit=nginx.service
		lowport --from-iptables /etc/passwd $TMPDIR/dra|$TMPDIR/draft
		lowport -p 443:8443 -- a-server-of|a-server-of-mine
		lowport -p 443:8443 -g a-server-of|a-server-of-mine
		lowport a-server-of|a-server-of-mine
		lowport -p 443:8443 cat $TMPDIR/dra|$TMPDIR/draft
		lowport --check --json -p 443:|443:8443
	END
}

# becomes SHELL LINE WORDS: as the last typed line says; bash puts the part
# before a colon only once, and zsh each word whole.
becomes() {
	local line=$2 words=$3 head=${2% *}

	case $1 in
	bash*)
		# shellcheck disable=SC2001
		words=$(sed 's/ [^ ]*:\([^: ]\)/ \1/g; s/ [^ ]*:\([^: ]*:\)/ \1/g' \
		    <<<"$words")
		;;
	esac
	[ "$result" = "$head $words" ] || {
		echo "$1: '$line' became '$result', not '$head $words'"
		return 1
	}
}

each_case() {
	local shell=$1 line words results=() result

	mapfile -t lines < <(cases | cut -d'|' -f 1)
	typed "$shell" "${lines[@]}"
	mapfile -t results <<<"$output"
	[ "${#results[@]}" -eq "${#lines[@]}" ]
	while IFS='|' read -r line words; do
		result=${results[0]% }
		results=("${results[@]:1}")
		becomes "$shell" "$line" "$words"
	done < <(cases)
}

@test "completions: bash, without bash-completion" {
	each_case bash
}

@test "completions: bash, an argument in the word of its option" {
	typed -1 bash "lowport -p443:" "lowport -unobo" "lowport -vunobo" \
	    "lowport -vp127.0.0.1:https:"
	[ "${lines[0]% }" = "lowport -p443:8443" ]
	[ "${lines[1]% }" = "lowport -unobody" ]
	[ "${lines[2]% }" = "lowport -vunobody" ]
	[ "${lines[3]% }" = "lowport -vp127.0.0.1:https:8443" ]
}

# Bash reads the command's --help: not chmod's, as coreutils 9.10 has links and
# bold text in it, to a pipe too.
@test "completions: bash, with it; the command has its own" {
	have "$BASH_COMPLETION"
	each_case bash-completion
	typed -1 bash-completion "lowport -p 443:8443 -- grep --recu" \
	    "lowport -p 443:8443 grep --recu"
	[ "${lines[0]% }" = "lowport -p 443:8443 -- grep --recursive" ]
	[ "${lines[1]% }" = "lowport -p 443:8443 grep --recursive" ]
}

@test "completions: zsh; the command has its own" {
	have zsh
	each_case zsh
	typed -1 zsh "lowport -p 443:8443 -- grep --recu"
	[ "${lines[0]% }" = "lowport -p 443:8443 -- grep --recursive" ]
}

@test "completions: fish; the command has its own" {
	local line words

	have fish
	while IFS='|' read -r line words; do
		fish_words "$line"
		[ "$output" = "$words" ]
	done < <(cases)
	fish_words "lowport -p 443:8443 -- grep --recu"
	[ "$output" = "--recursive" ]
	# An argument in the word of its option.
	while IFS='|' read -r line words; do
		fish_words "lowport $line"
		[ "$output" = "$words" ]
	done <<-END
		-p443:|-p443:8443
		-unobo|-unobody
		-vunobo|-vunobody
		-vp127.0.0.1:https:|-vp127.0.0.1:https:8443
		-rTERM:QUI|-rTERM:QUIT
	END
}

@test "completions: every option there is, and what --help says of it" {
	local name

	have zsh
	have fish
	options_of_lowport >"$TMPDIR/completions/options"
	typed bash "lowport --"
	diff <(tr ' ' '\n' <<<"$output" | grep -e ^-- | sort) \
	    "$TMPDIR/completions/options"
	typed zsh "lowport --"
	diff <(tr ' ' '\n' <<<"$output" | grep -o -e '^--[a-z-]*' | sort) \
	    "$TMPDIR/completions/options"
	fish_words "lowport --"
	diff <(tr ' ' '\n' <<<"$output" | grep -o -e '^--[a-z-]*' | sort -u) \
	    "$TMPDIR/completions/options"
	fish_words "lowport -"
	for name in $(awk -f packaging/completions/options.awk \
	    src/child/options.c | awk '$2 != "-" { print "-" $2 }'); do
		[[ " $output " == *" $name "* ]]
	done
}

@test "completions: an option that --help leaves out is an error of the build" {
	sed '/^    " *--json/d' src/child/options.c >"$TMPDIR/completions/less.c"
	not diff -q src/child/options.c "$TMPDIR/completions/less.c"
	run -1 packaging/completions/fill packaging/completions/lowport.bash \
	    "$TMPDIR/completions/less.c"
	[[ $output == *"no line of the help is about --json"* ]]
}

@test "completions: what is typed is not run" {
	local shell run="\$(>$TMPDIR/ran)\`>$TMPDIR/ran\`;>$TMPDIR/ran"

	have zsh
	have fish
	for shell in bash zsh; do
		typed -1 "$shell" "lowport -u $run" "lowport --attach /$run" \
		    "lowport -p 443:$run" "lowport --method=$run"
	done
	fish_words "lowport -u '$run'"
	fish_words "lowport -p '443:$run'"
	[ ! -e "$TMPDIR/ran" ]
}
