import Foundation

// What this program does is in `FuzzCommand`; under libFuzzer the same entries are driven by its loop.
exit(FuzzCommand(Array(CommandLine.arguments.dropFirst())).run())
