#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
#
# usage: cri.py SOCKET LAB IMAGE CGROUP SETTINGS COMMAND [ARG...]
#
# Asks containerd, as a kubelet does, for a pod with the settings of
# tests/containers/cells, and prints what its container printed.  In LAB is
# cri_pb2, made of cri.proto by protoc.
import os
import sys
import tempfile
import time

import grpc

SOCKET, LAB, IMAGE, CGROUP, SETTINGS, *COMMAND = sys.argv[1:]
sys.path.insert(0, LAB)
import cri_pb2  # noqa: E402

POD, NODE = 0, 2
RUNTIME_DEFAULT, UNCONFINED = 0, 1
EXITED = 2
# What nobody has on the host, beside other containers' (runtimes.bash).
IDS = {"host_id": 300000, "container_id": 0, "length": 65536}


def call(name, **fields):
    method = channel.unary_unary(
        "/runtime.v1.RuntimeService/" + name,
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=getattr(cri_pb2, name + "Response").FromString)
    return method(getattr(cri_pb2, name + "Request")(**fields), timeout=60)


def namespaces(settings):
    options = {"network": NODE if settings.get("network") == "host" else POD}
    if "userns" in settings:
        options["userns_options"] = {"mode": POD, "uids": [IDS], "gids": [IDS]}
    return options


def pod(settings, logs):
    linux = {"cgroup_parent": CGROUP,
             "security_context": {"namespace_options": namespaces(settings)}}
    # "own" is the runtime's.
    if settings.get("network") != "host" and settings.get("start") != "own":
        linux["sysctls"] = {"net.ipv4.ip_unprivileged_port_start":
                            settings.get("start", "1024")}
    return {"metadata": {"name": "web", "uid": os.path.basename(logs),
                         "namespace": "default"},
            "log_directory": logs, "linux": linux}


def capabilities(caps):
    return {"usual": {}, "none": {"drop_capabilities": ["ALL"]},
            "bind": {"drop_capabilities": ["ALL"],
                     "add_capabilities": ["NET_BIND_SERVICE"]}}[caps]


def container(settings):
    user = {"value": int(settings.get("user", "0"))}
    context = {"capabilities": capabilities(settings.get("caps", "usual")),
               "namespace_options": namespaces(settings),
               "run_as_user": user, "run_as_group": user,
               "readonly_rootfs": "read-only" in settings,
               "no_new_privs": "nnp" in settings,
               "seccomp": {"profile_type": UNCONFINED if settings.get(
                   "profile") == "none" else RUNTIME_DEFAULT}}
    return {"metadata": {"name": "web"}, "image": {"image": IMAGE},
            "command": COMMAND, "log_path": "log",
            "linux": {"security_context": context}}


def run(sandbox, config, settings):
    made = call("CreateContainer", pod_sandbox_id=sandbox,
                config=container(settings), sandbox_config=config).container_id
    call("StartContainer", container_id=made)
    end = time.monotonic() + 50
    while time.monotonic() < end:
        status = call("ContainerStatus", container_id=made).status
        if status.state == EXITED:
            return status.exit_code
        time.sleep(0.05)
    sys.exit("cri.py: the container does not end")


settings = dict(word.partition("=")[::2] for word in SETTINGS.split())
logs = tempfile.mkdtemp(prefix="pod.", dir=LAB)
config = pod(settings, logs)
channel = grpc.insecure_channel("unix://" + SOCKET)
try:
    sandbox = call("RunPodSandbox", config=config).pod_sandbox_id
    try:
        code = run(sandbox, config, settings)
    finally:
        call("StopPodSandbox", pod_sandbox_id=sandbox)
        call("RemovePodSandbox", pod_sandbox_id=sandbox)
except grpc.RpcError as error:
    sys.exit("cri.py: " + error.details().replace("\n", " "))
with open(logs + "/log", encoding="utf-8") as file:
    for line in file:
        # When, which of the two, and whether it is a whole line.
        sys.stdout.write(line.split(" ", 3)[3])
sys.exit(code)
