#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
#
# usage: bundle.py DIRECTORY ROOT SETTINGS COMMAND [ARG...]
#
# Makes DIRECTORY a bundle for runc: a container of the root file system ROOT
# with the settings of tests/containers/cells, as a runtime that gives its
# capabilities to the user whoever that is, which is what Docker since 25 and
# Kubernetes do.
import json
import os
import sys

# Those of a container by Docker.
USUAL = ("CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP "
         "SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE").split()
SETS = {"usual": USUAL, "bind": ["NET_BIND_SERVICE"], "none": [],
        "bind+user": ["NET_BIND_SERVICE", "SETUID", "SETGID"]}

# Where a user namespace begins on the host, and how far it goes.
MAP = [{"containerID": 0, "hostID": 100000, "size": 65536}]


def mount(where, kind, *options):
    return {"destination": where, "type": kind, "source": kind,
            "options": list(options)}


directory, root, settings, *command = sys.argv[1:]
settings = dict(word.partition("=")[::2] for word in settings.split())
names = ["CAP_" + name for name in SETS[settings.get("caps", "usual")]]
user = int(settings.get("user", 0))
namespaces = ["pid", "ipc", "uts", "mount"]
linux = {}
if settings.get("network") != "host":
    namespaces.append("network")
    linux["sysctl"] = {"net.ipv4.ip_unprivileged_port_start":
                       settings.get("start", "1024")}
if "userns" in settings:
    namespaces.append("user")
    linux["uidMappings"] = linux["gidMappings"] = MAP
if settings.get("profile", "none") != "none":
    profile = "%s/%s.json" % (os.path.dirname(__file__), settings["profile"])
    with open(profile, encoding="ascii") as file:
        linux["seccomp"] = json.load(file)
linux["namespaces"] = [{"type": name} for name in namespaces]
with open(directory + "/config.json", "w", encoding="ascii") as file:
    json.dump({
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": user, "gid": user},
            "args": command,
            "env": ["PATH=/usr/local/bin:/bin"],
            "cwd": "/",
            "noNewPrivileges": "nnp" in settings,
            "capabilities": {"bounding": names, "permitted": names,
                             "effective": names},
        },
        "root": {"path": root, "readonly": "read-only" in settings},
        "mounts": [mount("/proc", "proc"),
                   mount("/dev", "tmpfs", "nosuid", "mode=755")],
        "linux": linux,
    }, file)
