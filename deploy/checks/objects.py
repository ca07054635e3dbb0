"""Holds rendered objects against each other: what is named exists, what is chosen is there, pods are locked."""

import re

from rendered import matches

USER = 65532


def wiring_problems(rendered, guide):
    """Labels, ports, volumes and names. `guide`: text of k8s/README.md, which says how secrets are made."""
    for workload in rendered.workloads:
        yield from _labels(rendered, workload)
        yield from _ports(workload)
        yield from _volumes(rendered, workload, guide)
    for service in rendered.of("Service"):
        chosen = [w for w in rendered.workloads if matches({"matchLabels": service["spec"]["selector"]}, w.labels)]
        if len(chosen) != 1:
            yield f"Service {service['metadata']['name']} chooses {len(chosen)} workloads"
        for port in service["spec"]["ports"]:
            for workload in chosen:
                if workload.ports.get(port["targetPort"]) != port["port"]:
                    yield f"Service {service['metadata']['name']}: no port {port['targetPort']} {port['port']} behind it"
    for budget in rendered.of("PodDisruptionBudget"):
        chosen = [w for w in rendered.workloads if matches(budget["spec"]["selector"], w.labels)]
        if len(chosen) != 1:
            yield f"PodDisruptionBudget {budget['metadata']['name']} chooses {len(chosen)} workloads"
    if len(rendered.of("PodDisruptionBudget")) != len(rendered.workloads):
        yield "not every workload has its PodDisruptionBudget"
    yield from _scaling(rendered)


def _labels(rendered, workload):
    if not matches(workload.spec["selector"], workload.labels):
        yield f"{workload.name}: its selector does not choose its own pods"
    for spread in workload.pod.get("topologySpreadConstraints", []):
        if not matches(spread["labelSelector"], workload.labels):
            yield f"{workload.name}: a spread constraint does not choose its own pods"
    if workload.kind == "StatefulSet" and workload.spec["serviceName"] not in rendered.names("Service"):
        yield f"{workload.name}: no Service {workload.spec['serviceName']}"
    if workload.pod["serviceAccountName"] not in rendered.names("ServiceAccount"):
        yield f"{workload.name}: no ServiceAccount {workload.pod['serviceAccountName']}"


def _ports(workload):
    if set(workload.probes) != {"startupProbe", "livenessProbe", "readinessProbe"}:
        yield f"{workload.name}: not the three probes"
    paths = [p["httpGet"]["path"] for p in workload.probes.values()]
    if sorted(paths) != ["/livez", "/readyz", "/startupz"]:
        yield f"{workload.name}: probes ask {paths}"
    for name, probe in workload.probes.items():
        if probe["httpGet"]["port"] not in workload.ports:
            yield f"{workload.name}: {name} asks the port {probe['httpGet']['port']}, which the container has not"
        scheme = "HTTPS" if workload.has_tls else "HTTP"
        if probe["httpGet"].get("scheme", "HTTP") != scheme:
            yield f"{workload.name}: {name} does not ask by {scheme}"
    served = {int(workload.flag(f).rsplit(":", 1)[1]) for f in ("listen", "web")}
    if served != set(workload.ports.values()):
        yield f"{workload.name}: listens on {served} and declares {set(workload.ports.values())}"


def _volumes(rendered, workload, guide):
    volumes = {v["name"]: v for v in workload.pod.get("volumes", [])}
    claimed = {c["metadata"]["name"] for c in workload.spec.get("volumeClaimTemplates", [])}
    mounts = {m["mountPath"]: m["name"] for m in workload.container["volumeMounts"]}
    if set(mounts.values()) != set(volumes) | claimed:
        yield f"{workload.name}: mounts {sorted(mounts.values())} of {sorted(set(volumes) | claimed)}"
    for volume in volumes.values():
        if "secret" in volume:
            yield from _secret(workload, volume["secret"]["secretName"], guide)
        claim = volume.get("persistentVolumeClaim", {}).get("claimName")
        if claim and claim not in rendered.names("PersistentVolumeClaim"):
            yield f"{workload.name}: no PersistentVolumeClaim {claim}"
    for source in workload.container.get("envFrom", []):
        if "secretRef" in source:
            yield from _secret(workload, source["secretRef"]["name"], guide)
        elif source["configMapRef"]["name"] not in rendered.names("ConfigMap"):
            yield f"{workload.name}: no ConfigMap {source['configMapRef']['name']}"
    variables = {v["name"] for v in workload.container.get("env", [])}
    for argument in workload.args:
        for variable in re.findall(r"\$\((\w+)\)", argument):
            if variable not in variables:
                yield f"{workload.name}: no variable {variable} for {argument}"
        value = argument.partition("=")[2]
        if not value.startswith("/"):
            continue
        mount = next((m for m in mounts if value == m or value.startswith(m + "/")), None)
        if mount is None:
            yield f"{workload.name}: {value} is on no volume, and the root is read-only"
        elif "secret" in volumes.get(mounts[mount], {}):
            name = volumes[mounts[mount]]["secret"]["secretName"]
            key = value[len(mount) + 1:]
            if not re.search(rf"secret generic {name} (\\\n|[^\n])*--from-file={re.escape(key)}\b", guide):
                yield f"{workload.name}: k8s/README.md does not make the key {key} of the Secret {name}"


def _secret(workload, name, guide):
    if not re.search(rf"secret generic {re.escape(name)}\s", guide):
        yield f"{workload.name}: k8s/README.md does not make the Secret {name}"


def _scaling(rendered):
    scalers = rendered.of("HorizontalPodAutoscaler", "ScaledObject")
    for scaler in scalers:
        target = scaler["spec"]["scaleTargetRef"]
        chosen = [w for w in rendered.workloads if (w.kind, w.name) == (target["kind"], target["name"])]
        if not chosen:
            yield f"{scaler['kind']}: there is no {target['kind']} {target['name']}"
        if any("replicas" in w.spec for w in chosen):
            yield f"{scaler['kind']}: the workload has replicas too, and each apply would set them back"
        slots = {w.container["resources"]["limits"]["cpu"] for w in chosen}
        if scaler["kind"] == "ScaledObject":
            target = scaler["spec"]["triggers"][0]["metadata"]["threshold"]
        else:
            target = scaler["spec"]["metrics"][0]["external"]["target"]["averageValue"]
        if slots != {target}:
            yield f"{scaler['kind']}: counts {target} slots to a worker, which has {slots}"
    if len(scalers) > 1:
        yield "two autoscalers pull at the workers"


def hardening_problems(rendered):
    """What an attacker in a pod must not have."""
    for namespace in rendered.of("Namespace"):
        if namespace["metadata"]["labels"].get("pod-security.kubernetes.io/enforce") != "restricted":
            yield "the namespace does not enforce restricted pods"
    for account in rendered.of("ServiceAccount"):
        if account.get("automountServiceAccountToken") is not False:
            yield f"ServiceAccount {account['metadata']['name']} gives its token to pods"
    for workload in rendered.workloads:
        pod, container = workload.pod, workload.container
        own = container["securityContext"]
        context = pod["securityContext"]
        settings = rendered.of("ConfigMap")[0]["data"]
        size = lambda text: int(text[:-2]) * {"Mi": 1, "Gi": 1024}[text[-2:]]
        scratch = sum(size(v["emptyDir"]["sizeLimit"]) for v in pod["volumes"] if "emptyDir" in v)
        wanted = {
            "the user 65532": context["runAsUser"] == context["runAsGroup"] == context["fsGroup"] == USER,
            "runAsNonRoot": context["runAsNonRoot"] and own["runAsNonRoot"],
            "seccomp": context["seccompProfile"] == {"type": "RuntimeDefault"},
            "no privilege escalation": own["allowPrivilegeEscalation"] is False,
            "no capabilities": own["capabilities"] == {"drop": ["ALL"]},
            "a read-only root": own["readOnlyRootFilesystem"] is True,
            "no service links": pod["enableServiceLinks"] is False,
            "no service-account token": pod["automountServiceAccountToken"] is False,
            "limits": {"cpu", "memory", "ephemeral-storage"} <= set(container["resources"]["limits"]),
            "room for its scratch volumes": scratch <= size(container["resources"]["limits"]["ephemeral-storage"]),
            "one of TLS and --insecure": workload.has_tls != ("--insecure" in workload.args),
            "a place that jobs are kept to": bool(settings.get("ETL_STORAGE")),
        }
        if workload.kind == "StatefulSet":
            modes = workload.spec["volumeClaimTemplates"][0]["spec"]["accessModes"]
            local = rendered.overlay.endswith("local")
            wanted["one replica"] = workload.spec["replicas"] == 1
            wanted["its volume to itself"] = modes == ["ReadWriteOnce" if local else "ReadWriteOncePod"]
        else:
            wanted["120 s to drain"] = pod["terminationGracePeriodSeconds"] >= 120
            spill = [v["emptyDir"]["sizeLimit"] for v in pod["volumes"] if v["name"] == "spill"]
            wanted["the size of its spill volume"] = spill == [workload.flag("spill-limit")]
            wanted["the pod's own address"] = "$(POD_IP):" in (workload.flag("advertise") or "")
        yield from (f"{workload.name} lacks: {name}" for name, holds in wanted.items() if not holds)
