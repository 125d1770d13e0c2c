#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""usage: ftp.py HOST PORT

Two clients fetch the file "hello" from an FTP server in turns, three times, by
active transfers.  Prints it if each connection of the server's came from port
20, or else what happened."""
import ftplib
import sys


def connect(host, port):
    client = ftplib.FTP(timeout=5)
    client.connect(host, int(port))
    client.login("daemon", "secret")
    client.set_pasv(False)
    return client


def fetch(client):
    with client.transfercmd("RETR hello") as data:
        port, text = data.getpeername()[1], data.makefile().read()
    client.voidresp()
    return port, text


try:
    clients = [connect(*sys.argv[1:]) for _ in range(2)]
    fetched = [fetch(client) for _ in range(3) for client in clients]
    print("hello" if set(fetched) == {(20, "hello\n")} else fetched)
except (OSError, EOFError, ftplib.Error) as error:
    print(repr(error))
