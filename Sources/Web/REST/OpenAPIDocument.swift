/// Holds the OpenAPI 3.1 description of the REST interface, made from the table of routes.
enum OpenAPIDocument {
    static let text: String = make()

    private static func make() -> String {
        var paths: [String] = []
        for template in unique(RESTRoute.all.map(\.template)) {
            let operations = RESTRoute.all.filter { $0.template == template }.map { operation($0) }
            paths.append("\"\(template)\":{\(operations.joined(separator: ","))}")
        }
        return "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Millrace\",\"version\":\"1\"},"
            + "\"paths\":{\(paths.joined(separator: ","))},\"components\":{\"securitySchemes\":"
            + "{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\"}},\"schemas\":{\(schemas)}}}"
    }

    private static func unique(_ names: [String]) -> [String] {
        var seen = Set<String>()
        return names.filter { seen.insert($0).inserted }
    }

    private static func operation(_ route: RESTRoute) -> String {
        var parameters = route.parameters.map { parameter in
            let parts = parameter.split(separator: ":")
            return "{\"name\":\"\(parts[0])\",\"in\":\"query\",\"schema\":{\"type\":\"\(parts[1])\"}}"
        }
        if route.template.contains("{id}") {
            parameters.append(
                "{\"name\":\"id\",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"string\"}}")
        }
        var fields = [
            "\"summary\":\"\(route.summary)\"", "\"parameters\":[\(parameters.joined(separator: ","))]",
        ]
        if route.target == .submit || route.target == .explain {
            fields.append(
                "\"requestBody\":{\"required\":true,\"content\":"
                    + "{\"application/json\":\(reference("JobRequest"))}}"
            )
        }
        if let body = body(route) {
            fields.append("\"requestBody\":{\"required\":true,\"content\":\(body)}")
        }
        if route.role != nil { fields.append("\"security\":[{\"bearer\":[]},{}]") }
        fields.append("\"responses\":{\(success(route)),\(failure)}")
        return "\"\(route.method.lowercased())\":{\(fields.joined(separator: ","))}"
    }

    /// What the requests about pipelines carry.
    private static func body(_ route: RESTRoute) -> String? {
        switch route.target {
        case .pipelines(.storeBundle):
            "{\"application/octet-stream\":{\"schema\":{\"type\":\"string\",\"format\":\"binary\"}}}"
        case .pipelines(.deploy): "{\"application/json\":\(reference("DeployRequest"))}"
        case .pipelines(.backfill): "{\"application/json\":\(reference("BackfillRequest"))}"
        case .pipelines(.changeState): "{\"application/json\":\(reference("StateChange"))}"
        default: nil
        }
    }

    private static func success(_ route: RESTRoute) -> String {
        let status =
            switch route.target {
            case .submit, .retry, .pipelines(.deploy), .pipelines(.backfill): 201
            case .login, .logout: 204
            default: 200
            }
        let content = route.answer.map { ",\"content\":{\"application/json\":\(reference($0))}" } ?? ""
        return "\"\(status)\":{\"description\":\"OK\"\(content)}"
    }

    private static let failure =
        "\"default\":{\"description\":\"Problem (RFC 9457)\",\"content\":{\"application/problem+json\":"
        + "\(reference("Problem"))}}"

    private static func reference(_ name: String) -> String {
        "{\"schema\":{\"$ref\":\"#/components/schemas/\(name)\"}}"
    }

    private static let schemas: String = [
        object(
            "JobRequest", ["sql": "s"],
            [
                "id": "s", "name": "s", "file": "s", "conf": "o", "pipeline": "PipelineRequest",
                "parent": "s",
            ]),
        object(
            "PipelineRequest", ["bundle": "s"],
            [
                "select": "a", "exclude": "a", "vars": "o", "fullRefresh": "b", "testsOnly": "b",
                "eventTimeStart": "s", "eventTimeEnd": "s", "retryOf": "s",
            ]),
        object("DeployRequest", ["bundle": "s"], ["vars": "o", "conf": "o"]),
        object("BackfillRequest", ["from": "s", "to": "s"], [:]),
        object("StateChange", ["action": "s", "step": "s"], ["to": "s"]),
        object("PipelineState", ["tables": "[TableProgress"], [:]),
        object(
            "TableProgress", ["step": "s", "kind": "s"],
            ["cursor": "s", "id": "s", "rows": "i", "latestRows": "i", "files": "i"]),
        object("BundleStatus", ["bundle": "s", "isComplete": "b"], [:]),
        object(
            "PipelineStatus",
            ["name": "s", "state": "s", "bundle": "s", "deployedAt": "s", "activeRuns": "i"],
            [
                "schedule": "s", "timezone": "s", "nextIntervalStart": "s", "nextIntervalEnd": "s",
                "lastRun": "RunStatus", "recentRuns": "[RecentRun",
            ]),
        object(
            "RecentRun", ["id": "s", "kind": "s", "state": "s", "submittedAt": "s"],
            ["startedAt": "s", "finishedAt": "s"]),
        object(
            "RunStatus",
            [
                "id": "s", "pipeline": "s", "kind": "s", "state": "s", "submittedAt": "s",
                "intervalStart": "s", "intervalEnd": "s", "steps": "[RunStep", "tests": "[RunTest",
            ],
            ["startedAt": "s", "finishedAt": "s", "retryOf": "s", "error": "JobFailure"]),
        object(
            "RunStep",
            [
                "name": "s", "kind": "s", "state": "s", "attempts": "i", "rowsIn": "i", "rowsOut": "i",
                "seconds": "n", "dependencies": "a",
            ],
            [
                "error": "JobFailure", "startedAt": "s", "finishedAt": "s", "jobs": "a", "progress": "n",
            ]),
        object("RunTest", ["name": "s", "step": "s", "outcome": "s", "failures": "i"], ["found": "s"]),
        object("PipelineList", ["pipelines": "[PipelineStatus"], [:]),
        object("RunList", ["runs": "[RunStatus"], [:]),
        object(
            "JobStatus",
            [
                "id": "s", "name": "s", "state": "s", "submittedAt": "s", "progress": "n", "stages": "o",
                "version": "i",
            ],
            [
                "startedAt": "s", "finishedAt": "s", "error": "JobFailure", "hasResult": "b",
                "resultIsPlan": "b", "warnings": "a", "messages": "a", "why": "s", "statements": "o",
                "pipeline": "s", "parent": "s", "step": "s", "queue": "s",
            ]),
        object(
            "JobFailure", ["code": "s", "message": "s", "blame": "s"],
            [
                "remedy": "s", "file": "s", "line": "i", "column": "i", "lineText": "s",
                "lineTextColumn": "i", "length": "i",
            ]),
        object(
            "StageStatus", ["id": "s", "name": "s", "state": "s", "tasks": "o"],
            [
                "rowsIn": "i", "rowsOut": "i", "bytesIn": "i", "bytesOut": "i", "shuffleBytes": "i",
                "spillBytes": "i", "skew": "n", "seconds": "n", "dependsOn": "a", "slowest": "o",
                "etaSeconds": "n",
            ]),
        object(
            "TaskStatus", ["stage": "s", "index": "i", "state": "s", "attempts": "i"],
            [
                "worker": "s", "error": "s", "startedAt": "s", "finishedAt": "s", "seconds": "n",
                "rowsIn": "i", "rowsOut": "i", "bytesIn": "i", "bytesOut": "i", "spillBytes": "i",
                "isStored": "b",
            ]),
        object(
            "Timeline",
            [
                "origin": "i", "until": "i", "stages": "a", "workers": "o", "finished": "rows",
                "running": "rows",
            ], ["failed": "rows", "reasons": "a"]),
        object("JobSource", ["file": "s", "statements": "[StatementSource"], [:]),
        object("StatementSource", ["text": "s", "line": "i", "state": "s"], ["marks": "[SourceMark"]),
        object("SourceMark", ["stage": "s", "start": "i", "end": "i"], [:]),
        object(
            "WorkerStatus",
            ["id": "s", "address": "s", "state": "s", "slots": "o", "memory": "o", "shuffleBytes": "i"],
            ["pause": "s"]),
        object(
            "ClusterStatus",
            [
                "version": "s", "epoch": "i", "workers": "i", "slots": "o", "queuedTasks": "i",
                "runningJobs": "i", "queuedJobs": "i",
            ], [:]),
        object(
            "LogLine", ["time": "s", "level": "s", "message": "s"],
            ["stage": "s", "task": "i", "attempt": "i", "worker": "s"]),
        object("JobList", ["jobs": "[JobStatus"], ["next": "s"]),
        object("StageList", ["stages": "[StageStatus"], [:]),
        object("TaskList", ["tasks": "[TaskStatus"], [:]), object("LogList", ["lines": "[LogLine"], [:]),
        object("WorkerList", ["workers": "[WorkerStatus"], [:]), object("PlanText", ["plan": "s"], [:]),
        object(
            "Problem",
            ["type": "s", "title": "s", "status": "i", "detail": "s", "error": "JobFailure"], [:]),
    ].joined(separator: ",")

    private static func object(_ name: String, _ needed: [String: String], _ free: [String: String]) -> String
    {
        let all = needed.merging(free) { first, _ in first }.sorted { $0.key < $1.key }
        let properties = all.map { "\"\($0.key)\":\(type($0.value))" }.joined(separator: ",")
        let required = needed.keys.sorted().map { "\"\($0)\"" }.joined(separator: ",")
        return "\"\(name)\":{\"type\":\"object\",\"required\":[\(required)],\"properties\":{\(properties)}}"
    }

    private static func type(_ code: String) -> String {
        switch code {
        case "s": "{\"type\":\"string\"}"
        case "i": "{\"type\":\"integer\"}"
        case "n": "{\"type\":\"number\"}"
        case "b": "{\"type\":\"boolean\"}"
        case "o": "{\"type\":\"object\"}"
        case "rows": "{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}}"
        case "a": "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"
        default:
            code.hasPrefix("[")
                ? "{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/\(code.dropFirst())\"}}"
                : "{\"$ref\":\"#/components/schemas/\(code)\"}"
        }
    }
}
