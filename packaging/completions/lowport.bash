# SPDX-License-Identifier: ISC
#
# Completions of lowport(1) for bash.

# A line for each option: NAME LETTER NEEDS ARGUMENT ABOUT.
_lowport_options() {
	cat <<'END'
@OPTIONS@
END
}

# _lowport_words ARGUMENT TYPED: what the word can become.
_lowport_words() {
	ARGUMENT=$1 TYPED=$2 awk '
@WORDS@
	'
}

# _lowport_find WORD: sets name, letter, needs and argument of this option, which
# may be abbreviated.
_lowport_find() {
	local options found

	options=$(_lowport_options)
	found=$(grep -e "^[^ ]* ${1#-} " <<<"$options") ||
	    found=$(grep -e "^${1#--} " <<<"$options") ||
	    found=$(grep -e "^${1#--}" <<<"$options") || return
	read -r name letter needs argument _ <<<"$found"
}

# _lowport_takes WORD: sets takes to the argument that the next word is, if any.
# Fails if this word is no option.
_lowport_takes() {
	local name letter needs argument letters

	takes='' must=
	case $1 in
	--*=*) return 0 ;;
	--?*)
		_lowport_find "$1" || return 0
		[[ $argument == - ]] || takes=$argument
		[[ $needs != required ]] || must=1
		;;
	-?*)
		for ((letters = 1; letters < ${#1}; letters++)); do
			_lowport_find "-${1:letters:1}" || continue
			[[ $argument != - ]] || continue
			((letters + 1 < ${#1})) || takes=$argument
			[[ $needs != required ]] || must=1
			return 0
		done
		;;
	*) return 1 ;;
	esac
}

# _lowport_command AT: what stands from this word of COMP_WORDS on is a command.
_lowport_command() {
	if declare -F _comp_command_offset >/dev/null; then
		_comp_command_offset "$1"
	elif declare -F _command_offset >/dev/null; then
		_command_offset "$1"
	elif ((COMP_CWORD == $1)) && [[ $current != */* ]]; then
		mapfile -t COMPREPLY < <(compgen -c -- "$current")
	else
		compopt -o default
	fi
}

# _lowport_options_like WORD: the options that begin so, or what the argument of a
# letter becomes that is in this word, as in -p443.
_lowport_options_like() {
	local name letter needs argument letters

	for ((letters = 1; letters < ${#1} - 1; letters++)); do
		[[ $1 != --* ]] && _lowport_find "-${1:letters:1}" || break
		[[ $argument == - ]] || {
			_lowport_argument "$argument" "${1:letters+1}" \
			    "${1:0:letters+1}"
			return
		}
	done
	while read -r name letter needs argument _; do
		COMPREPLY+=("--$name")
		[[ $letter == - ]] || COMPREPLY+=("-$letter")
	done < <(_lowport_options)
	mapfile -t COMPREPLY < <(compgen -W "${COMPREPLY[*]}" -- "$1")
}

# _lowport_argument ARGUMENT TYPED [OPTION]: OPTION stands before it in this word.
# Readline replaces what stands behind the last one of its word breaks.
_lowport_argument() {
	local argument=$1 typed=$2 option=${3:-} shown character i

	if [[ $argument == *FILE* ]]; then
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$typed")
	else
		mapfile -t COMPREPLY < <(_lowport_words "$argument" "$typed" |
		    cut -f 1)
	fi
	shown=$option$typed
	for character in : = @; do
		[[ $COMP_WORDBREAKS != *$character* ]] ||
		    shown=${shown##*"$character"}
	done
	for i in "${!COMPREPLY[@]}"; do
		[[ ${COMPREPLY[i]} != *[:,] ]] || compopt -o nospace
		COMPREPLY[i]=$option${COMPREPLY[i]}
		COMPREPLY[i]=${COMPREPLY[i]:${#option}+${#typed}-${#shown}}
	done
}

_lowport() {
	local words=() starts=() rest=${COMP_LINE:0:COMP_POINT} trimmed current
	local at last name letter needs argument takes must

	# COMP_WORDS has each ":" and "=" as a word of its own.
	for ((at = 0; at <= COMP_CWORD; at++)); do
		trimmed=${rest#"${rest%%[![:space:]]*}"}
		if ((at > 0)) && [[ $trimmed == "$rest" ]]; then
			words[-1]+=${COMP_WORDS[at]}
		else
			words+=("${COMP_WORDS[at]}")
			starts+=("$at")
		fi
		rest=${trimmed#"${COMP_WORDS[at]}"}
	done
	rest=
	last=$((${#words[@]} - 1))
	current=${words[last]}
	COMPREPLY=()
	for ((at = 1; at < last; at++)); do
		if [[ ${words[at]} == -- ]]; then
			at=$((at + 1))
			_lowport_command "${starts[at]}"
			return
		fi
		_lowport_takes "${words[at]}" || break
		if [[ $takes == *... ]]; then
			rest=$takes
		elif [[ -n $takes && (-n $must || ${words[at + 1]} != -*) ]]; then
			at=$((at + 1))
			if ((at == last)); then
				_lowport_argument "$takes" "$current"
				return
			fi
		fi
	done
	if ((at == last)) && [[ $current == --*=* ]]; then
		_lowport_find "${current%%=*}" &&
		    _lowport_argument "$argument" "${current#*=}" "${current%%=*}="
	elif ((at == last)) && [[ $current == -* ]]; then
		_lowport_options_like "$current"
	elif [[ -n $rest ]]; then
		_lowport_argument "$rest" "$current"
	else
		_lowport_command "${starts[at]}"
	fi
}

complete -F _lowport lowport
