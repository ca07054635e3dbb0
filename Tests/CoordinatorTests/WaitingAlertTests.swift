import Foundation
import Protocol
import Testing

@testable import Coordinator

/// Has people told of runs that are not at work.
@Suite("Alerts of runs that wait or never come to work")
struct WaitingAlertTests {
    private static let hour: Int64 = 3_600_000

    @Test("a scheduled run whose variable is not set any more tells of its failure by rules that can be read")
    func unreadable() async throws {
        let bench = try await HostBench(allowed: ["http://a", "http://b", "http://c"])
        bench.variables["REGION"] = "eu"
        let extra = """
            description: "{{ env_var('REGION') }}"
            schedule: "@hourly"
            alerts:
              - {on: failure, webhook: {url: "http://b/", headers: {X: "{{ env_var('REGION') }}"}}}
              - {on: [failure, success], webhook: {url: "http://a/{{ ds }}"}}
              - {on: success, webhook: {url: "http://c/"}}

            """
        let digest = try await bench.store(try bench.bundle("p", extra: extra))
        _ = try await bench.host.deploy("p", DeployRequest(bundle: digest))
        // The interval that is over already runs at once, and goes before.
        let first = try #require(try await bench.host.runs(of: "p").first)
        #expect(try await bench.eventually { try await bench.host.job(first.id).state == .running })
        _ = try await bench.host.cancel(first.id)
        #expect(try await bench.eventually { await bench.host.ledger.open.isEmpty })
        bench.variables["REGION"] = nil
        bench.clock.move(by: Self.hour)
        await bench.host.pump()
        #expect(try await bench.eventually { try await bench.host.runs(of: "p").first?.state == .failed })
        let failed = try #require(try await bench.host.runs(of: "p").first)
        #expect(failed.id != first.id && failed.error?.message.contains("REGION") == true, "\(failed)")
        let post = "http://a/2024-01-02 failure \(failed.id)"
        #expect(try await bench.eventually { bench.carrier.posts == [post] }, "\(bench.carrier.posts)")
        let log = try await bench.host.logs(failed.id, from: 0).map(\.message)
        #expect(log.contains("alert   on failure sent to the webhook at a"), "\(log)")
        #expect(log.contains { $0.hasPrefix("alert   1 of etl.yml cannot be read either") }, "\(log)")
    }

    @Test("a deadline goes over while they wait for others, and is told once; so is that they were cancelled")
    func queued() async throws {
        let bench = try await HostBench(allowed: ["http://a"])
        let extra = """
            alerts: [{on: [deadline, cancelled], deadline: 1h, webhook: {url: "http://a/"}}]

            """
        let digest = try await bench.store(try bench.bundle("p", extra: extra, maxActiveRuns: 1))
        let first = try await bench.run(digest)
        #expect(try await bench.eventually { try await bench.host.job(first.id).state == .running })
        let second = try await bench.run(digest)
        func told() -> [String] { bench.carrier.posts.filter { $0.hasSuffix(second.id) } }
        bench.clock.move(by: Self.hour - 1)
        await bench.host.pump()
        #expect(told().isEmpty)
        bench.clock.move(by: 1)
        for _ in 0..<3 { await bench.host.pump() }
        #expect(try await bench.eventually { told() == ["http://a/ deadline \(second.id)"] }, "\(told())")
        await bench.host.pump()
        _ = try await bench.host.cancel(second.id)
        #expect(try await bench.host.job(second.id).state == .cancelled)
        #expect(
            try await bench.eventually {
                told().dropFirst() == ["http://a/ cancelled \(second.id)"]
            }, "\(told())")
    }

    @Test("a deadline of a scheduled run counts from when it fell due, though it is accepted later")
    func due() async throws {
        let bench = try await HostBench(allowed: ["http://a"])
        let extra = """
            schedule: "@hourly"
            alerts: [{on: deadline, deadline: 90m, webhook: {url: "http://a/"}}]

            """
        let digest = try await bench.store(try bench.bundle("p", extra: extra, maxActiveRuns: 1))
        bench.clock.move(by: Self.hour / 2)
        _ = try await bench.host.deploy("p", DeployRequest(bundle: digest))
        // The interval that was over before is no run that came late.
        let first = try #require(try await bench.host.runs(of: "p").first)
        bench.clock.move(by: 2 * Self.hour + Self.hour * 3 / 4)
        _ = try await bench.host.cancel(first.id)
        #expect(
            try await bench.eventually {
                await bench.host.pump()
                return try await bench.host.runs(of: "p").count == 2
            })
        // Without catchup the latest interval runs, which fell due 15 minutes ago.
        let second = try await bench.host.runs(of: "p")[0].id
        let runs = await bench.host.ledger.runs
        #expect(runs[second]?.header.dueAt == bench.clock.moment.wallMilliseconds - Self.hour / 4)
        #expect(runs[first.id]?.header.scheduledFor == nil)
    }
}
