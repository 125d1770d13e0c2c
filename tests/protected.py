# SPDX-License-Identifier: ISC
"""Under --show-expected-port with -p 443:8443: getsockname(2) writes where the
kernel would, and nowhere else.  Each page that may not be written has a twin
that may."""
import ctypes
import errno
import mmap
import os
import socket

PROT_NONE, READ, WRITE, EXEC = 0, 1, 2, 4
PRIVATE, ANONYMOUS = 2, 0x20
PAGE = mmap.PAGESIZE
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int,
                      ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.getsockname.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]

s = socket.socket()
s.bind(("127.0.0.1", 8443))


def page(protection, length=16):
    """A page of this protection, in which a length stands at 128."""
    at = libc.mmap(None, PAGE, READ | WRITE, PRIVATE | ANONYMOUS, -1, 0)
    ctypes.memset(at, 0xee, PAGE)
    ctypes.c_uint32.from_address(at + 128).value = length
    assert libc.mprotect(at, PAGE, protection) == 0
    return at


def name(address, length):
    ctypes.set_errno(0)
    return libc.getsockname(s.fileno(), address, length), ctypes.get_errno()


def bytes_at(at, size):
    assert libc.mprotect(at, PAGE, READ) == 0
    return ctypes.string_at(at, size)


def port_at(at):
    return int.from_bytes(bytes_at(at, 4)[2:4], "big")


good = page(READ | WRITE)
assert name(good, good + 128) == (0, 0)
assert port_at(good) == 8443, port_at(good)
for protection in READ, READ | EXEC, PROT_NONE:
    # The address there, the length elsewhere.
    bad, elsewhere = page(protection), page(READ | WRITE)
    assert name(bad, elsewhere + 128) == (-1, errno.EFAULT), protection
    assert bytes_at(bad, 64) == b"\xee" * 64, protection
    # The length there.
    bad, elsewhere = page(protection), page(READ | WRITE)
    assert name(elsewhere, bad + 128) == (-1, errno.EFAULT), protection
    assert bytes_at(bad + 0, 132)[128:] == b"\x10\0\0\0", protection
    # No room at all: then the address is not looked at.
    bad, elsewhere = page(protection), page(READ | WRITE, 0)
    assert name(bad, elsewhere + 128) == (0, 0), protection
# A file that is mapped for reading stays what it is.
with open(os.environ["TMPDIR"] + "/mapped", "w+b") as file:
    file.write(b"\xee" * PAGE)
    file.flush()
    at = libc.mmap(None, PAGE, READ, 1, file.fileno(), 0)
    length = page(READ | WRITE)
    assert name(at, length + 128) == (-1, errno.EFAULT)
    file.seek(0)
    assert file.read() == b"\xee" * PAGE
# Half on a page that may be written.
two = libc.mmap(None, 2 * PAGE, READ | WRITE, PRIVATE | ANONYMOUS, -1, 0)
libc.mprotect(two + PAGE, PAGE, READ)
length = page(READ | WRITE)
assert name(two + PAGE - 8, length + 128) == (-1, errno.EFAULT)
assert ctypes.string_at(two + PAGE, 8) == b"\0" * 8
print("as the kernel")
