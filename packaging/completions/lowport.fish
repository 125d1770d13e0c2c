# SPDX-License-Identifier: ISC
#
# Completions of lowport(1) for fish.

# A line for each option: NAME LETTER NEEDS ARGUMENT ABOUT.
set -g __lowport_options (string split \n -- '
@OPTIONS@
')[2..-2]

# Prints the word at the cursor without the option in it, as in --publish=443 or
# -vp443.
function __lowport_typed
    set -l letters
    for option in $__lowport_options
        echo $option | read -l name letter needs argument about
        test $letter = - -o $argument = - || set -a letters $letter
    end
    string replace -r -- '^(--[a-z-]+=|-[a-zA-Z]*?['(string join '' $letters)'])' \
        '' (commandline -ct)
end

# What an argument can become.
function __lowport_words
    ARGUMENT=$argv[1] TYPED=(__lowport_typed) awk '
@WORDS@
'
end

# Prints the server's command and its arguments; fails if there is none yet.
function __lowport_command
    set -l words (commandline -opc) (commandline -ct)
    set -l specs
    for option in $__lowport_options
        echo $option | read -l name letter needs argument about
        string match -q '*...' -- $argument
        and contains -- --$name $words
        and return 1
        test $letter = - || set name $letter/$name
        switch $needs
            case required
                set name $name=+
            case optional
                set name $name='?'
        end
        set -a specs $name
    end
    argparse -s $specs -- $words[2..-1] 2>/dev/null || return
    set -q argv[1] && not string match -q -- '-*' $argv[1] || return
    string join0 -- $argv
    return 0
end

function __lowport_no_command
    set -l command (__lowport_command | string split0)
    test (count $command) -le 1
end

complete -c lowport -f
for option in $__lowport_options
    echo $option | read -l name letter needs argument about
    set -l how -c lowport -n __lowport_no_command -l $name -d $about
    test $letter = - || set -a how -s $letter
    if string match -q '*...' -- $argument
        complete -c lowport -n "contains -- --$name (commandline -opc)" -F
    else if string match -q '*FILE*' -- $argument
        set -a how -r -F
    else if test $needs = required
        set -a how -x -a "(__lowport_words "(string escape -- $argument)")"
    end
    complete $how
    if test $needs != required -a $argument != - && not string match -q '*...' -- $argument
        complete -c lowport -n "test (commandline -opc)[-1] = --$name" \
            -a "(__lowport_words "(string escape -- $argument)")"
    end
end
complete -c lowport -n '__lowport_command >/dev/null' -x \
    -a '(__fish_complete_subcommand --commandline (__lowport_command | string split0))'
