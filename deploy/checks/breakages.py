"""Ways to break the files: (file, text, what is put in its place, part of the problem that must be named)."""

B, L, P, K = (f"k8s/{d}" for d in ("base", "overlays/local", "overlays/production", "overlays/keda"))
C, W, N = f"{B}/coordinator.yaml", f"{B}/worker.yaml", f"{B}/network.yaml"
D, M = "deploy/docker-compose.yml", "deploy/prometheus"

BREAKAGES = [
    # schemas
    (W, "terminationGracePeriodSeconds", "terminationGraceSeconds", "terminationGraceSeconds"),
    (P + "/autoscaling.yaml", "maxReplicas: 50", "maxReplicas: many", "'many' is not of type"),
    (P + "/kustomization.yaml", "- monitoring.yaml", "- missing.yaml", "missing.yaml"),
    # wiring
    (W, "clusterIP: None\n  publishNotReadyAddresses: true\n  selector:\n    app.kubernetes.io/component: worker",
     "clusterIP: None\n  selector:\n    app.kubernetes.io/component: work", "Service etl-worker chooses 0"),
    (W, "    matchLabels:\n      app.kubernetes.io/component: worker\n  strategy", "    matchLabels:\n"
     "      app.kubernetes.io/component: work\n  strategy", "does not choose its own pods"),
    (W, "path: /readyz, port: web", "path: /readyz, port: page", "which the container has not"),
    (W, "path: /livez", "path: /healthz", "probes ask"),
    (W, "containerPort: 8081", "containerPort: 8082", "listens on"),
    (C, "targetPort: cluster", "targetPort: cluter", "no port cluter"),
    (C, "secretName: etl-tokens", "secretName: etl-token", "does not make the Secret etl-token"),
    (C, "--tls-key=/tls/tls.key", "--tls-key=/tls/key.pem", "does not make the key key.pem"),
    (C, "--state=/state", "--state=/var/state", "is on no volume"),
    (C, "configMapRef: { name: etl-settings }", "configMapRef: { name: settings }", "no ConfigMap settings"),
    (C, "serviceAccountName: etl-coordinator", "serviceAccountName: etl-coord", "no ServiceAccount etl-coord"),
    (C, "serviceName: etl-coordinator", "serviceName: etl-coordinators", "no Service etl-coordinators"),
    (W, "$(POD_IP):7078", "$(PODIP):7078", "no variable PODIP"),
    (L + "/data.yaml", "name: etl-data", "name: data", "no PersistentVolumeClaim etl-data"),
    (L + "/worker.yaml", "scheme: HTTP }", "scheme: HTTPS }", "does not ask by HTTP"),
    (C, "scheme: HTTPS }", "scheme: HTTP }", "does not ask by HTTPS"),
    (B + "/disruption.yaml", "component: worker }", "component: work }", "PodDisruptionBudget etl-worker chooses 0"),
    (P + "/kustomization.yaml", "op: remove, path: /spec/replicas", "op: replace, path: /spec/replicas, value: 4",
     "has replicas too"),
    (P + "/autoscaling.yaml", "averageValue: \"2\"", "averageValue: \"3\"", "counts 3 slots"),
    (K + "/scaling.yaml", "    kind: Deployment\n    name: etl-worker", "    kind: Deployment\n    name: worker",
     "there is no Deployment worker"),
    (K + "/kustomization.yaml", "patches:", "x-patches:", "x-patches"),
    # hardening
    (B + "/namespace.yaml", "enforce: restricted", "enforce: baseline", "does not enforce restricted"),
    (B + "/service-accounts.yaml", "automountServiceAccountToken: false", "automountServiceAccountToken: true",
     "gives its token"),
    (W, "runAsUser: 65532", "runAsUser: 0", "the user 65532"),
    (W, "runAsNonRoot: true", "runAsNonRoot: false", "lacks: runAsNonRoot"),
    (W, "type: RuntimeDefault", "type: Unconfined", "lacks: seccomp"),
    (W, "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", "no privilege escalation"),
    (W, "drop: [\"ALL\"]", "drop: [\"NET_RAW\"]", "no capabilities"),
    (W, "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "a read-only root"),
    (W, "enableServiceLinks: false", "enableServiceLinks: true", "no service links"),
    (W, "automountServiceAccountToken: false", "automountServiceAccountToken: true", "no service-account token"),
    (W, "terminationGracePeriodSeconds: 120", "terminationGracePeriodSeconds: 30", "120 s to drain"),
    (W, "sizeLimit: 20Gi", "sizeLimit: 40Gi", "room for its scratch volumes"),
    (C, "replicas: 1", "replicas: 2", "one replica"),
    (C, "ReadWriteOncePod", "ReadWriteMany", "its volume to itself"),
    (B + "/kustomization.yaml", "ETL_STORAGE=s3://millrace", "OTHER=1", "a place that jobs are kept to"),
    # network
    (N, "  name: deny-all\nspec:\n  podSelector: {}\n  policyTypes: [\"Ingress\", \"Egress\"]",
     "  name: deny-all\nspec:\n  podSelector: {}\n  policyTypes: [\"Ingress\"]", "is not denied by default"),
    (N, "port: 7078", "port: 7079", "worker cannot reach worker:7078"),
    (N, "values: [coordinator, worker]", "values: [coordinator]", "worker cannot reach object stores"),
    (N, "              - 169.254.0.0/16\n", "", "can reach 169.254.169.254:443"),
    (N, "        - { protocol: TCP, port: 7077 }\n  egress:", "        - { protocol: TCP, port: 7077 }\n"
     "        - { protocol: TCP, port: 9999 }\n  egress:", "where nothing listens"),
    (P + "/monitoring.yaml", "metadata.name: monitoring", "metadata.name: default", "from namespace default"),
    # Compose
    (D, "read_only: true", "readonly: true", "not a Compose file"),
    (D, "depends_on: [s3]", "depends_on: [store]", "depends on store"),
    (D, "state:/state", "stat:/state", "mounts stat"),
    (D, "./grafana/provisioning:", "./grafana/provision:", "which is not there"),
    (D, "127.0.0.1:8080:8080", "8080:8080", "beyond this machine"),
    (D, "http://coordinator:7077", "http://coordinator:7070", "nothing listens at coordinator:7070"),
    # Prometheus and Grafana
    (M + "/alerts.yml", "etl_workers{state=\"lost\"} > 0", "etl_workers{state=\"lost\" > 0", "promtool check rules"),
    (M + "/alerts.yml", "etl_tasks_queued > 20 * etl_slots_total", "etl_tasks_queued > 2000 * etl_slots_total",
     "promtool test rules"),
    (M + "/alerts.yml", "alert: EtlNoProgress", "alert: EtlNoAdvance", "does not try EtlNoAdvance"),
    (M + "/prometheus.yml", "job_name", "name_of_job", "promtool check config"),
    (M + "/prometheus.yml", "worker-2:8081", "worker-3:8081", "nothing listens at worker-3:8081"),
    (M + "/kubernetes.yml", "dns_sd_configs", "dns_configs", "promtool check config"),
    (P + "/autoscaling.yaml", "name: etl_tasks_wanted", "name: etl_tasks_needed", "the autoscaler asks for"),
    ("deploy/grafana/provisioning/datasources/prometheus.yml", "uid: millrace-prometheus", "uid: other",
     "asks the data source"),
    ("deploy/grafana/provisioning/dashboards/millrace.yml", "/var/lib/grafana/dashboards", "/dashboards",
     "Grafana has no dashboards"),
]
