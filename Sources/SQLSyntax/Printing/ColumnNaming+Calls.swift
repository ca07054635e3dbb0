extension ColumnNaming {
    /// Functions that Spark prints in capitals or under another name than the one written.
    private static let printedNames: [String: String] = [
        "array_agg": "collect_list", "dateadd": "date_add", "random": "rand", "rank": "RANK",
        "dense_rank": "DENSE_RANK", "percent_rank": "PERCENT_RANK", "regexp_like": "REGEXP_LIKE",
        "regexp": "REGEXP",
        "rlike": "RLIKE", "ceil": "CEIL", "floor": "FLOOR", "spark_partition_id": "SPARK_PARTITION_ID",
        "current_database": "current_schema",

    ]

    /// Mathematical functions, which print in capitals.
    private static let capitals: Set<String> = [
        "sqrt", "cbrt", "power", "exp", "log10", "log2", "log1p", "expm1", "signum", "pi", "e", "sin", "cos",
        "tan", "asin",
        "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "degrees", "radians",
        "hypot",
        "cot", "sec", "csc", "log",
    ]

    /// Default arguments that Spark prints: by name, the texts for the positions from the key on.
    private static let defaults: [String: (from: Int, texts: [String])] = [
        "substring": (2, ["2147483647"]), "substr": (2, ["2147483647"]), "split": (2, ["-1"]),
        "locate": (2, ["1"]),
        "position": (2, ["1"]), "overlay": (3, ["-1"]), "lpad": (2, [" "]), "rpad": (2, [" "]),
        "replace": (2, [""]),
        "regexp_replace": (3, ["1"]), "regexp_extract": (2, ["1"]), "regexp_extract_all": (2, ["1"]),
        "regexp_instr": (2, ["0"]), "round": (1, ["0"]), "bround": (1, ["0"]),
        "months_between": (2, ["true"]),
        "unix_timestamp": (1, ["yyyy-MM-dd HH:mm:ss"]), "to_unix_timestamp": (1, ["yyyy-MM-dd HH:mm:ss"]),
        "from_unixtime": (1, ["yyyy-MM-dd HH:mm:ss"]), "sort_array": (1, ["true"]), "percentile": (2, ["1"]),
        "percentile_approx": (2, ["10000"]), "approx_percentile": (2, ["10000"]), "lag": (1, ["1", "NULL"]),
        "lead": (1, ["1", "NULL"]), "mask": (1, ["X", "x", "n", "NULL"]), "str_to_map": (1, [",", ":"]),
        "sentences": (1, ["", ""]), "make_dt_interval": (0, ["0", "0", "0", "0.000000"]),
        "make_ym_interval": (0, ["0", "0"]),
        "make_interval": (0, ["0", "0", "0", "0", "0", "0", "0.000000"]),
        "try_make_interval": (0, ["0", "0", "0", "0", "0", "0", "0.000000"]),
        "approx_top_k": (1, ["5", "10000"]),
        "theta_sketch_agg": (1, ["12"]), "theta_union_agg": (1, ["12"]), "theta_union": (2, ["12"]),
        "hll_sketch_agg": (1, ["12"]), "hll_union_agg": (1, ["false"]), "hll_union": (2, ["false"]),
        "aes_encrypt": (2, ["GCM", "DEFAULT", "", ""]),
        "aes_decrypt": (2, ["GCM", "DEFAULT", ""]),
        "try_aes_decrypt": (2, ["GCM", "DEFAULT", ""]), "listagg": (1, ["NULL"]), "string_agg": (1, ["NULL"]),
    ]

    /// Types that are also functions: `int(x)` is a cast.
    private static let castFunctions: [String: TypeSyntax] = [
        "boolean": .boolean, "tinyint": .tinyint, "smallint": .smallint, "int": .integer, "bigint": .bigint,
        "float": .float, "double": .double, "decimal": .decimal(precision: 10, scale: 0), "string": .string,
        "binary": .binary, "date": .date, "timestamp": .timestamp,
        "time": .time(precision: 6),
    ]

    /// Returns the value and the type of a cast written as a call, such as `int(x)`; nil for other calls.
    package static func castByName(_ call: CallSyntax) -> (value: ExpressionSyntax, type: TypeSyntax)? {
        guard call.name.count == 1, call.arguments.count == 1, !call.isDistinct, call.filter == nil,
            let type = castFunctions[call.name[0].text.lowercased()]
        else { return nil }
        return (call.arguments[0].value, type)
    }

    /// The order of `array_sort` without a function.
    private static let defaultOrder: String = {
        let variable = "namedlambdavariable()"
        let missing = "(\(variable) IS NULL)"
        return "lambdafunction((IF((\(missing) AND \(missing)), 0, (IF(\(missing), 1, (IF(\(missing), -1, "
            + "(IF((\(variable) < \(variable)), -1, (IF((\(variable) > \(variable)), 1, 0)))))))))), "
            + "\(variable), \(variable))"
    }()

    func call(_ call: CallSyntax) -> String {
        if let last = Self.lastName(ExpressionSyntax(.call(call), span: .none)) { return last }
        let written = call.name.last?.text.lowercased() ?? ""
        // Spark prints a cast only where CAST was written.
        if let cast = Self.castByName(call) { return text(cast.value) }
        var arguments = call.arguments.map { text($0.value) }
        if let form = specialForm(written, arguments) { return form + suffix(call) }
        var name =
            Self.capitals.contains(written) ? written.uppercased() : Self.printedNames[written] ?? written
        switch written {
        case "count" where call.isStar: arguments = ["1"]
        case "ceil" where arguments.count > 1, "floor" where arguments.count > 1: name = written
        case "log" where arguments.count == 1: arguments.insert("E()", at: 0)
        case "datediff" where arguments.count == 3, "date_diff" where arguments.count == 3,
            "timediff" where arguments.count == 3:
            name = "timestampdiff"
        case "dateadd" where arguments.count == 3, "date_add" where arguments.count == 3:
            name = "timestampadd"
        case "from_json", "from_csv", "from_xml", "to_json", "to_csv", "to_xml", "schema_of_json",
            "schema_of_csv", "schema_of_xml", "first", "last", "first_value", "last_value", "any_value":
            // What only tells how to do it is not printed.
            arguments = Array(arguments.prefix(1))
            if call.ignoresNulls, written.hasSuffix("st_value") { name = String(written.dropLast(6)) }
        case "approx_count_distinct": arguments = Array(arguments.prefix(1))
        case "variant_get", "try_variant_get": arguments = Array(arguments.prefix(2))
        case "rank", "dense_rank", "percent_rank": arguments = []
        case "try_make_timestamp" where arguments.count == 7: arguments.removeLast()
        case "aggregate" where arguments.count == 3, "reduce" where arguments.count == 3:
            arguments.append("lambdafunction(namedlambdavariable(), namedlambdavariable())")
        case "array_sort" where arguments.count == 1: arguments.append(Self.defaultOrder)
        case "array_append", "array_prepend":
            if case .cast(let inner, _, _)? = call.arguments.first?.value.kind,
                case .literal(.null) = inner.kind
            {
                arguments[0] = "NULL"
            }
        case "mode" where arguments.count == 2:
            guard case .literal(.boolean(let isOrdered)) = call.arguments[1].value.kind else { break }
            if isOrdered { return "mode() WITHIN GROUP (ORDER BY \(arguments[0]) DESC)" + suffix(call) }
            arguments.removeLast()
        case "mode" where call.withinGroup.count == 1:
            // Spark keeps the order the other way round.
            let item = call.withinGroup[0]
            return
                "mode() WITHIN GROUP (ORDER BY \(text(item.expression))\(item.isDescending ? "" : " DESC"))"
        case "convert_timezone" where arguments.count == 2: arguments.insert("current_timezone()", at: 0)
        case "make_timestamp_ltz" where call.arguments.count < 4 && call.arguments.count > 1,
            "try_make_timestamp_ltz" where call.arguments.count < 4 && call.arguments.count > 1:
            name = "make_timestamp"
        case "current_time" where arguments.isEmpty: arguments = ["6"]
        case "try_make_timestamp_ntz" where arguments.count == 2:
            return "\(written)(make_timestamp_ntz(\(arguments.joined(separator: ", "))))"
        case "try_to_time": return "try_to_time(to_time(\(arguments.joined(separator: ", "))))"
        case "unix_timestamp" where arguments.isEmpty: arguments = ["current_timestamp()"]
        case "string_agg" where !call.withinGroup.isEmpty: name = "listagg"
        default: break
        }
        if let (from, texts) = Self.defaults[written], arguments.count >= from {
            arguments += texts.dropFirst(arguments.count - from)
        }
        let distinct = call.isDistinct ? "DISTINCT " : ""
        return "\(name)(\(distinct)\(arguments.joined(separator: ", ")))" + suffix(call)
    }

    private func specialForm(_ name: String, _ arguments: [String]) -> String? {
        switch (name, arguments.count) {
        case ("if", 3): "(IF(\(arguments.joined(separator: ", "))))"
        case ("trim", 2): "TRIM(BOTH \(arguments[0]) FROM \(arguments[1]))"
        case ("ltrim", 2): "TRIM(LEADING \(arguments[0]) FROM \(arguments[1]))"
        case ("rtrim", 2): "TRIM(TRAILING \(arguments[0]) FROM \(arguments[1]))"
        case ("datepart", 2): "\(name)(\(arguments[0]) FROM \(arguments[1]))"
        case ("like", 2): "\(arguments[0]) LIKE \(arguments[1])"
        case ("isnull", 1): "(\(arguments[0]) IS NULL)"
        case ("isnotnull", 1): "(\(arguments[0]) IS NOT NULL)"
        case ("positive", 1): "(+ \(arguments[0]))"
        case ("not", 1): "(NOT \(arguments[0]))"
        default: nil
        }
    }

    private func suffix(_ call: CallSyntax) -> String {
        let written = call.name.last?.text.lowercased() ?? ""
        var suffix = call.ignoresNulls && written == "nth_value" ? " ignore nulls" : ""
        if !call.withinGroup.isEmpty {
            let isPercentile = written.hasPrefix("percentile")
            let items = call.withinGroup.map { item in
                isPercentile ? text(item.expression) + (item.isDescending ? " DESC" : "") : sortItem(item)
            }
            suffix += " WITHIN GROUP (ORDER BY \(items.joined(separator: ", ")))"
        }
        if let filter = call.filter { suffix += " FILTER (WHERE \(text(filter)))" }
        switch call.window {
        case .defined(let window)?: suffix += " OVER (\(self.window(window, of: written)))"
        case .named(let name)?:
            if let window = namedWindow(name) { suffix += " OVER (\(self.window(window, of: written)))" }
        case nil: break
        }
        return suffix
    }

    private func sortItem(_ item: SortItemSyntax) -> String {
        "\(text(item.expression)) \(item.isDescending ? "DESC" : "ASC") NULLS "
            + "\(item.nullsFirst ? "FIRST" : "LAST")"
    }

    private func window(_ window: WindowSyntax, of function: String) -> String {
        var parts: [String] = []
        if !window.partitionBy.isEmpty {
            parts.append("PARTITION BY \(window.partitionBy.map(text).joined(separator: ", "))")
        }
        if !window.orderBy.isEmpty {
            parts.append("ORDER BY \(window.orderBy.map(sortItem).joined(separator: ", "))")
        }
        if let frame = window.frame {
            parts.append("\(frame.unit.rawValue) BETWEEN \(bound(frame.start)) AND \(bound(frame.end))")
        } else {
            let ranking: Set<String> = [
                "row_number", "rank", "dense_rank", "percent_rank", "ntile",
            ]
            let end = window.orderBy.isEmpty ? "UNBOUNDED FOLLOWING" : "CURRENT ROW"
            let unit = ranking.contains(function) || window.orderBy.isEmpty ? "ROWS" : "RANGE"
            switch function {
            case "lag": parts.append("ROWS BETWEEN -1 FOLLOWING AND -1 FOLLOWING")
            case "lead": parts.append("ROWS BETWEEN 1 FOLLOWING AND 1 FOLLOWING")
            default: parts.append("\(unit) BETWEEN UNBOUNDED PRECEDING AND \(end)")
            }
        }
        return parts.joined(separator: " ")
    }

    private func bound(_ bound: WindowFrameSyntax.Bound) -> String {
        switch bound {
        case .unboundedPreceding: "UNBOUNDED PRECEDING"
        case .unboundedFollowing: "UNBOUNDED FOLLOWING"
        case .currentRow: "CURRENT ROW"
        case .preceding(let distance): "\(text(distance)) PRECEDING"
        case .following(let distance): "\(text(distance)) FOLLOWING"
        }
    }
}
