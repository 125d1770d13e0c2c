#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
#
# usage: manifest.py FILE
#
# Prints what compose.yaml or kubernetes.yaml asks of a runtime, as settings of
# tests/containers/cells.  Fails where it asks anything else, or where the pod
# is not what the pod security standard "restricted" demands.
import sys

import yaml


def capabilities(dropped, added):
    assert dropped == ["ALL"] and added == ["NET_BIND_SERVICE"]
    return ["caps=bind"]


def of_compose(service):
    assert set(service) == {"image", "user", "cap_drop", "cap_add",
                            "read_only", "ports"}
    user, _, group = service["user"].partition(":")
    assert user == group and service["read_only"] is True
    return ["user=" + user, "read-only", "file",
            *capabilities(service["cap_drop"], service["cap_add"])]


def of_pod(spec):
    pod = spec["securityContext"]
    container, = spec["containers"]
    assert "command" not in container
    context = container["securityContext"]
    assert pod["runAsNonRoot"] is True and pod["runAsUser"] > 0
    assert pod["runAsUser"] == pod["runAsGroup"]
    assert pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert context["allowPrivilegeEscalation"] is False
    assert context["readOnlyRootFilesystem"] is True
    return ["user=%d" % pod["runAsUser"], "nnp", "read-only", "file",
            "profile=docker-25",
            *capabilities(context["capabilities"]["drop"],
                          context["capabilities"]["add"])]


with open(sys.argv[1], encoding="ascii") as file:
    manifest = yaml.safe_load(file)
if "services" in manifest:
    service, = manifest["services"].values()
    print(*of_compose(service))
else:
    print(*of_pod(manifest["spec"]))
