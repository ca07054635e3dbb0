"""Holds the optional parts of k8s/components: their objects, and what their programs do."""

import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

from rendered import Rendered, matches, schema_problems

NAME = "etl-deletion-cost"
COST = "controller.kubernetes.io/pod-deletion-cost"
LABELS = {"app.kubernetes.io/component": "deletion-cost"}


def component_problems(root, guide):
    """Problems of production with the component, as an overlay of one's own has it."""
    rendered = Rendered(root, "../deploy/checks/deletion-cost")
    if rendered.error:
        yield rendered.error
        return
    yield from schema_problems(rendered)
    yield from _pod_problems(rendered, guide)
    yield from _right_problems(rendered)
    yield from _run_problems(root)


def _pod_problems(rendered, guide):
    [deployment] = [o for o in rendered.of("Deployment") if o["metadata"]["name"] == NAME]
    pod = deployment["spec"]["template"]["spec"]
    [container] = pod["containers"]
    own, context = container["securityContext"], pod["securityContext"]
    wanted = {
        "a user of its own": context["runAsNonRoot"] and own["runAsNonRoot"] and context["runAsUser"] == 65532,
        "seccomp": context["seccompProfile"] == {"type": "RuntimeDefault"},
        "no privilege escalation": own["allowPrivilegeEscalation"] is False,
        "no capabilities": own["capabilities"] == {"drop": ["ALL"]},
        "a read-only root": own["readOnlyRootFilesystem"] is True,
        "limits": {"cpu", "memory", "ephemeral-storage"} <= set(container["resources"]["limits"]),
        "its labels": matches(deployment["spec"]["selector"], deployment["spec"]["template"]["metadata"]["labels"]),
    }
    yield from (f"{NAME} lacks: {name}" for name, holds in wanted.items() if not holds)
    for volume in pod["volumes"]:
        if "configMap" in volume and volume["configMap"]["name"] not in rendered.names("ConfigMap"):
            yield f"{NAME}: no ConfigMap {volume['configMap']['name']}"
        secret = volume.get("secret", {}).get("secretName")
        if secret and f"create secret generic {secret}" not in guide:
            yield f"{NAME}: k8s/README.md does not make the Secret {secret}"
        if secret == "etl-coordinator-tls" and [i["key"] for i in volume["secret"].get("items", [])] != ["ca.crt"]:
            yield f"{NAME} sees the coordinator's key"


def _right_problems(rendered):
    [role] = rendered.of("Role")
    if role["rules"] != [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "patch"]}]:
        yield f"{NAME} may do more or less than list and patch pods"
    reaches = {
        p["metadata"]["name"] for p in rendered.of("NetworkPolicy")
        for rule in p["spec"].get("ingress", []) for peer in rule.get("from", [])
        if "podSelector" in peer and matches(peer["podSelector"], LABELS)}
    if reaches != {"deletion-cost-coordinator"}:
        yield f"{NAME} is let in by {sorted(reaches)}"


class _Double(http.server.BaseHTTPRequestHandler):
    """Stands for the coordinator and for Kubernetes; the server has what they say in `answers`."""

    def _answer(self, body):
        self.server.asked.append((self.command, self.path.split("?")[0], self.headers["Authorization"], body))
        data = json.dumps(self.server.answers.get(self.path.split("?")[0], {})).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        self._answer(None)

    def do_PATCH(self):
        self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def log_message(self, *_):
        pass


def _worker(host, state="active", used=0, held=0):
    return {"address": f"{host}:7078", "state": state, "slots": {"used": used, "total": 2}, "shuffleBytes": held}


def _pod(name, host, cost=None):
    annotations = {"annotations": {COST: cost}} if cost else {}
    return {"metadata": {"name": name, **annotations}, "status": {"podIP": host}}


def _run_problems(root):
    """Runs the program once against doubles: it writes where a cost changed, and nowhere else."""
    pods = "/api/v1/namespaces/millrace/pods"
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Double)
    server.asked = []
    server.answers = {
        "/api/v1/workers": {"workers": [
            _worker("10.0.0.1"), _worker("10.0.0.2", used=1), _worker("10.0.0.3", held=9),
            _worker("10.0.0.4", used=2), _worker("10.0.0.5", state="draining", used=1),
            _worker("10.0.0.6", state="lost"), _worker("10.0.0.7")]},
        pods: {"items": [
            _pod("idle", "10.0.0.1"), _pod("busy", "10.0.0.2"), _pod("holding", "10.0.0.3"),
            _pod("busy-before", "10.0.0.4", "2"), _pod("draining", "10.0.0.5"), _pod("lost", "10.0.0.6"),
            _pod("idle-again", "10.0.0.7", "2"), _pod("unknown", "10.0.0.8"), {"metadata": {"name": "new"}, "status": {}}]},
    }
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    with tempfile.TemporaryDirectory(prefix="millrace-account-") as folder:
        for name, text in {"token": "account", "namespace": "millrace", "viewer": "viewer\n"}.items():
            (pathlib.Path(folder) / name).write_text(text)
        environment = os.environ | {
            "SERVICE_ACCOUNT": folder, "TOKEN_FILE": f"{folder}/viewer", "COORDINATOR": address,
            "KUBERNETES_API": address}
        made = subprocess.run(
            [sys.executable, "-B", root / "k8s/components/deletion-cost/deletion_cost.py", "--once"],
            env=environment, capture_output=True, text=True, timeout=60)
    server.shutdown()
    if made.returncode:
        yield f"{NAME} fails: {made.stderr}"
    written = {path.rsplit("/", 1)[1]: body["metadata"]["annotations"] for method, path, _, body in server.asked
               if method == "PATCH"}
    if written != {"busy": {COST: "2"}, "holding": {COST: "1"}, "idle-again": {COST: "0"}}:
        yield f"{NAME} writes {written}"
    shown = {(path.startswith(pods), token) for _, path, token, _ in server.asked}
    if shown != {(False, "Bearer viewer"), (True, "Bearer account")}:
        yield f"{NAME} shows its tokens to others: {shown}"
