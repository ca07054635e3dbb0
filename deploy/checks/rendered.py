"""Renders the overlays with kubectl's kustomize and gives their objects."""

import pathlib
import subprocess
import sys

import kubernetes_validate
import yaml

OVERLAYS = ["base", "overlays/local", "overlays/production", "overlays/keda", "overlays/databases"]
VERSIONS = ["1.33", "1.37"]  # of Kubernetes: the oldest and the newest that the manifests are held against
CUSTOM_KINDS = {"ScaledObject"}  # KEDA's, which no schema of Kubernetes knows
KUBECTL = pathlib.Path(sys.executable).parent / "kubectl"
PROMETHEUS = pathlib.Path(__file__).resolve().parents[2] / ".deps/prometheus/usr/bin"


class Rendered:
    """The objects of one overlay."""

    def __init__(self, root, overlay):
        self.overlay = overlay
        made = subprocess.run(
            [KUBECTL, "kustomize", root / "k8s" / overlay], capture_output=True, text=True)
        self.error = made.stderr.strip() if made.returncode else None
        self.objects = [o for o in yaml.load_all(made.stdout, yaml.CSafeLoader) if o] if not made.returncode else []

    def of(self, *kinds):
        return [o for o in self.objects if o["kind"] in kinds]

    @property
    def workloads(self):
        return [Workload(o) for o in self.of("Deployment", "StatefulSet")]

    def names(self, kind):
        return {o["metadata"]["name"] for o in self.of(kind)}


class Workload:
    """A Deployment or StatefulSet with one container."""

    def __init__(self, source):
        self.source = source
        self.kind = source["kind"]
        self.name = source["metadata"]["name"]
        self.spec = source["spec"]
        self.labels = self.spec["template"]["metadata"]["labels"]
        self.pod = self.spec["template"]["spec"]
        [self.container] = self.pod["containers"]
        self.program = self.container["command"][0]
        self.args = self.container["args"]
        self.ports = {p["name"]: p["containerPort"] for p in self.container["ports"]}
        self.probes = {k: v for k, v in self.container.items() if k.endswith("Probe")}

    @property
    def has_tls(self):
        return any(a.startswith("--tls-cert") for a in self.args)

    def flag(self, name):
        for argument in self.args:
            if argument.startswith(f"--{name}="):
                return argument.split("=", 1)[1]
        return None


def matches(selector, labels):
    """Whether a label selector chooses these labels."""
    wanted = selector.get("matchLabels", {})
    if any(labels.get(k) != v for k, v in wanted.items()):
        return False
    for term in selector.get("matchExpressions", []):
        if term["operator"] != "In":
            raise ValueError(f"operator {term['operator']}")
        if labels.get(term["key"]) not in term["values"]:
            return False
    return True


def schema_problems(rendered):
    """What Kubernetes' own schemas say, strictly: unknown fields too."""
    for item in rendered.objects:
        if item["kind"] in CUSTOM_KINDS:
            continue
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(item, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                yield f"{item['kind']} {item['metadata']['name']} for {version}: {error.message[:200]}"
