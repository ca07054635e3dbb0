"""Plays the network policies: which pod reaches which port."""

import ipaddress

from rendered import matches

COMPONENT = "app.kubernetes.io/component"
WORKER, COORDINATOR, SUBMITTER = ({COMPONENT: c} for c in ("worker", "coordinator", "submitter"))
NAMES = {"worker": WORKER, "coordinator": COORDINATOR, "submitter": SUBMITTER}

NEEDED = [
    ("worker", "coordinator", 7077), ("worker", "worker", 7078), ("coordinator", "worker", 7078),
    ("submitter", "coordinator", 7077),
]
REFUSED = [
    ("submitter", "worker", 7078), ("worker", "coordinator", 8080), ("worker", "worker", 8081),
    ("coordinator", "coordinator", 7077), ("submitter", "submitter", 7077),
]
NAMESPACES = {  # who may come from other namespaces, by overlay
    "overlays/production": {("monitoring", "coordinator", 8080), ("monitoring", "worker", 8081)},
    "overlays/keda": {("monitoring", "coordinator", 8080), ("monitoring", "worker", 8081)},
    "overlays/databases": {("monitoring", "coordinator", 8080), ("monitoring", "worker", 8081)},
}
SERVERS = {  # who may go to other namespaces, by overlay
    "overlays/databases": {("worker", "databases", 5432), ("coordinator", "mail", 587)},
}


def _policies(rendered, labels, direction):
    for policy in rendered.of("NetworkPolicy"):
        spec = policy["spec"]
        if direction in spec["policyTypes"] and matches(spec["podSelector"], labels):
            yield spec


def _is_open(rule, port):
    return any(p["port"] == port and p.get("protocol", "TCP") == "TCP" for p in rule.get("ports", []))


def _reaches(rendered, source, target, port):
    """Whether egress of the source and ingress of the target both allow it."""
    def allows(own, other, direction, peers):
        return any(
            _is_open(rule, port) and any(
                "podSelector" in peer and "namespaceSelector" not in peer
                and matches(peer["podSelector"], other) for peer in rule.get(peers, []))
            for spec in _policies(rendered, own, direction) for rule in spec.get(direction.lower(), []))
    return allows(source, target, "Egress", "to") and allows(target, source, "Ingress", "from")


def _admits(rendered, namespace, target, port):
    labels = {"kubernetes.io/metadata.name": namespace}
    return any(
        _is_open(rule, port) and any(
            "namespaceSelector" in peer and matches(peer["namespaceSelector"], labels) for peer in rule["from"])
        for spec in _policies(rendered, target, "Ingress") for rule in spec.get("ingress", []))


def _enters(rendered, source, namespace, port):
    labels = {"kubernetes.io/metadata.name": namespace}
    return any(
        _is_open(rule, port) and any(
            "namespaceSelector" in peer and matches(peer["namespaceSelector"], labels) for peer in rule.get("to", []))
        for spec in _policies(rendered, source, "Egress") for rule in spec.get("egress", []))


def _leaves(rendered, source, address, port):
    address = ipaddress.ip_address(address)
    for spec in _policies(rendered, source, "Egress"):
        for rule in spec.get("egress", []):
            for peer in rule.get("to", [{"ipBlock": {"cidr": "0.0.0.0/0"}}]):
                block = peer.get("ipBlock")
                if block and (not rule.get("ports") or _is_open(rule, port)) and address in ipaddress.ip_network(
                        block["cidr"]) and not any(
                        address in ipaddress.ip_network(e) for e in block.get("except", [])):
                    return True
    return False


def flow_problems(rendered, guide):
    """Needed flows are open, all others shut."""
    for name, labels in NAMES.items():
        for direction in ("Ingress", "Egress"):
            if not any(s["podSelector"] == {} and not s.get(direction.lower())
                       for s in _policies(rendered, labels, direction)):
                yield f"{direction} of {name} is not denied by default"
    for source, target, port in NEEDED:
        if not _reaches(rendered, NAMES[source], NAMES[target], port):
            yield f"{source} cannot reach {target}:{port}"
    for source, target, port in REFUSED:
        if _reaches(rendered, NAMES[source], NAMES[target], port):
            yield f"{source} can reach {target}:{port}"
    expected = NAMESPACES.get(rendered.overlay, set())
    for namespace in ("monitoring", "keda", "default"):
        for target in ("coordinator", "worker"):
            for port in (7077, 7078, 8080, 8081):
                admitted = _admits(rendered, namespace, NAMES[target], port)
                if admitted != ((namespace, target, port) in expected):
                    yield f"from namespace {namespace}, {target}:{port} is {'open' if admitted else 'shut'}"
    servers = SERVERS.get(rendered.overlay, set())
    for name, labels in NAMES.items():
        for namespace in ("databases", "mail", "default"):
            for port in (25, 443, 587, 5432):
                goes = _enters(rendered, labels, namespace, port)
                if goes != ((name, namespace, port) in servers):
                    yield f"from {name}, {port} of namespace {namespace} is {'open' if goes else 'shut'}"
    for name in ("worker", "coordinator"):
        if not _leaves(rendered, NAMES[name], "52.219.1.1", 443):
            yield f"{name} cannot reach object stores"
        for address, port in [("169.254.169.254", 80), ("169.254.169.254", 443), ("10.0.0.1", 443), ("1.1.1.1", 80)]:
            if _leaves(rendered, NAMES[name], address, port):
                yield f"{name} can reach {address}:{port}"
    for policy in rendered.of("NetworkPolicy"):
        chosen = [n for n, labels in NAMES.items() if matches(policy["spec"]["podSelector"], labels)]
        if not chosen:
            yield f"NetworkPolicy {policy['metadata']['name']} chooses no pod"
        declared = {p for w in rendered.workloads if w.labels[COMPONENT] in chosen for p in w.ports.values()}
        for rule in policy["spec"].get("ingress", []):
            for port in rule["ports"]:
                if port["port"] not in declared:
                    yield f"NetworkPolicy {policy['metadata']['name']} opens {port['port']}, where nothing listens"
    for workload in rendered.workloads:
        if workload.labels[COMPONENT] not in NAMES:
            yield f"{workload.name}: no flow is known for {workload.labels[COMPONENT]}"
    if f"{COMPONENT}: submitter" not in guide and f"{COMPONENT}=submitter" not in guide:
        yield "k8s/README.md does not name the label of submitters"
