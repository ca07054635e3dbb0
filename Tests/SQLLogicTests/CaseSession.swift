import Cluster
import Columns
import Foundation
import Protocol
import Vocabulary

/// Runs the records of one case file in one embedded cluster. A job is a session of its own, so every job
/// repeats the statements before it that changed the session's views.
struct CaseSession {
    private let service: any JobService
    private var settings = ["spark.sql.ansi.enabled": "true", "spark.sql.session.timeZone": "UTC"]
    /// Statements that changed the session alone; what they change in the catalog stays in the cluster.
    private var views: [String] = []
    private var temporaryNames: Set<String> = []
    /// Time after which a record counts as hanging, in seconds.
    static let limitSeconds = 20

    /// Where tables go that are made without a place.
    private let warehouse: WarehouseFolder

    init() async throws {
        warehouse = try WarehouseFolder()
        settings["spark.sql.warehouse.dir"] = warehouse.path
        service = try await EmbeddedCluster(.init(slots: 1, memoryBytes: 256 << 20)).service
    }

    /// What a statement gave.
    private struct Outcome {
        var schema = Schema([Field]())
        var lines: [String] = []
    }

    /// Returns nil when the record gives what Spark gives, else a sentence with the difference.
    mutating func difference(_ record: Record) async -> String? {
        if case .setting(let key, let value) = record.expectation {
            settings[key] = value
            return nil
        }
        var outcome = Outcome()
        do {
            outcome = try await run(record.statement)
        } catch {
            let error = (error as? EngineError) ?? EngineError.internal("\(error)")
            guard case .failure(let code) = record.expectation else {
                return "\(error.code) \(error.message)"
            }
            if error.blame == .internal { return "fails inside: \(error.message)" }
            let head = error.code.prefix { $0 != "." }
            return code == nil || code.map { $0 == head } ?? true
                ? nil : "Spark fails with \(code ?? ""), here \(error.code) \(error.message)"
        }
        switch record.expectation {
        case .setting: return nil
        case .success:
            remember(record.statement)
            return nil
        case .failure(let code): return "Spark fails with \(code ?? "an error"), here it succeeds"
        case .columns(let columns):
            let here = outcome.schema.fields.map {
                Record.Column(
                    name: $0.name,
                    type: ResultLines.typeName($0.type).replacing("_to_", with: " to ")
                        .replacing("interval_", with: "interval "))
            }
            return here == columns ? nil : "columns: Spark \(columns.map(\.text)), here \(here.map(\.text))"
        case .rows(let types, let isSorted, let lines):
            let here = outcome.schema.types.map(ResultLines.typeName)
            if here.map(CaseSession.wide) != types.map(CaseSession.wide) {
                return "types: Spark \(types), here \(here)"
            }
            return RowLines.difference(
                expected: lines, actual: outcome.lines, types: types, isSorted: isSorted)
        }
    }

    /// Keeps a statement that succeeded, when a job after it needs it again.
    private mutating func remember(_ statement: String) {
        let words = statement.uppercased().split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(
            String.init)
        let name = words.firstIndex(of: "VIEW").map { words.dropFirst($0 + 1) } ?? []
        let isTemporary = words.dropFirst().prefix(4).contains { $0 == "TEMPORARY" || $0 == "TEMP" }
        switch words.first {
        case "CREATE" where isTemporary:
            if let view = name.first { temporaryNames.insert(view) }
        case "CACHE" where words.contains("AS"): break
        case "DROP" where isTemporary: break
        case "DROP":
            guard let view = name.drop(while: { $0 == "IF" || $0 == "EXISTS" }).first,
                temporaryNames.remove(view) != nil
            else { return }
        // The database before may be gone by then.
        case "USE": views.removeAll { $0.uppercased().hasPrefix("USE") }
        case "DECLARE", "EXECUTE": break
        case "SET" where words.count > 1 && words[1].hasPrefix("VAR"): break
        default: return
        }
        views.append(statement)
    }

    /// Day-time and year-month intervals have no narrower fields here: `interval day` is `interval day to
    /// second`.
    private static func wide(_ type: String) -> String {
        switch type {
        case "interval_year", "interval_month": "interval_year_to_month"
        case _ where type.hasPrefix("interval_") && !type.contains("month"): "interval_day_to_second"
        default: type
        }
    }

    private func run(_ statement: String) async throws -> Outcome {
        let text = (views + [statement]).joined(separator: ";\n")
        var status = try await service.submit(JobRequest(sql: text, conf: settings))
        let end = ContinuousClock.now + .seconds(CaseSession.limitSeconds)
        while !status.state.isEnd {
            if ContinuousClock.now > end {
                _ = try? await service.cancel(status.id)
                throw EngineError.internal("no end after \(CaseSession.limitSeconds) s")
            }
            status = try await service.waitForChange(status.id, after: status.version, milliseconds: 1000)
        }
        if let error = status.error { throw error.engineError }
        guard status.hasResult else { return Outcome() }
        let result = try await service.result(status.id)
        var outcome = Outcome(schema: result.schema)
        for try await batch in result.batches {
            outcome.lines += try ResultLines.lines(batch, result.schema)
        }
        return outcome
    }
}

extension Record.Column {
    fileprivate var text: String { "\(name) \(type)" }
}

/// Makes a folder of its own, and removes it at the end.
private final class WarehouseFolder: Sendable {
    let path: String

    init() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "warehouse-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        path = folder.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
