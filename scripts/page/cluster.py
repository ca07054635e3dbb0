"""The cluster whose page is looked at, and waiting for what it does."""

import json
import pathlib
import re
import subprocess
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = ROOT / ".deps/data/tpch0.1/parquet"


class Cluster:
    """A coordinator and two workers of one slot each, on loopback, in a folder of their own."""

    def __init__(self, programs, folder):
        self.programs, self.folder, self.processes = programs, folder, []
        self.cluster_port, self.web_port = 0, 0
        self.files = ["--storage", folder, "--allow-path", DATA]
        self.start_coordinator()
        for number in range(2):
            self.start_worker()

    def start_worker(self):
        process, _ = self.run(
            "etl-worker", "--coordinator", f"http://127.0.0.1:{self.cluster_port}", "--slots", "1", "--memory", "1g",
            "--spill", self.folder, *self.files)
        return process

    def run(self, program, *arguments):
        log = open(self.folder / f"{program}-{len(self.processes)}.log", "w")
        # The programs end with this script, even if it is killed.
        # Workers leave the processor to the browser: a click that waits for it says nothing of the page.
        priority = ["nice", "-n", "19"] if program == "etl-worker" else []
        command = ["setpriv", "--pdeathsig", "KILL", *priority, self.programs / program, *map(str, arguments)]
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)
        self.processes.append(process)
        return process, pathlib.Path(log.name)

    def start_coordinator(self):
        self.coordinator, log = self.run(
            "etl-coordinator", "--listen", f"127.0.0.1:{self.cluster_port}", "--web", f"127.0.0.1:{self.web_port}",
            "--state", self.folder / "state", *self.files)
        await_that(lambda: "state in" in log.read_text(), lambda: f"the coordinator does not start: {log.read_text()}")
        self.cluster_port, self.web_port = map(int, re.findall(r"127\.0\.0\.1:(\d+)", log.read_text())[:2])
        self.url = f"http://127.0.0.1:{self.web_port}"

    def kill_coordinator(self):
        self.coordinator.kill()
        self.coordinator.wait()

    def stop(self):
        for process in self.processes:
            process.kill()
            process.wait()

    def get(self, path):
        return json.load(urllib.request.urlopen(self.url + "/api/v1" + path, timeout=10))

    def submit(self, sql, name, settings):
        body = json.dumps({"sql": sql, "name": name, "file": name, "conf": settings}).encode()
        request = urllib.request.Request(self.url + "/api/v1/jobs", body, {"content-type": "application/json"})
        return json.load(urllib.request.urlopen(request, timeout=10))["id"]

    def pipeline(self, name, text):
        """Writes a pipeline's directory and returns it."""
        directory = self.folder / name
        directory.mkdir()
        (directory / "etl.yml").write_text(text)
        return directory

    def etl_submit(self, *arguments):
        """Runs etl-submit and returns what it wrote."""
        command = [self.programs / "etl-submit", *map(str, arguments), "--coordinator", f"http://127.0.0.1:{self.cluster_port}"]
        ran = subprocess.run(command, capture_output=True, text=True, cwd=self.folder, timeout=60)
        assert ran.returncode == 0, f"{arguments}: {ran.stderr}"
        return ran.stdout + ran.stderr

    def cancel(self, job):
        request = urllib.request.Request(f"{self.url}/api/v1/jobs/{job}", method="DELETE")
        urllib.request.urlopen(request, timeout=10).close()
        self.await_state(job, "cancelled")

    def await_state(self, job, *states):
        await_that(lambda: self.get(f"/jobs/{job}")["state"] in states, f"{job} is not {states}")


def await_that(ask, what, seconds=120):
    """Waits until `ask` says yes; `what`, a text or what makes one, tells what did not come about."""
    deadline = time.monotonic() + seconds
    while not ask():
        assert time.monotonic() < deadline, what() if callable(what) else what
        time.sleep(0.1)
