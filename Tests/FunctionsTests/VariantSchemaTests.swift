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

    /// `M_PERTURB` of `malloc.h`, with which glibc overwrites what is freed.
    private static let perturb: Int32 = -6

    @Test("are those of variants that come as a constant, too, which are read where they are held")
    func constant() {
        mallopt(Self.perturb, 0xA5)
        defer { mallopt(Self.perturb, 0) }
        let variant = Vector.of(.variant, [.binary(Self.bytes)])
        for count in [1, 100, 3000] {
            let offsets: [Int32] = [0, Int32(count)]
            let texts = VariantSchema.texts(.constant(variant, count: count), offsets, 1)
            #expect(texts.scalar(at: 0) == .string("OBJECT<a: BIGINT, b: ARRAY<VARIANT>>"), "\(count)")
        }
    }
}
