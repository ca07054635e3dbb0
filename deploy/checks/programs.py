"""Runs the programs as the manifests say, and has the real Prometheus read them."""

import contextlib
import json
import pathlib
import re
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import yaml

from composition import program_arguments
from monitoring import demands, expressions, named_metrics
from rendered import PROMETHEUS, Rendered

TOKEN = "0123456789abcdef-of-the-check"
# The name is fixed: it is part of what users rely on.
KNOWN_REMARKS = {'etl_slots_total non-counter metrics should not have "_total" suffix'}


def flag_problems(root, programs, overlays):
    """Every flag and ETL_ variable of the manifests is known to its program."""
    given = list(program_arguments(root))
    for overlay in overlays:
        rendered = Rendered(root, overlay)
        settings = rendered.of("ConfigMap")[0]["data"]
        given += [(w.program, w.args, settings) for w in rendered.workloads]
    known = {}
    for program, arguments, variables in given:
        if program not in known:
            text = subprocess.run([programs / program, "--help"], capture_output=True, text=True).stdout
            known[program] = set(re.findall(r"--[a-z-]+", text))
        flags = {a.split("=")[0] for a in arguments}
        flags |= {"--" + v[4:].lower().replace("_", "-") for v in variables if v.startswith("ETL_")}
        for flag in sorted(flags - known[program]):
            yield f"{program} has no {flag}"


def _free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Trial:
    """A coordinator and a worker, started with the arguments of k8s/base, and a Prometheus that scrapes them."""

    def __init__(self, root, programs, folder):
        self.root, self.programs, self.folder = root, programs, folder
        self.ports = {name: _free_port() for name in ("cluster", "web", "shuffle", "worker-web", "prometheus")}
        self.running = []
        subprocess.run(
            [root / "deploy/certificates", folder / "certs", "etl-coordinator.millrace.svc"],
            check=True, capture_output=True)
        for role in ("coordinator", "worker"):  # as the Secrets of k8s/README.md
            (folder / role).mkdir()
            for key, file in [("tls.crt", f"{role}.pem"), ("tls.key", f"{role}-key.pem"), ("ca.crt", "ca.pem")]:
                (folder / role / key).write_bytes((folder / "certs" / file).read_bytes())
        (folder / "tokens").write_text(f"{TOKEN} viewer prometheus\n")
        (folder / "token").write_text(TOKEN)

    def arguments(self, workload):
        """The manifest's arguments, with this machine's paths and ports for the pod's."""
        role = "worker" if workload.program == "etl-worker" else "coordinator"
        web = self.ports["web" if role == "coordinator" else "worker-web"]
        swaps = [
            ("/tls/", f"{self.folder}/{role}/"), ("/tokens/tokens", f"{self.folder}/tokens"),
            ("=/state", f"={self.folder}/state"), ("=/spill", f"={self.folder}/spill"),
            ("0.0.0.0:7077", f"127.0.0.1:{self.ports['cluster']}"),
            ("0.0.0.0:8080", f"127.0.0.1:{web}"), ("0.0.0.0:8081", f"127.0.0.1:{web}"),
            ("0.0.0.0:7078", f"127.0.0.1:{self.ports['shuffle']}"),
            ("$(POD_IP):7078", f"127.0.0.1:{self.ports['shuffle']}"),
            ("etl-coordinator:7077", f"localhost:{self.ports['cluster']}")]
        result = []
        for argument in workload.args:
            for old, new in swaps:
                argument = argument.replace(old, new)
            result.append(argument)
        return result, web

    def start(self, command):
        log = open(self.folder / f"{pathlib.Path(command[0]).name}.log", "w")
        self.running.append(subprocess.Popen(  # the programs end with this script, even if it is killed
            ["setpriv", "--pdeathsig", "KILL", *command], stdout=log, stderr=log, cwd=self.folder,
            env={"PATH": "/usr/bin:/bin", "ETL_STORAGE": "/data"}))

    def stop(self):
        for process in self.running:
            process.kill()
            process.wait()

    def get(self, port, path, token=None):
        """A page of a web port, by HTTP/2 as kubelet and Prometheus ask; the status after it where it is not 200."""
        bearer = ["--header", f"authorization: Bearer {token}"] if token else []
        asked = subprocess.run(
            ["curl", "--silent", "--http2", "--cacert", self.folder / "certs/ca.pem", "--max-time", "5", *bearer,
             "--write-out", "%{http_code}", f"https://localhost:{port}{path}"], capture_output=True, text=True)
        return asked.stdout.removesuffix("200")

    def awaited(self, ask, seconds=40):
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(OSError, ValueError, AssertionError):
                if ask():
                    return True
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)

    def prometheus(self):
        """Starts Prometheus with kubernetes.yml, its addresses and files exchanged for the trial's."""
        config = yaml.safe_load((self.root / "deploy/prometheus/kubernetes.yml").read_text())
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        config["rule_files"] = [str(self.root / "deploy/prometheus/alerts.yml")]
        for job, port in zip(config["scrape_configs"], (self.ports["web"], self.ports["worker-web"])):
            job.pop("dns_sd_configs", None)
            job["static_configs"] = [{"targets": [f"127.0.0.1:{port}"], "labels": {"namespace": "millrace"}}]
            job["tls_config"]["ca_file"] = str(self.folder / "certs/ca.pem")
            if "authorization" in job:
                job["authorization"]["credentials_file"] = str(self.folder / "token")
        (self.folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        self.start([
            PROMETHEUS / "prometheus", f"--config.file={self.folder}/prometheus.yml",
            f"--storage.tsdb.path={self.folder}/tsdb", f"--web.listen-address=127.0.0.1:{self.ports['prometheus']}"])

    def query(self, expression):
        form = urllib.parse.urlencode({"query": expression}).encode()
        address = f"http://127.0.0.1:{self.ports['prometheus']}/api/v1/query"
        with urllib.request.urlopen(address, form, timeout=5) as answer:
            return json.load(answer)["data"]["result"]


def run_problems(root, programs):
    with tempfile.TemporaryDirectory(prefix="millrace-deploy-") as folder:
        trial = Trial(root, programs, pathlib.Path(folder))
        try:
            yield from _run(trial)
        finally:
            trial.stop()


def _run(trial):
    texts = {}
    for workload in sorted(Rendered(trial.root, "base").workloads, key=lambda w: w.program):
        arguments, port = trial.arguments(workload)
        trial.start([trial.programs / workload.program, *arguments])
        for probe in workload.probes.values():
            path = probe["httpGet"]["path"]
            if not trial.awaited(lambda: trial.get(port, path) == "ok\n"):
                log = (trial.folder / f"{workload.program}.log").read_text()[-300:]
                yield f"{workload.program} does not answer {path}: {log}"
                return
        token = TOKEN if workload.program == "etl-coordinator" else None
        texts[workload.program] = trial.get(port, "/metrics", token)
        checked = subprocess.run(
            [PROMETHEUS / "promtool", "check", "metrics"], input=texts[workload.program], capture_output=True, text=True)
        remarks = [r for r in (checked.stdout + checked.stderr).splitlines() if r and r not in KNOWN_REMARKS]
        yield from (f"{workload.program}: promtool check metrics: {remark}" for remark in remarks)
    if not trial.get(trial.ports["web"], "/metrics").endswith("401"):
        yield "the coordinator shows its metrics without a token"
    exported = set()
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)", "\n".join(texts.values()), re.MULTILINE):
        exported |= {name + part for part in ("_bucket", "_sum", "_count")} if kind == "histogram" else {name}
    for file, metric in sorted(named_metrics(trial.root)):
        if metric not in exported:
            yield f"{file}: no program exports {metric}"
    trial.prometheus()
    if not trial.awaited(lambda: len(trial.query('up == 1')) == 2 and trial.query('etl_workers{state="active"} == 1')):
        log = (trial.folder / "prometheus.log").read_text()[-400:]
        yield f"Prometheus does not scrape both programs: {log}"
        return
    for expression in expressions(trial.root):
        try:
            trial.query(expression)
        except urllib.error.HTTPError as error:
            yield f"Prometheus refuses {expression}: {error.read().decode()[:200]}"
    for expression in demands(trial.root):
        if [r["value"][1] for r in trial.query(expression)] != ["0"]:
            yield f"an idle cluster's demand is not 0: {expression}"
    firing = [a["metric"]["alertname"] for a in trial.query('ALERTS{alertstate="firing"}')]
    if firing:
        yield f"alerts fire for a healthy cluster: {firing}"

