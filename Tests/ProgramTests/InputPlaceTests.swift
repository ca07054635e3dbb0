import Foundation
import Programs
import Testing

/// What is said of options and places that cannot be what they are.
@Suite("Errors of options and input places", .serialized)
struct InputPlaceTests {
    @Test(
        "the caret stands below the value of the option that cannot be",
        arguments: [
            ("CREATE TEMPORARY VIEW v USING csv OPTIONS (path 'in.csv', sep '')", "''"),
            ("CREATE TEMPORARY VIEW v USING csv OPTIONS (header 'maybe', path 'in.csv')", "'maybe'"),
            ("CREATE TEMPORARY VIEW v (a INT) USING csv OPTIONS (path 'in.csv', quote 'zz')", "'zz'"),
            ("CREATE TEMPORARY VIEW v (a DATE) USING csv OPTIONS (path 'in.csv', dateFormat 'b')", "'b'"),
            ("INSERT OVERWRITE DIRECTORY 'o' USING parquet OPTIONS (compression 'no') SELECT 1 a", "'no'"),
            ("INSERT OVERWRITE DIRECTORY 'o' USING csv OPTIONS (sep ';', quote 'zz') SELECT 1 a", "'zz'"),
            ("CREATE TABLE t USING csv OPTIONS (header 'maybe') LOCATION 'o' AS SELECT 1 a", "'maybe'"),
        ])
    func options(sql: String, value: String) throws {
        let program = try Program()
        try program.write("in.csv", "a,b\n1,2\n")
        let run = try program.sql(sql)
        #expect(run.status == 1)
        let lines = run.errors.split(separator: "\n", omittingEmptySubsequences: false)
        let caret = try #require(lines.first { $0.contains("^") }, "\(run.errors)")
        let column = try #require(sql.ranges(of: value).last).lowerBound
        let blanks = String(repeating: " ", count: sql.distance(from: sql.startIndex, to: column))
        #expect(
            caret == "   | " + blanks + String(repeating: "^", count: value.count), "\(run.errors)")
    }

    @Test("a pipe is refused as input by name, at once, and is no file of a directory")
    func pipes() throws {
        let program = try Program()
        let path = program.folder.appendingPathComponent("d/pipe").path
        try program.write("d/one.csv", "7\n")
        #expect(mkfifo(path, 0o600) == 0)
        for sql in [
            "SELECT * FROM csv.`d/pipe`",
            "CREATE TEMPORARY VIEW v (a INT) USING csv OPTIONS (path 'd/pipe'); SELECT * FROM v",
        ] {
            let run = try program.sql(sql)
            #expect(run.status == 1)
            let isRefused = run.errors.contains("[PATH_NOT_ACCESSIBLE] This is a pipe, not a file: ")
            #expect(isRefused, "\(run.errors)")
            #expect(run.errors.contains("d/pipe") && run.errors.contains("into a file first"))
        }
        let run = try program.sql("SELECT * FROM csv.`d`")
        #expect(run.status == 0 && run.output.contains("7"), "\(run.errors)")
    }

    @Test("a coordinator whose port is taken leaves no state directory behind")
    func takenPort() throws {
        let program = try Program()
        let taken = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(taken) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(taken, $0, size) == 0 && listen(taken, 1) == 0 && getsockname(taken, $0, &size) == 0
            }
        }
        #expect(isBound)
        let port = "127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        let free = "127.0.0.1:0"
        for flags in [["--listen", port, "--web", free], ["--listen", free, "--web", port]] {
            let run = try StartedProgram(
                ProgramRun.built("etl-coordinator"), flags + ["--state", "state"], in: program.folder,
                environment: ["NO_COLOR": "1"], limits: Program.limits
            ).waited()
            #expect(run.status == 2 || run.status == 1)
            #expect(run.errors.contains("ADDRESS_IN_USE"), "\(run.errors)")
            #expect(try program.contents().isEmpty)
        }
    }
}
