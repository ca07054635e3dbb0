import CADBC
import Columns
import Testing

@testable import Connectors

@Suite("Arrow arrays of drivers")
struct ArrowImportTests {
    /// Imports values of 64 bits under a format.
    private func imported(_ values: [Int64], _ format: String) throws -> [Scalar] {
        let bytes = UnsafeMutablePointer<Int64>.allocate(capacity: values.count)
        defer { bytes.deallocate() }
        bytes.update(from: values, count: values.count)
        return try withUnsafeTemporaryAllocation(of: UnsafeRawPointer?.self, capacity: 2) { buffers in
            buffers[0] = nil
            buffers[1] = UnsafeRawPointer(bytes)
            var array = ArrowArray()
            array.length = Int64(values.count)
            array.n_buffers = 2
            array.buffers = buffers.baseAddress
            let text = format.utf8CString
            return try text.withUnsafeBufferPointer { name in
                var schema = ArrowSchema()
                schema.format = name.baseAddress
                let vector = try ArrowImport.vector(array, ArrowField(schema))
                return (0..<values.count).map { vector.scalar(at: $0) }
            }
        }
    }

    @Test("nanoseconds and milliseconds before 1970 lie in the unit that they belong to")
    func rounding() throws {
        let nanoseconds: [Int64] = [-2000, -1999, -1001, -1000, -1, 0, 1, 999, 1000, .min, .max]
        let expected: [Int64] = [
            -2, -2, -2, -1, -1, 0, 0, 0, 1, -9_223_372_036_854_776, 9_223_372_036_854_775,
        ]
        for format in ["tsn:", "tsn:UTC", "ttn"] {
            #expect(try imported(nanoseconds, format) == expected.map { .integer($0) }, "\(format)")
        }
        let day: Int64 = 86_400_000
        #expect(
            try imported([-day - 1, -day, -1, 0, day - 1, day], "tdm")
                == [-2, -1, -1, 0, 0, 1].map { .integer($0) })
    }
}
