"""Holds Prometheus' and Grafana's files against promtool, and against each other."""

import json
import re
import subprocess

import yaml

from rendered import PROMETHEUS

METRIC = re.compile(r"\betl_[a-z_]+\b")


def _promtool(root, *arguments):
    ran = subprocess.run(
        [PROMETHEUS / "promtool", *arguments], cwd=root / "deploy/prometheus", capture_output=True, text=True)
    if ran.returncode:
        yield f"promtool {' '.join(arguments)}: {(ran.stdout + ran.stderr).strip()[-600:]}"


def alerts(root):
    groups = yaml.safe_load((root / "deploy/prometheus/alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard(root):
    return json.loads((root / "deploy/grafana/dashboards/millrace.json").read_text())


def expressions(root):
    """Every query of the alerts, the dashboard and the autoscalers."""
    found = [rule["expr"] for rule in alerts(root)]
    for panel in dashboard(root)["panels"]:
        found += [t["expr"].replace("$__rate_interval", "1m") for t in panel["targets"]]
    return found + demands(root)


def demands(root):
    """The two autoscalers' queries: the adapter's as it fills in its template, and KEDA's."""
    values = yaml.safe_load((root / "k8s/overlays/production/prometheus-adapter.yaml").read_text())
    query = values["rules"]["external"][0]["metricsQuery"]
    scaler = yaml.safe_load((root / "k8s/overlays/keda/scaling.yaml").read_text())
    return [
        query.replace("<<.GroupBy>>", "namespace").replace("<<.LabelMatchers>>", 'namespace="millrace"'),
        scaler["spec"]["triggers"][0]["metadata"]["query"]]


def named_metrics(root):
    """Metrics that the files speak of, with the files' names."""
    texts = {"alerts.yml and the dashboard": " ".join(expressions(root))}
    for path in ["overlays/production/prometheus-adapter.yaml", "overlays/keda/scaling.yaml"]:
        text = (root / "k8s" / path).read_text()
        texts[path] = "\n".join(l for l in text.splitlines() if not l.lstrip().startswith("#"))
    made = {adapter_name(root)}
    return {(file, metric) for file, text in texts.items() for metric in METRIC.findall(text)
            if metric not in made}


def adapter_name(root):
    """The metric that prometheus-adapter makes for the autoscaler."""
    values = yaml.safe_load((root / "k8s/overlays/production/prometheus-adapter.yaml").read_text())
    return values["rules"]["external"][0]["name"]["as"]


def monitoring_problems(root):
    yield from _promtool(root, "check", "rules", "alerts.yml")
    yield from _promtool(root, "check", "config", "prometheus.yml")
    yield from _promtool(root, "check", "config", "--syntax-only", "kubernetes.yml")
    yield from _promtool(root, "test", "rules", "alerts.test.yml")
    tests = (root / "deploy/prometheus/alerts.test.yml").read_text()
    for rule in alerts(root):
        for form in (f'alertname: {rule["alert"]} ', f'alertname="{rule["alert"]}"'):
            if form not in tests:
                yield f"alerts.test.yml does not try {rule['alert']} both ways"
    scaler = yaml.safe_load((root / "k8s/overlays/production/autoscaling.yaml").read_text())
    asked = scaler["spec"]["metrics"][0]["external"]["metric"]["name"]
    if asked != adapter_name(root):
        yield f"the autoscaler asks for {asked}, the adapter makes {adapter_name(root)}"
    source = yaml.safe_load((root / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text())
    [source] = source["datasources"]
    ids = [p["id"] for p in dashboard(root)["panels"]]
    if len(ids) != len(set(ids)):
        yield "two panels have one id"
    for panel in dashboard(root)["panels"]:
        if panel["datasource"]["uid"] != source["uid"]:
            yield f"the panel {panel['title']} asks the data source {panel['datasource']['uid']}"
    provider = yaml.safe_load((root / "deploy/grafana/provisioning/dashboards/millrace.yml").read_text())
    folder = provider["providers"][0]["options"]["path"]
    services = yaml.safe_load((root / "deploy/docker-compose.yml").read_text())["services"]
    if f"./grafana/dashboards:{folder}:ro" not in services["grafana"]["volumes"]:
        yield f"Grafana has no dashboards at {folder}"
