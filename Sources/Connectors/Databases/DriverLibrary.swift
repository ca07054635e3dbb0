import CADBC
import Storage
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Finds the library of a database's ADBC driver. Drivers are opened when a job first needs them; a machine
/// without them runs all other jobs.
enum DriverLibrary {
    /// Returns the path of a driver. Throws `DRIVER_NOT_FOUND` that says what brings it.
    static func path(of driver: String) throws(EngineError) -> String {
        let file = "libadbc_driver_\(driver).so"
        var tried: [String] = []
        for folder in folders() {
            let path = folder + "/" + file
            if access(path, R_OK) == 0 { return path }
            tried.append(folder)
        }
        throw .user(
            "DRIVER_NOT_FOUND", "The database driver \(file) is not at \(tried.joined(separator: ", "))",
            remedy: "It comes with the Python package adbc-driver-\(driver): unpack it (in the source tree "
                + "scripts/dependencies does) and say where it is with ETL_ADBC_DRIVERS=/path/to/folder.")
    }

    /// Where drivers may be: where the user says, beside the program, where a package puts them, and in the
    /// source tree that the program was built in.
    private static func folders() -> [String] {
        if let named = getenv("ETL_ADBC_DRIVERS") { return [String(cString: named)] }
        // Not the word that the program was started with, which is a bare name where PATH found it. Links are
        // followed, as /usr/bin may hold one to the real place.
        let program = LocalDirectory.parent(of: LocalDirectory.resolved("/proc/self/exe"))
        return folders(ofProgramIn: program)
    }

    /// Returns the same for a program in a folder, named without links. Where the source tree's drivers are,
    /// its programs are in `.build/TRIPLE/release`.
    static func folders(ofProgramIn program: String) -> [String] {
        var folders = [program, LocalDirectory.parent(of: program) + "/lib/millrace"]
        if let build = program.firstRange(of: "/.build/") {
            folders.append(program[..<build.lowerBound] + "/.deps/adbc/lib")
        }
        return folders + ["/usr/lib/millrace", "/usr/local/lib/millrace", "/usr/local/lib"]
    }
}
