# SPDX-License-Identifier: ISC
"""The ways by which a server of one port gets the clients of another."""
import os
import shutil

from lab import AS_NOBODY, Missing

OURS = ["notify", "observe", "preload", "descriptor", "bpf", "--attach"]
OTHERS = ["iptables REDIRECT", "nft redirect", "socat", "haproxy",
          "systemd-socket-proxyd"]
PROXYD = "/lib/systemd/systemd-socket-proxyd"


class Running:
    """A server that was started: who serves, and the ports that clients ask."""

    def __init__(self, processes, ports):
        self.pids = [p.pid for p in processes]
        self.ports = ports


def mapping_options(ports, protocol):
    return [word for public, expected in ports
            for word in ("-p", f"{public}:{expected}/{protocol}")]


def publics(ports):
    return [public for public, _ in ports]


def expecteds(ports):
    return [expected for _, expected in ports]


def start_bare(lab, way, server, ports, protocol):
    command = AS_NOBODY + server.command(expecteds(ports))
    return Running([lab.serve(way, command)], expecteds(ports))


def lowport_way(*options, **variables):
    def start(lab, way, server, ports, protocol):
        command = lab.lowport_command(
            *options, *mapping_options(ports, protocol), "--",
            *server.command(expecteds(ports)))
        return Running([lab.serve(way, command, variables)], publics(ports))
    return start


def start_preload(lab, way, server, ports, protocol):
    if server.static:
        raise Missing("a static program loads no library")
    return lowport_way("--method", "preload")(lab, way, server, ports, protocol)


def start_descriptor(lab, way, server, ports, protocol):
    mappings = [word for public, _ in ports
                for word in ("-p", f"0.0.0.0:{public}:@p{public}/{protocol}")]
    command = lab.lowport_command(
        *mappings, "--", *server.command_by_descriptor(publics(ports)))
    return Running([lab.serve(way, command)], publics(ports))


def start_bpf(lab, way, server, ports, protocol):
    command = lab.bpf_command(*mapping_options(ports, protocol), "--",
                              *server.command(expecteds(ports)))
    return Running([lab.serve(way, command)], publics(ports))


def start_attach(lab, way, server, ports, protocol):
    inside = lab.attach(*mapping_options(ports, protocol))
    command = inside + server.command(expecteds(ports))
    return Running([lab.serve(way, command)], publics(ports))


def iptables_rules(ports, protocol):
    return [f"iptables -t nat -A OUTPUT -p {protocol} --dport {public}"
            f" -j REDIRECT --to-ports {expected}" for public, expected in ports]


def nft_rules(ports, protocol):
    return ["nft add table ip nat",
            "nft 'add chain ip nat output { type nat hook output priority -100; }'",
            *(f"nft add rule ip nat output {protocol} dport {public}"
              f" redirect to :{expected}" for public, expected in ports)]


def redirect_way(rules):
    def start(lab, way, server, ports, protocol):
        script = " && ".join(rules(ports, protocol))
        try:
            lab.output([*lab.network(way), "sh", "-c", script])
        except Missing as why:
            raise Missing(f"the kernel refuses the rule here: {why}") from None
        command = AS_NOBODY + server.command(expecteds(ports))
        return Running([lab.serve(way, command)], publics(ports))
    return start


def need(program):
    if not os.path.exists(program) and not shutil.which(program):
        raise Missing(f"{os.path.basename(program)} is not installed")


def proxy_way(proxies):
    """A server, and before it what PROXIES returns the commands of."""
    def start(lab, way, server, ports, protocol):
        commands = proxies(lab, ports, protocol)
        need(commands[0][0])
        processes = [lab.serve(way, AS_NOBODY + server.command(
            expecteds(ports)))]
        processes += [lab.serve(way, command) for command in commands]
        return Running(processes, publics(ports))
    return start


def socat_commands(lab, ports, protocol):
    # It never learns that a client of datagrams has gone: -T.
    listen = {"tcp": "TCP-LISTEN:{},fork,reuseaddr,backlog=1024",
              "udp": "UDP-LISTEN:{},fork,reuseaddr"}[protocol]
    return [["socat", "-T", "2", listen.format(public),
             f"{protocol.upper()}:127.0.0.1:{expected}"]
            for public, expected in ports]


def haproxy_commands(lab, ports, protocol):
    if protocol == "udp":
        raise Missing("haproxy forwards no datagrams")
    path = f"{lab.scratch}/haproxy-{ports[0][0]}.cfg"
    with open(path, "w") as out:
        out.write("global\n  nbthread 1\n  maxconn 4000\n"
                  "defaults\n  mode tcp\n  timeout connect 5s\n"
                  "  timeout client 1m\n  timeout server 1m\n")
        for public, expected in ports:
            out.write(f"listen p{public}\n  bind 127.0.0.1:{public}\n"
                      f"  server s 127.0.0.1:{expected}\n")
    return [["haproxy", "-db", "-f", path]]


def proxyd_commands(lab, ports, protocol):
    if protocol == "udp":
        raise Missing("systemd-socket-proxyd forwards no datagrams")
    need(PROXYD)
    return [["systemd-socket-activate", "-l", f"127.0.0.1:{public}", PROXYD,
             f"127.0.0.1:{expected}"] for public, expected in ports]


WAYS = {
    "bare": start_bare,
    "bare again": start_bare,
    "notify": lowport_way("--method", "notify"),
    "observe": lowport_way("--method", "notify", LOWPORT_LEARN="observe"),
    "preload": start_preload,
    "descriptor": start_descriptor,
    "bpf": start_bpf,
    "--attach": start_attach,
    "iptables REDIRECT": redirect_way(iptables_rules),
    "nft redirect": redirect_way(nft_rules),
    "socat": proxy_way(socat_commands),
    "haproxy": proxy_way(haproxy_commands),
    "systemd-socket-proxyd": proxy_way(proxyd_commands),
}
