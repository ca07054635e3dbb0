import Protocol
import Vocabulary

/// A line in the log: time, level, message, stage, worker (empty for none), task and attempt (one more than
/// the number, 0 for none).
extension LogLine {
    func write(to writer: inout WireWriter) {
        for text in [time, level, message, stage ?? "", worker ?? ""] { writer.data(Array(text.utf8)) }
        for number in [task, attempt] { writer.unsigned(number.map { UInt64($0) + 1 } ?? 0) }
    }

    init(from reader: inout WireReader) throws(EngineError) {
        var texts: [String] = []
        for _ in 0..<5 { texts.append(String(decoding: try reader.data(), as: UTF8.self)) }
        var numbers: [Int?] = []
        for _ in 0..<2 {
            let number = try reader.unsigned()
            numbers.append(number == 0 ? nil : Int(clamping: number - 1))
        }
        self.init(
            time: texts[0], level: texts[1], message: texts[2], stage: texts[3].isEmpty ? nil : texts[3],
            task: numbers[0], attempt: numbers[1], worker: texts[4].isEmpty ? nil : texts[4])
    }
}
