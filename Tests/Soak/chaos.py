"""Breaks a cluster at random times in random ways, all drawn from one seed."""

import collections
import pathlib
import signal
import time


class Chaos:
    """Strikes whenever its owner calls `tick` and it is time; what a fault breaks, it mends itself, some seconds later.

    No thread of its own: a process ends with the thread that started it, as `Network.on` has it.
    """

    def __init__(self, cluster, random, say, pause=(1.0, 6.0)):
        self.cluster, self.random, self.say, self.pause = cluster, random, say, pause
        self.struck = collections.Counter()
        # When bits were to be turned for the first time.
        self.lies_since = None
        self._repairs = []
        self._next = time.monotonic()

    FAULTS = {
        "worker killed": 5, "coordinator killed": 3, "worker frozen": 2, "coordinator frozen": 1, "worker cut off": 2,
        "worker deaf to the coordinator": 1, "coordinator deaf to a worker": 1, "two workers cut off from each other": 1,
        "disk filled": 2, "bits turned in shuffles": 3,
    }

    def tick(self):
        """Mends what is due, and strikes when it is time."""
        self._repair()
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self.random.uniform(*self.pause)
        kind = self.random.choices(list(self.FAULTS), list(self.FAULTS.values()))[0]
        worker = self.random.choice(self.cluster.workers)
        # A host has one fault at a time, and one worker at least is well.
        ill = {repair[1] for repair in self._repairs}
        host = "coordinator" if kind.startswith("coordinator") and "deaf" not in kind else worker.name
        if host in ill or len(ill - {"coordinator"}) >= len(self.cluster.workers) - 1:
            return
        seconds = self._strike(kind, worker)
        self.struck[kind] += 1
        self.say(f"{kind} ({host}) for {seconds:.1f} s")

    def _later(self, seconds, host, mend):
        self._repairs.append((time.monotonic() + seconds, host, mend))
        return seconds

    def _repair(self):
        now = time.monotonic()
        due = [repair for repair in self._repairs if repair[0] <= now]
        self._repairs = [repair for repair in self._repairs if repair[0] > now]
        for _, _, mend in due:
            mend()

    def _strike(self, kind, worker):
        cluster, network, random = self.cluster, self.cluster.network, self.random
        others = [other for other in cluster.workers if other is not worker]
        match kind:
            case "worker killed":
                worker.kill()
                return self._later(random.uniform(0.2, 4), worker.name, worker.start)
            case "coordinator killed":
                cluster.coordinator.kill()
                return self._later(random.uniform(0.1, 3), "coordinator", cluster.coordinator.start)
            case "worker frozen" | "coordinator frozen":
                node = worker if kind == "worker frozen" else cluster.coordinator
                node.send(signal.SIGSTOP)
                # Now and then for longer than a worker may be silent.
                seconds = random.choice([random.uniform(1, 8), 35.0]) if node is worker else random.uniform(1, 6)
                return self._later(seconds, node.name, lambda: node.send(signal.SIGCONT))
            case "worker cut off":
                for name in ["coordinator", *[other.name for other in others]]:
                    network.deafen(worker.name, name)
                seconds = random.choice([random.uniform(1, 8), 35.0])
                return self._later(seconds, worker.name, lambda: network.heal(worker.name))
            case "worker deaf to the coordinator":
                network.deafen(worker.name, "coordinator")
                return self._later(random.choice([5.0, 35.0]), worker.name, lambda: network.heal(worker.name))
            case "coordinator deaf to a worker":
                network.deafen("coordinator", worker.name)
                return self._later(random.choice([5.0, 35.0]), worker.name, lambda: network.heal("coordinator"))
            case "two workers cut off from each other":
                network.deafen(worker.name, random.choice(others).name)
                return self._later(random.uniform(2, 10), worker.name, lambda: network.heal(worker.name))
            case "disk filled":
                filler = cluster.disks[worker.name] / "filler"
                fill(filler)
                return self._later(random.uniform(2, 10), worker.name, lambda: filler.unlink(missing_ok=True))
            case "bits turned in shuffles":
                switch = cluster.switch(worker.name)
                switch.touch()
                self.lies_since = self.lies_since or time.monotonic()
                before = cluster.flips()

                def mend():
                    # It goes on until a shuffle has passed there.
                    if cluster.flips() == before:
                        self._later(1, worker.name, mend)
                    else:
                        switch.unlink(missing_ok=True)

                return self._later(random.uniform(3, 10), worker.name, mend)
        raise ValueError(kind)


def fill(file: pathlib.Path):
    """Takes all the room that a disk has."""
    try:
        with open(file, "wb", buffering=0) as filler:
            while True:
                filler.write(bytes(1 << 20))
    except OSError:
        pass
