import Foundation
import Pipelines
import Protocol
import Testing

@testable import Coordinator

/// Looks at what is left of bundles in the state directory.
@Suite("Bundles that a coordinator keeps")
struct BundleStoreTests {
    private func names(_ bench: HostBench) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: bench.folder + "/bundles"))
    }

    /// Makes a file or folder look as if it had lain there for two hours.
    private func age(_ name: String, _ bench: HostBench) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -7200)],
            ofItemAtPath: "\(bench.folder)/bundles/\(name)")
    }

    @Test("are those that a deployment or a run names; others go after an hour, half ones and leftovers too")
    func named() async throws {
        let bench = try await HostBench()
        let deployed = try await bench.store(
            try bench.bundle("deployed", extra: "schedule: \"0 0 1 1 *\"\nstart_date: 2030-01-01\n"))
        _ = try await bench.host.deploy("deployed", DeployRequest(bundle: deployed))
        let run = try await bench.store(try bench.bundle("run"))
        _ = try await bench.run(run)
        let old = try await bench.store(try bench.bundle("old"))
        _ = try await bench.host.bundles.store.directory(old)
        let half = try bench.bundle("half")
        _ = try await bench.host.store(
            Array(half.bytes.prefix(10)), at: 0, of: half.bytes.count, bundle: half.digest)
        let leftover = old + ".new-x"
        try FileManager.default.createDirectory(
            atPath: "\(bench.folder)/bundles/\(leftover)/f", withIntermediateDirectories: true)
        let all = try names(bench)
        #expect(
            all.isSuperset(of: [
                deployed + ".bundle", run + ".bundle", old + ".bundle", old, half.digest + ".part", leftover,
            ]))
        for name in all { try age(name, bench) }
        let young = try await bench.store(try bench.bundle("young"))
        let kept = try names(bench)
        #expect(
            kept.filter { $0.hasSuffix(".bundle") }
                == Set([deployed, run, young].map { $0 + ".bundle" }))
        #expect(kept.isDisjoint(with: [old, half.digest + ".part", leftover]), "\(kept)")
        // What is asked for counts as new: a client that was told that it is there need not send it.
        try age(young + ".bundle", bench)
        #expect(try await bench.host.bundle(young).isComplete)
        await bench.host.cleanBundles()
        #expect(try await bench.host.bundle(young).isComplete)
        // The pipeline that is removed lets its bundle go.
        try age(deployed + ".bundle", bench)
        _ = try await bench.host.remove("deployed")
        #expect(try await !bench.host.bundle(deployed).isComplete)
        #expect(try await bench.host.bundle(run).isComplete)
    }

    @Test("that nobody names are few, however many are sent, and none is lost that is still being named")
    func many() async throws {
        let bench = try await HostBench()
        let run = try await bench.store(try bench.bundle("run"))
        _ = try await bench.run(run)
        var last = ""
        for place in 0..<80 {
            let bundle = try bench.bundle("b\(place)")
            if place % 2 == 0 {
                last = try await bench.store(bundle)
            } else {
                _ = try await bench.host.store(
                    Array(bundle.bytes.prefix(5)), at: 0, of: bundle.bytes.count, bundle: bundle.digest)
            }
        }
        let kept = try names(bench)
        #expect(kept.count { $0.hasSuffix(".bundle") } <= 33)
        #expect(kept.count { $0.hasSuffix(".part") } <= 32)
        #expect(kept.isSuperset(of: [run + ".bundle", last + ".bundle"]))
        // After a restart a client goes on with its pieces; files that were being written are of no use.
        let leftover = "\(bench.folder)/bundles/\(last).new-x"
        try FileManager.default.createDirectory(atPath: leftover, withIntermediateDirectories: true)
        await bench.host.cleanBundles()
        #expect(FileManager.default.fileExists(atPath: leftover))
        await bench.host.cleanBundles(isStart: true)
        #expect(!FileManager.default.fileExists(atPath: leftover))
        #expect(try names(bench).contains { $0.hasSuffix(".part") })
        _ = try await bench.run(last)
    }
}
