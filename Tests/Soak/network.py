"""Hosts with a network of their own: Linux namespaces on one bridge, cut by nftables. Needs root."""

import os
import subprocess


def command(*words):
    subprocess.run(words, check=True, capture_output=True, text=True)


class Network:
    """
        coordinator 10.78.0.1   worker-1 10.78.0.2   …   client 10.78.0.N
             └──────────────────────┴──── bridge ────┴─────────┘
    """

    def __init__(self, names):
        self.prefix, self.names = f"soak{os.getpid()}", names
        command("ip", "netns", "add", self.space("bridge"))
        self.spaces = ["bridge"]
        command("ip", "-n", self.space("bridge"), "link", "add", "lan", "type", "bridge")
        command("ip", "-n", self.space("bridge"), "link", "set", "lan", "up")
        for index, name in enumerate(names):
            space, port = self.space(name), f"port{index}"
            command("ip", "netns", "add", space)
            self.spaces.append(name)
            command("ip", "link", "add", "eth0", "netns", space, "type", "veth", "peer", "name", port, "netns",
                    self.space("bridge"))
            command("ip", "-n", self.space("bridge"), "link", "set", port, "master", "lan", "up")
            command("ip", "-n", space, "addr", "add", f"{self.address(name)}/24", "dev", "eth0")
            for link in ("lo", "eth0"):
                command("ip", "-n", space, "link", "set", link, "up")
            rules = "add table inet cut\nadd chain inet cut in { type filter hook input priority 0; }\n"
            subprocess.run(["ip", "netns", "exec", space, "nft", "-f", "-"], input=rules, text=True, check=True)

    def space(self, name):
        return f"{self.prefix}-{name}"

    def address(self, name):
        return f"10.78.0.{self.names.index(name) + 1}"

    def on(self, name, *words):
        """The words of a command that runs on a host and ends with this process."""
        return ["setpriv", "--pdeathsig", "KILL", "ip", "netns", "exec", self.space(name), *map(str, words)]

    def deafen(self, name, source):
        """Has a host hear nothing of another one: half a partition. The other way round is the other half."""
        command("ip", "netns", "exec", self.space(name), "nft", "add", "rule", "inet", "cut", "in", "ip", "saddr",
                self.address(source), "drop")

    def heal(self, name):
        command("ip", "netns", "exec", self.space(name), "nft", "flush", "chain", "inet", "cut", "in")

    def remove(self):
        for name in reversed(self.spaces):
            subprocess.run(["ip", "netns", "del", self.space(name)], capture_output=True)
