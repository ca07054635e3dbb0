import Foundation
import Programs
import Testing

@Suite("Files for containers, Kubernetes, Prometheus and Grafana")
struct DeployTests {
    private func expectNoProblems(_ arguments: [String]) throws {
        let script = ProgramRun.root.appendingPathComponent("scripts/check-deploy").path
        let run = try ProgramRun.run(ProgramRun.python, [script] + arguments, seconds: 240)
        #expect(run.status == 0, "\(run.output.suffix(4000))\(run.errors.suffix(2000))")
    }

    @Test("hold together, and the programs run and are scraped as they say")
    func filesAndPrograms() throws {
        let programs = ProgramRun.built("etl-coordinator").deletingLastPathComponent().path
        try expectNoProblems(["--programs", programs])
    }

    @Test("the image's root file system has all that a cluster needs, as nobody and where it is read-only")
    func image() throws {
        let programs = ProgramRun.built("etl-coordinator").deletingLastPathComponent().path
        let run = try ProgramRun.run(
            ProgramRun.root.appendingPathComponent("scripts/check-image"), ["--here", programs], seconds: 120)
        #expect(run.status == 0, "\(run.output.suffix(4000))\(run.errors.suffix(2000))")
        let folder = try ProgramRun.makeFolder("image")
        defer { try? FileManager.default.removeItem(at: folder) }
        // The check itself sees what is missing: a library that is not on the image's list of packages.
        let lacking = try ProgramRun.run(
            URL(fileURLWithPath: "/bin/sh"),
            [
                "-euc",
                """
                mkdir -p tree/deploy tree/scripts
                ln -s "$0/.deps" tree/.deps
                cp "$0"/scripts/check-image "$0"/scripts/image-root "$0"/scripts/image-packages tree/scripts
                sed 's/ libsimdjson14 / /' "$0/deploy/Dockerfile" > tree/deploy/Dockerfile
                exec tree/scripts/check-image --here "$1"
                """, ProgramRun.root.path, programs,
            ], in: folder, seconds: 60)
        #expect(lacking.status == 1 && lacking.errors.contains("libsimdjson"), "\(lacking.errors)")
    }

    @Test("the packages unpack to programs that run SQL and find the drivers of databases")
    func packages() throws {
        let folder = try ProgramRun.makeFolder("package")
        defer { try? FileManager.default.removeItem(at: folder) }
        let programs = ProgramRun.built("etl-submit").deletingLastPathComponent().path
        // What is small matters to users and not here, where packing would take most of the time.
        let packed = try ProgramRun.run(
            ProgramRun.root.appendingPathComponent("scripts/package"), [programs],
            environment: ["DPKG_DEB_COMPRESSOR_TYPE": "none", "GZIP": "-1"], seconds: 240)
        #expect(packed.status == 0, "\(packed.errors)")
        let made = packed.output.split(separator: "\n").map { String($0.prefix { $0 != " " }) }
        try #require(made.count == 2, "\(packed.output)")
        for (file, program) in [(made[0], "tar/*/bin/etl-submit"), (made[1], "deb/usr/bin/etl-submit")] {
            let path = ProgramRun.root.appendingPathComponent(file).path
            let run = try ProgramRun.run(
                URL(fileURLWithPath: "/bin/sh"),
                [
                    "-euc",
                    """
                    mkdir -p tar
                    case $0 in
                      *.deb) dpkg-deb -x "$0" deb ;;
                      *) tar --extract --gzip --file "$0" --directory tar ;;
                    esac
                    \(program) --output csv -e "
                      INSERT OVERWRITE DIRECTORY
                        USING jdbc OPTIONS (url 'sqlite:l.db', dbtable 't', mode 'overwrite')
                        SELECT 7 AS seven;
                      CREATE TEMPORARY VIEW v USING jdbc OPTIONS (url 'sqlite:l.db', dbtable 't');
                      SELECT * FROM v"
                    test -f "$(dirname \(program))/../lib/millrace/libadbc_driver_postgresql.so"
                    """, path,
                ], in: folder, environment: ["PATH": "/usr/bin:/bin"])
            #expect(run.status == 0 && run.output == "seven\n7\n", "\(file): \(run.output)\(run.errors)")
        }
    }

    @Test("cannot be broken without being noticed")
    func breakages() throws {
        try expectNoProblems(["--broken"])
    }
}
