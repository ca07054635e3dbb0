import Protocol
import Testing

@testable import Coordinator

@Suite("What a job's time goes into")
struct JobDiagnosisTests {
    private func stage(
        _ id: String, total: Int, done: Int, running: Int = 0, dependsOn: [String] = [], bytesIn: Int = 0,
        spill: Int = 0, seconds: Double = 4, slowest: (seconds: Double, median: Double)? = nil,
        retried: Int = 0
    ) -> StageStatus {
        StageStatus(
            id: id, name: "join", state: done == total ? "succeeded" : running > 0 ? "running" : "waiting",
            tasks: .init(total: total, done: done, running: running, failed: 0, retried: retried),
            rowsIn: 4000, bytesIn: bytesIn, spillBytes: spill, seconds: seconds, dependsOn: dependsOn,
            slowest: slowest.map {
                .init(
                    task: 7, seconds: $0.seconds, medianSeconds: $0.median, worker: "w",
                    isRunning: done < total)
            })
    }

    private func why(
        _ stages: [StageStatus], _ state: JobState = .running, workers: Int = 2, slots: Int = 4, used: Int = 2
    ) -> String? {
        JobDiagnosis(
            state: state, stages: stages, statements: .init(total: 3, done: 0), activeWorkers: workers,
            slots: .init(total: slots, used: used), seconds: 8
        ).text
    }

    @Test("what keeps tasks from running comes first: planning, publishing, no worker, no slot")
    func waiting() {
        #expect(why([]) == "Planning statement 1 of 3.")
        #expect(why([stage("0.0", total: 4, done: 4)]) == "Publishing what statement 1 wrote.")
        let idle = stage("0.0", total: 4, done: 0)
        #expect(why([idle], workers: 0, slots: 0, used: 0) == "No worker is connected; 4 tasks wait.")
        #expect(
            why([idle], used: 4) == "Waiting for slots: 4 tasks wait while other jobs use 4 of 4 slots.")
        let busy = why([stage("0.0", total: 90, done: 10, running: 4, bytesIn: 8 << 20)], used: 4)
        #expect(
            busy?.hasPrefix("All 4 slots are at work, and 76 tasks wait for one. Reading") == true,
            "\(busy ?? "")")
    }

    @Test("a job that has not begun, and one at its own limit, are told so")
    func bounds() {
        func why(_ stages: [StageStatus], _ state: JobState, turn: (Int, Int)?, limit: Int) -> String? {
            JobDiagnosis(
                state: state, stages: stages, statements: .init(total: 1, done: 0), activeWorkers: 1,
                slots: .init(total: 8, used: 8), seconds: 8, turn: turn.map { (running: $0.0, most: $0.1) },
                slotLimit: limit
            ).text
        }
        #expect(
            why([], .queued, turn: (40, 40), limit: 0) == "Waits for its turn: 40 jobs run, at most 40.")
        let busy = stage("0.0", total: 90, done: 10, running: 2)
        #expect(
            why([busy], .running, turn: nil, limit: 2)
                == "As many tasks run as spark.cores.max lets (2), and 78 tasks wait.")
        #expect(why([busy], .running, turn: nil, limit: 3)?.contains("spark.cores.max") == false)
    }

    @Test("then what makes running tasks slow: skew, repeats, spilling, reading, rows")
    func slow() {
        let skewed = stage(
            "0.1", total: 8, done: 7, running: 1, dependsOn: ["0.0"], slowest: (12, 1))
        #expect(
            why([skewed])
                == "Partition 7 of stage 0.1 (join) is skewed: it takes 12 × the median task's time.")
        let even = stage("0.1", total: 8, done: 7, running: 1, dependsOn: ["0.0"], slowest: (0.9, 0.1))
        #expect(why([even])?.contains("skewed") == false, "a task under a second is not worth a word")
        #expect(
            why([stage("0.1", total: 8, done: 7, running: 1, retried: 3)])?.contains("3 further attempts")
                == true)
        let spilling = stage("0.1", total: 8, done: 7, running: 1, dependsOn: ["0.0"], spill: 3 << 30)
        #expect(why([spilling])?.contains("Stage 0.1 (join) spills: 3") == true, "\(why([spilling]) ?? "")")
        let reading = why([stage("0.0", total: 8, done: 7, running: 1, bytesIn: 8 << 20)])
        #expect(reading?.hasPrefix("Reading from storage: 8") == true, "\(reading ?? "")")
        let rows = why([stage("0.1", total: 8, done: 7, running: 1, dependsOn: ["0.0"])])
        #expect(rows == "Stage 0.1 (join) is at work: 4\u{202F}000 rows so far, 1\u{202F}000 a second.")
    }

    @Test("after the end the stage that took longest is named, with its reason")
    func ended() {
        let stages = [
            stage("0.0", total: 4, done: 4, bytesIn: 1 << 20, seconds: 2),
            stage("0.1", total: 4, done: 4, dependsOn: ["0.0"], seconds: 6, slowest: (5, 1)),
        ]
        #expect(
            why(stages, .succeeded) == "Stage 0.1 (join) took 75 % of the time. "
                + "Partition 7 of stage 0.1 (join) is skewed: it took 5.0 × the median task's time.")
        #expect(why([], .failed) == nil)
    }
}
