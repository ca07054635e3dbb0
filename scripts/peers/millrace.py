"""Millrace behind the interface of engines.py, in three shapes: embedded and warm, whole processes, a cluster."""
import json
import os
import pathlib
import resource
import socket
import subprocess
import tempfile
import time
import urllib.request

TABLES = ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"]


def program(name):
    return os.path.join(os.environ["MILLRACE_PROGRAMS"], name)


def peak_megabytes(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


class Statements:
    """Writes the job of each workload; `run` takes its text."""

    def __init__(self, data):
        self.data = data
        self.views = "".join(
            f"CREATE OR REPLACE TEMPORARY VIEW {table} USING parquet OPTIONS (path '{data}/parquet/{table}.parquet');\n"
            for table in TABLES)

    def run(self, statement):
        raise NotImplementedError

    def job(self, statement):
        return self.views + statement.strip().rstrip(";") + ";\n"

    def collect(self, query):
        self.run(query)

    def write(self, query, out):
        self.run(f"INSERT OVERWRITE DIRECTORY '{out}' USING parquet OPTIONS (compression 'snappy')\n{query}")

    def write_partitioned(self, query, out, by):
        self.run(f"CREATE OR REPLACE TABLE bench USING parquet OPTIONS (compression 'snappy') "
                 f"PARTITIONED BY ({', '.join(by)}) LOCATION '{out}' AS\n{query}")

    def open_json(self):
        if "VIEW raw" not in self.views:
            self.views += f"CREATE OR REPLACE TEMPORARY VIEW raw USING json OPTIONS (path '{self.data}/json/');\n"

    def open_csv(self):
        if "lineitem_csv" not in self.views:
            self.views += ("CREATE OR REPLACE TEMPORARY VIEW lineitem_csv USING csv OPTIONS "
                           f"(path '{self.data}/csv/lineitem.csv', header 'true', inferSchema 'true');\n")

    def close(self):
        pass


class Embedded(Statements):
    """One warm embedded cluster in a process of its own; results are read to the last row there."""

    def __init__(self, data, arguments=()):
        super().__init__(data)
        self.process = subprocess.Popen(
            [program("benchmark"), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def run(self, statement):
        self.process.stdin.write(self.job(statement) + ".\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer.startswith("ok"):
            raise RuntimeError(answer.strip() or "the program ended")

    def peak_megabytes(self):
        return peak_megabytes(self.process.pid)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Submit(Statements):
    """A process of etl-submit for each job, from exec to exit; rows go as CSV to /dev/null."""

    def __init__(self, data):
        super().__init__(data)
        self.path = program("etl-submit")

    def run(self, statement):
        self.submit(["-e", self.job(statement)])

    def submit(self, arguments):
        done = subprocess.run(
            [self.path, *arguments, "--output", "csv", "--progress", "none"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr.strip())

    def peak_megabytes(self):
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Cluster(Embedded):
    """A coordinator and two workers of one slot as processes, and one client process that stays."""

    def __init__(self, data):
        self.folder = tempfile.TemporaryDirectory(prefix="millrace-bench-")
        self.nodes, self.logs = [], []
        root = str(pathlib.Path(data).resolve().parent.parent)
        paths = ["--storage", self.folder.name, "--allow-path", root]
        port, web = free_port(), free_port()
        url = f"http://127.0.0.1:{port}"
        self.start("coordinator", [
            program("etl-coordinator"), "--listen", f"127.0.0.1:{port}", "--web", f"127.0.0.1:{web}",
            "--state", f"{self.folder.name}/state", *paths])
        for number in (1, 2):
            self.start(f"worker-{number}", [
                program("etl-worker"), "--coordinator", url, "--listen", "127.0.0.1:0", "--slots", "1",
                "--memory", "4g", "--spill", self.folder.name, *paths])
        self.wait(f"http://127.0.0.1:{web}/api/v1/workers")
        super().__init__(data, [url])

    def start(self, name, command):
        log = open(f"{self.folder.name}/{name}.log", "w+")
        self.logs.append(log)
        self.nodes.append(subprocess.Popen(command, stdout=log, stderr=log))

    def wait(self, url):
        end = time.time() + 20
        while time.time() < end:
            try:
                with urllib.request.urlopen(url, timeout=2) as answer:
                    workers = json.load(answer)["workers"]
                    if sum(worker["state"] == "active" for worker in workers) == 2:
                        return
            except OSError:
                pass
            time.sleep(0.02)
        texts = []
        for log in self.logs:
            log.seek(0)
            texts.append(log.read().strip()[-300:])
        self.end_nodes()
        raise RuntimeError("the cluster did not start: " + " | ".join(texts))

    def peak_megabytes(self):
        return sum(peak_megabytes(node.pid) for node in self.nodes)

    def close(self):
        super().close()
        self.end_nodes()
        self.folder.cleanup()

    def end_nodes(self):
        for node in reversed(self.nodes):
            node.kill()
            node.wait()
