"""A coordinator and workers, each on a host of its own, that can be killed, frozen, cut off, filled up and lied to."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

from network import Network, command

CLUSTER_PORT, WEB_PORT, WORKER_PORT, PROXY_PORT = 7077, 8080, 7171, 7272
# A worker's memory, small, and its disk: enough for what a job spills then, and soon full.
SMALL = ("128m", "96m")


class Node:
    """One program on one host."""

    def __init__(self, network, name, arguments, log):
        self.name, self._log = name, log
        self._command = network.on(name, *arguments)
        self.process, self._is_killed = None, False
        self.deaths = []
        self.most = {"resident": 0, "descriptors": 0}

    def start(self):
        with open(self._log, "a") as log:
            self.process = subprocess.Popen(self._command, stdout=log, stderr=subprocess.STDOUT)
        self._is_killed = False

    @property
    def runs(self):
        return self.process is not None and self.process.poll() is None

    def send(self, number):
        if self.runs:
            self.process.send_signal(number)

    def kill(self):
        self._is_killed = True
        self.send(signal.SIGKILL)
        if self.process:
            self.process.wait()

    def measure(self):
        """Bytes of memory and open descriptors, now; None when it does not run. Notes an end that was no fault of ours."""
        if self.process and self.process.poll() is not None and not self._is_killed:
            self.deaths.append(f"{self.name} ended by itself with status {self.process.returncode}")
            self._is_killed = True
        with contextlib.suppress(OSError, StopIteration):
            folder = pathlib.Path(f"/proc/{self.process.pid}")
            lines = (folder / "status").read_text().splitlines()
            resident = int(next(line for line in lines if line.startswith("VmRSS:")).split()[1]) << 10
            now = {"resident": resident, "descriptors": len(os.listdir(folder / "fd"))}
            self.most = {name: max(value, self.most[name]) for name, value in now.items()}
            return now
        return None


class Cluster:
    def __init__(self, programs, folder, workers, seed, data, sizes=SMALL, lies=True):
        """Jobs may read what is below `data`; what they write is below `storage`. `lies`: shuffles go through proxies."""
        self.programs, self.folder = programs, folder
        self.storage = folder / "storage"
        self.storage.mkdir()
        names = [f"worker-{i + 1}" for i in range(workers)]
        self.network = Network(["coordinator", *names, "client"])
        self.disks, self.proxies = {}, []
        try:
            self._assemble(names, seed, [data.resolve()], sizes, lies)
        except BaseException:
            self.stop()
            raise

    def _assemble(self, names, seed, allowed, sizes, lies):
        address = self.network.address
        files = ["--storage", self.storage, "--allow-path", *allowed]
        self.url = f"http://{address('coordinator')}:{CLUSTER_PORT}"
        self.coordinator = Node(self.network, "coordinator", [
            self.programs / "etl-coordinator", "--listen", f"{address('coordinator')}:{CLUSTER_PORT}", "--web",
            f"{address('coordinator')}:{WEB_PORT}", "--state", self.folder / "state", "--insecure", *files],
            self.folder / "coordinator.log")
        self.workers = []
        for name in names:
            disk = self.folder / f"disk-{name}"
            disk.mkdir()
            command("mount", "-t", "tmpfs", "-o", f"size={sizes[1]}", "none", str(disk))
            self.disks[name] = disk
            served, reached = (f"{address(name)}:{port}" for port in (WORKER_PORT, PROXY_PORT))
            script = pathlib.Path(__file__).with_name("flipping_proxy.py")
            if lies:
                self.proxies.append(subprocess.Popen(self.network.on(
                    name, sys.executable, script, reached, served, self.switch(name), f"{seed}{name}")))
            self.workers.append(Node(self.network, name, [
                self.programs / "etl-worker", "--coordinator", self.url, "--listen", served, "--advertise",
                reached if lies else served, "--slots", "1", "--memory", sizes[0], "--spill", disk, "--insecure",
                *files], self.folder / f"{name}.log"))
        for node in self.nodes:
            node.start()
        self.await_workers(len(names), 30)

    @property
    def nodes(self):
        return [self.coordinator, *self.workers]

    def switch(self, name):
        """The file that has the proxy of a worker turn bits."""
        return self.folder / f"flip-{name}"

    def flips(self):
        """Bits turned until now."""
        counts = [pathlib.Path(f"{self.switch(worker.name)}.count") for worker in self.workers]
        return sum(count.stat().st_size for count in counts if count.exists())

    def submit(self, *arguments):
        """The command of `etl-submit` on the client's host."""
        return self.network.on("client", self.programs / "etl-submit", *arguments, "--coordinator", self.url)

    def active(self):
        """How many workers the coordinator counts as active; 0 while it does not answer."""
        run = subprocess.run(self.submit("status"), capture_output=True, text=True)
        return sum(" active" in line for line in run.stdout.splitlines())

    def await_workers(self, count, seconds):
        deadline = time.monotonic() + seconds
        while self.active() != count:
            if time.monotonic() > deadline:
                raise RuntimeError(f"only {self.active()} of {count} workers are active after {seconds} s; see {self.folder}")
            time.sleep(0.5)

    def heal(self):
        """Undoes every fault: all run, thawed, joined, with room on their disks."""
        for node in self.nodes:
            self.network.heal(node.name)
            node.send(signal.SIGCONT)
            if not node.runs:
                node.start()
        for worker in self.workers:
            self.switch(worker.name).unlink(missing_ok=True)
            (self.disks[worker.name] / "filler").unlink(missing_ok=True)

    def spilled(self):
        """Files on the workers' disks."""
        return [str(path) for disk in self.disks.values() for path in disk.rglob("*") if path.is_file()]

    def stop(self):
        for node in getattr(self, "workers", []) + ([self.coordinator] if hasattr(self, "coordinator") else []):
            node.kill()
        for proxy in self.proxies:
            proxy.kill()
            proxy.wait()
        self.network.remove()
        for disk in self.disks.values():
            subprocess.run(["umount", "-l", disk], capture_output=True)


def removed(folder):
    """Removes a folder of a run, whatever is mounted in it no more."""
    shutil.rmtree(folder, ignore_errors=True)
