/// Lists the scalar functions.
enum ScalarCatalog {
    static let all: [ScalarFunction] = groups.flatMap { $0 }

    private static let groups: [[ScalarFunction]] = [
        ArithmeticFunctions.all, ComparisonFunctions.all, ConditionalFunctions.all, MathFunctions.all,
        StringFunctions.all, LetterCases.all, StringSearchFunctions.all, RegexFunctions.all,
        EncodingFunctions.all,
        DateFunctions.all, DatePartFunctions.all, TimestampFunctions.all, ClockFunctions.all,
        CollectionFunctions.all,
        SequenceFunction.all,
        ElementFunctions.all, MapFunctions.all, SessionFunctions.all, LambdaForm.functions,
        ArrayFunctions.all, TextFunctions.all, JSONText.all, GroupKey.all, JSONFunctions.all, CSVText.all,
        URLFunctions.all, XPathFunctions.all, XMLFunctions.all,
        FormatString.all, ArrayPairFunctions.all, ZoneFunctions.all,
        CheckedTextFunctions.all, RandomFunctions.all, NumberPatternFunctions.all, IntervalFunctions.all,
        VariantFunctions.all, CipherFunctions.all, ThetaFunctions.scalars,
        HLLFunctions.scalars, KLLFunctions.scalars,
    ]
}
