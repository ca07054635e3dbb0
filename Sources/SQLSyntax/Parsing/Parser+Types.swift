import Vocabulary

extension Parser {
    /// Parses a type such as `DECIMAL(10,2)`, `ARRAY<STRUCT<a: INT>>` or `INTERVAL DAY TO SECOND`.
    mutating func type() throws(EngineError) -> TypeSyntax {
        try nested { (parser) throws(EngineError) in try parser.unboundedType() }
    }

    private mutating func unboundedType() throws(EngineError) -> TypeSyntax {
        guard current.kind == .word else { throw unexpected("a type") }
        let token = current
        let word = text(token).uppercased()
        advance()
        switch word {
        case "BOOLEAN": return .boolean
        case "TINYINT", "BYTE": return .tinyint
        case "SMALLINT", "SHORT": return .smallint
        case "INT", "INTEGER": return .integer
        case "BIGINT", "LONG": return .bigint
        case "FLOAT", "REAL": return .float
        case "DOUBLE": return .double
        case "STRING": return try collatedString()
        case "BINARY": return .binary
        case "DATE": return .date
        case "TIMESTAMP", "TIMESTAMP_LTZ": return .timestamp
        case "TIMESTAMP_NTZ": return .timestampNTZ
        case "TIME": return try timeType(at: token.span)
        case "VOID": return .void
        case "VARIANT": return .variant
        case "DECIMAL", "DEC", "NUMERIC": return try decimalType()
        case "CHAR", "CHARACTER", "VARCHAR":
            guard at(.leftParenthesis) else {
                throw incomplete(
                    "DATATYPE_MISSING_SIZE", word, "a length, such as \(word)(10)", at: token.span)
            }
            let length = try lengthInParentheses()
            return word == "VARCHAR" ? .varchar(length) : .char(length)
        case "INTERVAL": return try intervalType()
        case "ARRAY":
            if !at(.less) {
                throw incomplete(
                    "INCOMPLETE_TYPE_DEFINITION.ARRAY", word, "an element type, such as ARRAY<INT>",
                    at: token.span)
            }
            try expect(.less)
            let element = try type()
            try closeAngle()
            return .array(element)
        case "MAP":
            if !at(.less) {
                throw incomplete(
                    "INCOMPLETE_TYPE_DEFINITION.MAP", word, "types, such as MAP<STRING, INT>", at: token.span)
            }
            try expect(.less)
            let key = try type()
            try expect(.comma)
            let value = try type()
            try closeAngle()
            return .map(key: key, value: value)
        case "STRUCT":
            if !at(.less), !at(.notEqual) {
                throw incomplete(
                    "INCOMPLETE_TYPE_DEFINITION.STRUCT", word, "fields, such as STRUCT<name: STRING>",
                    at: token.span)
            }
            return try structType()
        default: throw unknownType(token)
        }
    }

    private func unknownType(_ token: Token) -> EngineError {
        let word = text(token).uppercased()
        let known = [
            "BOOLEAN", "TINYINT", "SMALLINT", "INT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL",
            "STRING", "BINARY", "DATE", "TIME", "TIMESTAMP", "TIMESTAMP_NTZ", "ARRAY", "MAP", "STRUCT",
            "VARCHAR", "CHAR", "VARIANT",
        ]
        let nearest = [
            "TEXT": "STRING", "BOOL": "BOOLEAN", "NUMBER": "DECIMAL", "DATETIME": "TIMESTAMP",
        ][word]
        return .user(
            "UNSUPPORTED_DATATYPE", "Unsupported data type: \(text(token)).",
            remedy: (nearest ?? Suggestion.nearest(to: word, among: known)).map { "Did you mean '\($0)'?" },
            at: source.location(token.span))
    }

    /// Returns the error for a type without what stands in its parentheses or angles.
    private func incomplete(
        _ code: String, _ type: String, _ missing: String, at place: SourceSpan
    ) -> EngineError {
        fail("The type \(type) needs \(missing).", code: code, at: place)
    }

    /// Parses what follows `STRING`: `[COLLATE name]`.
    private mutating func collatedString() throws(EngineError) -> TypeSyntax {
        guard openAngles == 0, at(word: "COLLATE") else { return .string }
        advance()
        let collation = try name("a collation such as UTF8_BINARY")
        if collation.text.uppercased() == "UTF8_BINARY" { return .string }
        throw fail(
            "Texts compare byte by byte, as UTF8_BINARY does; there is no collation \(collation.text) here.",
            code: "UNSUPPORTED_FEATURE.COLLATION", at: collation.span,
            remedy: "Leave it out, and compare lower(…) or upper(…) of both sides.")
    }

    /// Parses what follows `TIME`: `[(digits)] [WITHOUT TIME ZONE]`.
    private mutating func timeType(at place: SourceSpan) throws(EngineError) -> TypeSyntax {
        let most = 6
        let precision = current.symbol == .leftParenthesis ? try lengthInParentheses() : most
        if at(word: "WITHOUT") {
            advance()
            for word in ["TIME", "ZONE"] {
                guard at(word: word) else { throw unexpected("'\(word)'") }
                advance()
            }
        }
        guard precision <= most else {
            throw .user(
                "UNSUPPORTED_TIME_PRECISION",
                "The seconds precision \(precision) of the TIME data type is out of the supported range "
                    + "[0, \(most)].", at: source.location(place))
        }
        return .time(precision: precision)
    }

    private mutating func decimalType() throws(EngineError) -> TypeSyntax {
        let start = index - 1
        guard take(.leftParenthesis) else { return .decimal(precision: 10, scale: 0) }
        let precision = try integerValue("a precision")
        var scale = 0
        if take(.comma) { scale = try integerValue("a scale") }
        try expect(.rightParenthesis)
        if precision > 38 || precision < 1 || scale > precision {
            throw .user(
                "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION",
                "A decimal takes a precision from 1 to 38 and a scale up to its precision: "
                    + "DECIMAL(\(precision),\(scale)).", at: source.location(span(from: start)))
        }
        return .decimal(precision: precision, scale: scale)
    }

    private mutating func lengthInParentheses() throws(EngineError) -> Int {
        try expect(.leftParenthesis)
        // Spark's lengths are numbers of 32 bits.
        guard current.kind == .integer, let length = Int32(text(current)) else {
            throw unexpected("a length from 0 to \(Int32.max)")
        }
        advance()
        try expect(.rightParenthesis)
        return Int(length)
    }

    private mutating func intervalType() throws(EngineError) -> TypeSyntax {
        guard current.kind == .word, let from = IntervalUnit(rawValue: text(current).uppercased()) else {
            return .calendarInterval
        }
        advance()
        guard take(.TO) else { return .interval(from: from, to: from) }
        guard current.kind == .word, let to = IntervalUnit(rawValue: text(current).uppercased()),
            from.isYearMonth == to.isYearMonth
        else { throw unexpected("an interval unit such as MONTH") }
        advance()
        return .interval(from: from, to: to)
    }

    private mutating func structType() throws(EngineError) -> TypeSyntax {
        if take(.notEqual) { return .structure([]) }
        try expect(.less)
        if take(.greater) { return .structure([]) }
        var fields = [try field()]
        // After a `>` of `>>` that closes this type as well, what follows is no part of it.
        while openAngles == 0, take(.comma) { fields.append(try field()) }
        try closeAngle()
        return .structure(fields)
    }

    /// Parses `name[:] type [NOT NULL] [COMMENT '…']`.
    mutating func field() throws(EngineError) -> FieldSyntax {
        let name = try self.name("a field name")
        _ = take(.colon)
        let type = try self.type()
        var isNullable = true
        let isClosed = openAngles > 0
        if !isClosed, take(.NOT) {
            try expect(.NULL)
            isNullable = false
        }
        let comment = !isClosed && take(.COMMENT) ? try stringValue() : nil
        return FieldSyntax(name: name, type: type, isNullable: isNullable, comment: comment)
    }

    /// Takes one `>`, also out of `>>` and `>>>`, which the lexer made of several.
    private mutating func closeAngle() throws(EngineError) {
        if openAngles > 0 {
            openAngles -= 1
            return
        }
        switch current.kind == .symbol ? current.symbol : .none {
        case .greater: break
        case .shiftRight: openAngles = 1
        case .shiftRightUnsigned: openAngles = 2
        default: throw unexpected("'>'")
        }
        advance()
    }
}
