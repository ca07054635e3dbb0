/// Holds one token: what it is and where it stands.
struct Token: Sendable {
    enum Kind: UInt8, Sendable {
        /// An identifier or keyword without quotes.
        case word
        case quotedWord
        case string
        case rawString
        case integer
        /// Digits with a point.
        case decimal
        /// Digits with an exponent.
        case exponent
        /// A number with one of the suffixes L, S, Y, F, D, BD.
        case suffixed
        case symbol
        case end
    }

    var kind: Kind
    var symbol: Symbol = .none
    /// The keyword that a word spells, if any.
    var keyword: Keyword?
    var span: SourceSpan
}

/// Names every punctuation token.
enum Symbol: String, Sendable {
    case none = ""
    case leftParenthesis = "("
    case rightParenthesis = ")"
    case leftBracket = "["
    case rightBracket = "]"
    case comma = ","
    case dot = "."
    case semicolon = ";"
    case colon = ":"
    case doubleColon = "::"
    case question = "?"
    case plus = "+"
    case minus = "-"
    case star = "*"
    case slash = "/"
    case percent = "%"
    case pipe = "|"
    case doublePipe = "||"
    case pipeArrow = "|>"
    case ampersand = "&"
    case caret = "^"
    case tilde = "~"
    case bang = "!"
    case equal = "="
    case doubleEqual = "=="
    case nullSafeEqual = "<=>"
    case notEqual = "<>"
    case bangEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case shiftLeft = "<<"
    case shiftRight = ">>"
    case shiftRightUnsigned = ">>>"
    case arrow = "->"
    case fatArrow = "=>"
    case at = "@"
}

/// Names the words that the grammar gives a meaning. All may still be identifiers where the place allows it.
enum Keyword: String, CaseIterable, Sendable {
    case ALL, ANALYZE, AND, ANTI, ANY, AS, ASC, BETWEEN, BOTH, BY, CACHE, CASE, CAST, CLUSTER, CODEGEN,
        COLLATE
    case COMMENT, COST, CREATE, CROSS, CUBE, CURRENT, DATABASE, DATE, DELETE, DESC, DESCRIBE, DIRECTORY,
        DISTINCT
    case DISTRIBUTE, DIV, DROP, ELSE, END, ESCAPE, EXCEPT, EXISTS, EXPLAIN, EXTENDED, EXTRACT, FALSE, FILTER
    case FIRST, FOLLOWING, FOR, FORMATTED, FROM, FULL, GLOBAL, GROUP, GROUPING, HAVING, IF, IGNORE, ILIKE, IN
    case INNER, INSERT, INTERSECT, INTERVAL, INTO, IS, JOIN, LAST, LATERAL, LEADING, LEFT, LIKE, LIMIT, LOCAL
    case LOCATION, MERGE, MINUS, NAME, NATURAL, NOT, NULL, NULLS, OFFSET, ON, OPTIONS, OR, ORDER, OUTER, OVER
    case OVERLAY, OVERWRITE, PARTITION, PARTITIONED, PIVOT, PLACING, POSITION, PRECEDING, QUALIFY, RANGE
    case RECURSIVE, REGEXP, REPLACE, RESET, RESPECT, RIGHT, RLIKE, ROLLUP, ROW, ROWS, SELECT, SEMI, SET, SETS
    case SHOW, SOME, SORT, SUBSTR, SUBSTRING, TABLE, TABLES, TABLESAMPLE, TBLPROPERTIES, TEMP, TEMPORARY, THEN
    case TIMESTAMP, TIMESTAMP_LTZ, TIMESTAMP_NTZ, TO, TRAILING, TRIM, TRUE, TRY_CAST, UNBOUNDED, UNION,
        UNPIVOT
    case UPDATE, USING, VALUES, VIEW, WHEN, WHERE, WINDOW, WITH, WITHIN, X

    /// Finds the keyword of an upper-case word.
    static let byWord: [String: Keyword] = Dictionary(
        uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) })

    /// Words that cannot be an alias without AS, since they go on with the statement.
    static let clauseStarts: Set<Keyword> = [
        .FROM, .WHERE, .GROUP, .HAVING, .ORDER, .SORT, .DISTRIBUTE, .CLUSTER, .LIMIT, .OFFSET, .UNION,
        .INTERSECT,
        .EXCEPT, .MINUS, .WINDOW, .QUALIFY, .LATERAL, .ON, .USING, .AS, .TABLESAMPLE, .PIVOT, .UNPIVOT, .JOIN,
        .INNER, .LEFT, .RIGHT, .FULL, .CROSS, .NATURAL, .SEMI, .ANTI, .INSERT, .SELECT, .AND, .OR, .NOT, .IN,
        .IS, .LIKE,
        .ILIKE, .RLIKE, .REGEXP, .BETWEEN, .DIV, .COLLATE, .ESCAPE,
    ]

    /// Words that cannot be a column's name without back quotes: each would hide a mistake.
    static let neverColumns: Set<Keyword> = [
        .FROM, .WHERE, .GROUP, .HAVING, .ORDER, .UNION, .INTERSECT, .ON, .USING, .AS, .AND, .OR, .JOIN, .BY,
        .INTO,
        .SELECT, .BETWEEN, .IS,
    ]

    /// Words of clauses that users misspell, for "did you mean".
    static let suggested: [String] = [
        "SELECT", "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "UNION", "INTERSECT",
        "EXCEPT",
        "JOIN", "INNER", "LEFT", "RIGHT", "FULL", "OUTER", "CROSS", "NATURAL", "USING", "BETWEEN", "LIKE",
        "DISTINCT",
        "CREATE", "REPLACE", "TEMPORARY", "VIEW", "TABLE", "INSERT", "OVERWRITE", "DIRECTORY", "OPTIONS",
        "PARTITIONED", "LOCATION", "EXPLAIN", "FORMATTED", "EXTENDED", "ANALYZE", "VALUES", "WITH",
        "DESCRIBE",
        "SHOW", "WHEN", "THEN", "ELSE", "CASE", "INTERVAL", "INTO", "QUALIFY", "LATERAL", "RESET",
    ]
}

/// Tells whether a byte may stand in an unquoted identifier; bytes beyond ASCII may.
@inline(__always)
func isWordByte(_ byte: UInt8) -> Bool {
    let lowered = byte | 0x20
    return (lowered >= 0x61 && lowered <= 0x7A) || (byte >= 0x30 && byte <= 0x39) || byte == 0x5F
        || byte >= 0x80
}

@inline(__always)
func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
