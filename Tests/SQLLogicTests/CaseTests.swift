import Foundation
import Testing

/// Runs every case file. Set `SLT_REPORT` to a path to have every record that differs written there as a line
/// `file:line<TAB>difference`.
@Suite("Cases from Spark", .serialized)
struct CaseTests {
    @Test("every record gives what Spark gives, or stands in the list of known gaps and does not")
    func cases() async throws {
        let gaps = try KnownGaps.read()
        var report = ""
        var left = Set(gaps.reasons.keys)
        var (all, passed) = (0, 0)
        for path in RecordFile.paths() {
            var session = try await CaseSession()
            var (here, same) = (0, 0)
            for record in try RecordFile.read(path).records {
                if case .setting = record.expectation {
                    _ = await session.difference(record)
                    continue
                }
                here += 1
                let place = "\(path):\(record.line)"
                let isGap = gaps.reasons[place] != nil
                left.remove(place)
                if let difference = await session.difference(record) {
                    let line = difference.split(separator: "\n").joined(separator: " ")
                    report += "\(place)\t\(line)\n"
                    if let complaint = gaps.complaint(place, line) {
                        Issue.record("\(complaint)\n\(record.statement)")
                    }
                } else {
                    same += 1
                    if isGap { Issue.record("\(place) passes: remove it from KnownGaps.txt") }
                }
            }
            print("\(path): \(same) of \(here) records as Spark")
            all += here
            passed += same
        }
        print("\(passed) of \(all) records as Spark; \(gaps.reasons.count) known gaps")
        #expect(left.isEmpty, "no such records: remove them from KnownGaps.txt: \(left.sorted())")
        #expect(all > 4500)
        if let path = ProcessInfo.processInfo.environment["SLT_REPORT"] {
            try report.write(toFile: path, atomically: true, encoding: .utf8)
        }
    }
}
