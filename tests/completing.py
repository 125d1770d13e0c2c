# SPDX-License-Identifier: ISC
"""usage: completing.py [-1] SHELL SETUP LINE...: has an interactive SHELL read
SETUP, types each LINE there, and has it completed.  Prints what becomes of it:
with all that it could become or, after -1, as one press of Tab does."""
import fcntl
import os
import pty
import select
import struct
import sys
import termios

START, END = "\x01", "\x05"  # as in Emacs
ALL = {"bash": "\x1b*", "zsh": "\x18a"}
ARGUMENTS = {"bash": ["--norc", "--noprofile", "-i"], "zsh": ["-f", "-i"]}
SETUPS = {
    "bash": "bind 'set enable-bracketed-paste off'",
    "zsh": """unsetopt list_beep prompt_sp; bindkey -e
autoload -U compinit; compinit -u -D
zle -C all-matches complete-word _generic; bindkey '^Xa' all-matches
zstyle ':completion:all-matches:*' insert yes
zstyle ':completion:all-matches::::' completer _all_matches _complete""",
}

single = sys.argv[1] == "-1"
shell, setup, *lines = sys.argv[1 + single:]
answers = os.path.join(os.environ["TMPDIR"], "answers")
os.mkfifo(answers)
child, terminal = pty.fork()
if child == 0:
    os.execvp(shell, [shell, *ARGUMENTS[shell]])
# What is wider is scrolled, which takes time.
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 50, 4000, 0, 0))
answer = os.open(answers, os.O_RDWR)


def hear():
    """Returns the next line that the shell writes to the pipe."""
    heard = b""
    while not heard.endswith(b"\n"):
        ready, _, _ = select.select([terminal, answer], [], [])
        if terminal in ready:
            os.read(terminal, 65536)
        if answer in ready:
            heard += os.read(answer, 65536)
    return heard.decode().rstrip("\n")


def type_in(text):
    os.write(terminal, text.encode())


if shell == "zsh":
    SETUPS[shell] = f"fpath=({os.path.dirname(setup)} $fpath)\n" + SETUPS[shell]
else:
    SETUPS[shell] += f"\n. {setup}"
type_in(f"{SETUPS[shell]}\necho ready >{answers}\n")
hear()
for line in lines:
    type_in(line + ("\t" if single else ALL[shell]))
    type_in(f"{START}echo '{END}' >{answers}\n")
    print(hear())
type_in("exit\n")
os.close(answer)
os.waitpid(child, 0)
