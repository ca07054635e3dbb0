"""Holds docker-compose.yml against the Compose specification, itself, and the files that it mounts."""

import fnmatch
import json
import urllib.parse

import compose_spec
import yaml


def load(root):
    text = (root / "deploy/docker-compose.yml").read_text()
    return {k: v for k, v in yaml.safe_load(text).items() if not k.startswith("x-")}


def program_arguments(root):
    """Pairs of a program and the arguments that the file gives it."""
    for service in load(root)["services"].values():
        if str(service.get("entrypoint", [""])[0]).startswith("etl-"):
            yield service["entrypoint"][0], service["command"], service["environment"]


def compose_problems(root):
    services = {}
    try:
        # Anchors and `<<` are resolved by the YAML reader; the specification's own parser sees the result.
        compose_spec.PyCompose.from_json(json.dumps(load(root))).validate()
    except ValueError as error:
        yield f"not a Compose file: {error}"
    composition = load(root)
    services = composition["services"]
    volumes = set(composition["volumes"])
    used = set()
    for name, service in services.items():
        if "image" not in service or ":" not in service["image"]:
            yield f"{name}: its image has no tag"
        for other in service.get("depends_on", []):
            if other not in services:
                yield f"{name} depends on {other}, which is no service"
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                if not (root / "deploy" / source).exists():
                    yield f"{name} mounts {source}, which is not there"
            elif source not in volumes:
                yield f"{name} mounts {source}, which is no volume"
            used.add(source)
        for port in service.get("ports", []):
            if not port.startswith("127.0.0.1:"):
                yield f"{name} publishes {port} beyond this machine"
        if str(service.get("entrypoint", [""])[0]).startswith("etl-"):
            if not service.get("read_only") or service.get("cap_drop") != ["ALL"]:
                yield f"{name} is not locked down"
    parts = [service.get("image", "").split(":")[0] for service in services.values()]
    for part in ("postgres", "motoserver/moto", "prom/prometheus", "grafana/grafana"):
        if part not in parts:
            yield f"no service is made of the image {part}"
    for volume in volumes - used:
        yield f"the volume {volume} is not used"
    yield from _addresses(root, services)
    yield from _databases(services)


def _databases(services):
    """Workers are given the address of the database that is here, and jobs may name it."""
    for name, service in services.items():
        if service.get("entrypoint") != ["etl-worker"]:
            continue
        given = service["environment"]
        address = urllib.parse.urlsplit(given.get("PG_URI", ""))
        if not any(fnmatch.fnmatch("PG_URI", allowed) for allowed in given.get("ETL_ALLOW_ENV", "").split(",")):
            yield f"{name}: jobs may not name PG_URI"
        database = services.get(address.hostname or "", {}).get("environment", {})
        user, _, password = address.netloc.rpartition("@")[0].partition(":")
        wanted = tuple(database.get(f"POSTGRES_{part}") for part in ("USER", "PASSWORD", "DB"))
        if not database or (user, password, address.path[1:]) != wanted:
            yield f"{name}: PG_URI does not lead to the database"


def _listens(service):
    return {
        int(a.rsplit(":", 1)[1]) for a in service.get("command", [])
        if str(a).startswith(("--listen=", "--web="))}


def _addresses(root, services):
    """What programs and Prometheus are told to reach is there."""
    targets = [t for job in yaml.safe_load((root / "deploy/prometheus/prometheus.yml").read_text())["scrape_configs"]
               for group in job["static_configs"] for t in group["targets"]]
    for name, service in services.items():
        for argument in service.get("command", []):
            if str(argument).startswith(("--coordinator=http://", "--advertise=")):
                targets.append(argument.split("=", 1)[1].removeprefix("http://"))
        if service.get("build") and not (root / "deploy/Dockerfile").exists():
            yield f"{name}: no Dockerfile"
    for target in targets:
        host, port = target.split(":")
        if int(port) not in _listens(services.get(host, {})):
            yield f"nothing listens at {target}"
    workers = {n for n, s in services.items() if s.get("entrypoint") == ["etl-worker"]}
    if not workers <= {t.split(":")[0] for t in targets if t.endswith(":8081")}:
        yield "Prometheus does not scrape every worker"
