import Columns
import Testing
import Vocabulary

@testable import Functions

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Schemas of variants")
struct VariantSchemaTests {
    /// `{"a":1,"b":[1,2.5,"x",null,true]}` as Spark 4.1 writes it, the metadata in front.
    private static let bytes: [UInt8] =
        [1, 2, 0, 1, 2, 97, 98]
        + [2, 2, 0, 1, 0, 2, 22, 12, 1, 3, 5, 0, 2, 8, 10, 11, 12, 12, 1, 32, 1, 25, 0, 0, 0, 5, 120, 0, 4]

    /// Has glibc overwrite what is freed with a byte; 0: leaves it as it is. (`M_PERTURB` of `malloc.h`)
    private static func overwriteFreed(with byte: Int32) {
        guard let symbol = dlsym(nil, "mallopt") else { return }
        let setting = unsafeBitCast(symbol, to: (@convention(c) (Int32, Int32) -> Int32).self)
        #expect(setting(-6, byte) == 1)
    }

    @Test("are those of variants that come as a constant, too, which are read where they are held")
    func constant() {
        Self.overwriteFreed(with: 0xA5)
        defer { Self.overwriteFreed(with: 0) }
        let variant = Vector.of(.variant, [.binary(Self.bytes)])
        for count in [1, 100, 3000] {
            let offsets: [Int32] = [0, Int32(count)]
            let texts = VariantSchema.texts(.constant(variant, count: count), offsets, 1)
            #expect(texts.scalar(at: 0) == .string("OBJECT<a: BIGINT, b: ARRAY<VARIANT>>"), "\(count)")
        }
    }
}
