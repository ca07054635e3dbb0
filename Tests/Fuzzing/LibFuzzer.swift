#if canImport(Glibc)
    import Glibc
#endif

/// Hands a target to libFuzzer, where `scripts/fuzz` built this program with it.
enum LibFuzzer {
    /// The target that libFuzzer drives.
    ///
    /// `nonisolated(unsafe)`: written once, before libFuzzer's loop begins on the same thread.
    nonisolated(unsafe) fileprivate static var target = CanaryEntry.target

    /// Runs libFuzzer with `arguments`; returns its exit status.
    static func run(_ target: FuzzTarget, _ arguments: [String]) -> Int32 {
        #if LIBFUZZER
            LibFuzzer.target = target
            let words = ["fuzz"] + arguments
            var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
            return pointers.withUnsafeMutableBufferPointer { buffer in
                var count = Int32(words.count)
                var base = buffer.baseAddress
                return withUnsafeMutablePointer(to: &base) {
                    runDriver(&count, UnsafeMutableRawPointer($0), LLVMFuzzerTestOneInput)
                }
            }
        #else
            print("This program was built without libFuzzer: scripts/fuzz builds one with it.")
            return 2
        #endif
    }
}

#if LIBFUZZER
    @_silgen_name("LLVMFuzzerRunDriver")
    private func runDriver(
        _ count: UnsafeMutablePointer<Int32>, _ words: UnsafeMutableRawPointer,
        _ take: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
    ) -> Int32

    /// Takes one input; libFuzzer's own `main`, which this program does not use, asks for it by this name.
    @_cdecl("LLVMFuzzerTestOneInput")
    public func LLVMFuzzerTestOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
        LibFuzzer.target.run(UnsafeRawBufferPointer(start: start, count: count))
        return 0
    }
#endif
