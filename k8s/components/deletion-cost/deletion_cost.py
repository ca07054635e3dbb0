"""Writes on each worker's pod what it would cost to delete it, so that idle ones leave first.

Asks the coordinator for its workers and Kubernetes for their pods, every PERIOD seconds. A pod is written to only when
its cost is another than before: 0 idle, 1 idle and holding outputs that others may read, 2 running tasks.
`--once` looks once and ends. Needs nothing but Python's own library.
"""

import json
import os
import pathlib
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

COST = "controller.kubernetes.io/pod-deletion-cost"
ACCOUNT = pathlib.Path(os.environ.get("SERVICE_ACCOUNT", "/var/run/secrets/kubernetes.io/serviceaccount"))
COORDINATOR = os.environ.get("COORDINATOR", "https://etl-coordinator:8080")
KUBERNETES = os.environ.get("KUBERNETES_API") or "https://{KUBERNETES_SERVICE_HOST}:{KUBERNETES_SERVICE_PORT}".format_map(
    {"KUBERNETES_SERVICE_HOST": "kubernetes.default.svc", "KUBERNETES_SERVICE_PORT": "443"} | dict(os.environ))


def ask(url, token, authority, change=None):
    """The JSON answer of a server; `change` is merged into what is there."""
    request = urllib.request.Request(url, method="PATCH" if change else "GET")
    request.add_header("Authorization", f"Bearer {token}")
    if change:
        request.data = json.dumps(change).encode()
        request.add_header("Content-Type", "application/merge-patch+json")
    trust = ssl.create_default_context(cafile=authority) if url.startswith("https:") else None
    with urllib.request.urlopen(request, timeout=10, context=trust) as answer:
        return json.load(answer)


def cost(worker):
    """What deleting a worker's pod costs; None while the coordinator does not know it as active."""
    if worker is None or worker["state"] != "active":
        return None
    return 2 if worker["slots"]["used"] else 1 if worker["shuffleBytes"] else 0


def look():
    """Looks once; returns how many pods were written to."""
    token = pathlib.Path(os.environ.get("TOKEN_FILE", "/token/token")).read_text().strip()
    authority = os.environ.get("COORDINATOR_CA", "/tls/ca.crt")
    workers = ask(f"{COORDINATOR}/api/v1/workers", token, authority)["workers"]
    by_host = {w["address"].rsplit(":", 1)[0].strip("[]"): w for w in workers if w["state"] != "lost"}
    # Read anew each time: Kubernetes replaces the token.
    account = (ACCOUNT / "token").read_text().strip()
    namespace = (ACCOUNT / "namespace").read_text().strip()
    pods = f"{KUBERNETES}/api/v1/namespaces/{namespace}/pods"
    chosen = urllib.parse.urlencode({"labelSelector": "app.kubernetes.io/component=worker"})
    written = 0
    for pod in ask(f"{pods}?{chosen}", account, ACCOUNT / "ca.crt")["items"]:
        wanted = cost(by_host.get(pod["status"].get("podIP")))
        known = pod["metadata"].get("annotations", {}).get(COST, "0")
        if wanted is None or str(wanted) == known:
            continue
        ask(f"{pods}/{pod['metadata']['name']}", account, ACCOUNT / "ca.crt",
            {"metadata": {"annotations": {COST: str(wanted)}}})
        written += 1
    return written


def main():
    while True:
        try:
            look()
        except (OSError, ValueError, KeyError) as error:  # urllib's errors are OSErrors; another look may succeed
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            if "--once" in sys.argv:
                return 1
        if "--once" in sys.argv:
            return 0
        time.sleep(float(os.environ.get("PERIOD", "30")))


if __name__ == "__main__":
    sys.exit(main())
