import Columns
import Kernels
import Plans
import Vocabulary

/// Lists the aggregate functions.
enum AggregateCatalog {
    static let all: [AggregateFunction] =
        numeric + choosing + statistics + collecting + variants
        + OrderedAggregates.all + SketchCatalog.all

    private static let numeric: [AggregateFunction] = [
        AggregateFunction(
            "count", typing: Signature.variadic(rest: .any) { _ in .int64 },
            "Counts rows, or rows whose arguments are all not null.", example: "count(*)"),
        AggregateFunction(
            "count_if", typing: Signature.of([.of(.boolean)], .int64),
            "Counts rows for which the argument is true.",
            example: "count_if(a > 1)"),
        AggregateFunction(
            "sum", typing: sumTyping, "Adds the values that are not null.", example: "sum(a)"),
        AggregateFunction(
            "try_sum", typing: sumTyping, "Adds the values; null on overflow.", example: "try_sum(a)"),
        AggregateFunction(
            "avg", aliases: ["mean"], typing: averageTyping, "Averages the values that are not null.",
            example: "avg(a)"),
        AggregateFunction(
            "try_avg", typing: averageTyping,
            "Averages the values; null on "
                + "overflow.", example: "try_avg(a)"),
        AggregateFunction(
            "bit_and", typing: Signature.of([.integral]) { $0[0] }, "Combines bits by AND.",
            example: "bit_and(a)"),
        AggregateFunction(
            "bit_or", typing: Signature.of([.integral]) { $0[0] }, "Combines bits by OR.",
            example: "bit_or(a)"),
        AggregateFunction(
            "bit_xor", typing: Signature.of([.integral]) { $0[0] }, "Combines bits by XOR.",
            example: "bit_xor(a)"),
        AggregateFunction(
            "bool_and", aliases: ["every"], typing: Signature.of([.of(.boolean)], .boolean),
            "Says whether all values are true.", example: "bool_and(a > 1)"),
        AggregateFunction(
            "bool_or", aliases: ["some", "any"], typing: Signature.of([.of(.boolean)], .boolean),
            "Says whether some value is true.", example: "bool_or(a > 1)"),
    ]

    private static let choosing: [AggregateFunction] = [
        AggregateFunction(
            "min", typing: orderedTyping, "Returns the least value.", example: "min(a)"),
        AggregateFunction(
            "max", typing: orderedTyping, "Returns the greatest value.", example: "max(a)"),
        AggregateFunction(
            "first", aliases: ["first_value"],
            typing: Signature.of([.any, .of(.boolean)], optional: 1) { $0[0] },
            "Returns the first value, with true as second argument the first that is not null.",
            example: "first(a)"),
        AggregateFunction(
            "last", aliases: ["last_value"],
            typing: Signature.of([.any, .of(.boolean)], optional: 1) { $0[0] },
            "Returns the last value, with true as second argument the last that is not null.",
            example: "last(a)"),
        AggregateFunction(
            "any_value", typing: Signature.of([.any, .of(.boolean)], optional: 1) { $0[0] },
            "Returns some value.",
            example: "any_value(a)"),
        AggregateFunction(
            "max_by", typing: Signature.ordered(Signature.of([.any, .any]) { $0[0] }, argument: 1),
            "Returns the first argument of the row whose second is greatest.", example: "max_by(a, b)"),
        AggregateFunction(
            "min_by", typing: Signature.ordered(Signature.of([.any, .any]) { $0[0] }, argument: 1),
            "Returns the first argument of the row whose second is least.", example: "min_by(a, b)"),
    ]

    private static func doubles(_ name: String, _ aliases: [String], _ count: Int, _ summary: String)
        -> AggregateFunction
    {
        AggregateFunction(
            name, aliases: aliases, typing: Signature.of(Array(repeating: .double, count: count), .double),
            summary,
            example: count == 1 ? "\(name)(a)" : "\(name)(a, b)")
    }

    private static let statistics: [AggregateFunction] = [
        doubles("stddev_samp", ["stddev", "std"], 1, "Returns the sample standard deviation."),
        doubles("stddev_pop", [], 1, "Returns the population standard deviation."),
        doubles("var_samp", ["variance"], 1, "Returns the sample variance."),
        doubles("var_pop", [], 1, "Returns the population variance."),
        doubles("skewness", [], 1, "Returns the skewness."),
        doubles("kurtosis", [], 1, "Returns the excess kurtosis."),
        doubles("corr", [], 2, "Returns Pearson's correlation of two columns."),
        doubles("covar_samp", [], 2, "Returns the sample covariance of two columns."),
        doubles("covar_pop", [], 2, "Returns the population covariance of two columns."),
        AggregateFunction(
            "median",
            typing: { request in
                let type = try Signature.of([.numberOrInterval], .double)(request).arguments[0]
                let (argument, result) = interpolated(type)
                return Typing([argument], result)
            }, "Returns the middle value, between two the mean.", example: "median(a)"),
        AggregateFunction(
            "percentile",
            typing: { request in
                try Signature.checkCount(request, 2...2)
                let type = try Signature.coerce(request, [.numberOrInterval])[0]
                let (argument, result) = interpolated(type)
                if case .array = request.types[1] {
                    return Typing(
                        [argument, .array(.double, containsNull: false)], .array(result, containsNull: false))
                }
                return Typing([argument, .double], result)
            }, "Returns the exact percentile, by linear interpolation.", example: "percentile(a, 0.5)"),
        AggregateFunction(
            "percentile_approx", aliases: ["approx_percentile"],
            typing: { request in
                try Signature.checkCount(request, 2...3)
                // As in Spark, a text is read as a number.
                guard let type = request.types.first.map({ $0 == .string ? .double : $0 }),
                    type.isNumeric || type == .date || type == .timestamp
                        || type == .timestampNTZ || type.isInterval
                else {
                    throw Signature.mismatch(request, argument: 0, requires: "\"NUMERIC\"")
                }
                let rest = request.types.count == 3 ? [DataType.int32] : []
                if let accuracy = request.types.dropFirst(2).first, !accuracy.isIntegral, accuracy != .null {
                    throw Signature.mismatch(request, argument: 2, requires: "\"INTEGRAL\"")
                }
                if case .array = request.types[1] {
                    return Typing(
                        [type, .array(.double, containsNull: false)] + rest, .array(type, containsNull: false)
                    )
                }
                return Typing([type, .double] + rest, type)
            }, "Returns the least value that a share of the values does not exceed; exact here.",
            example: "percentile_approx(a, 0.5)"),
        AggregateFunction(
            "regr_count", typing: Signature.of([.double, .double], .int64),
            "Counts the pairs of which neither is null.", example: "regr_count(y, x)"),
        doubles("regr_avgx", [], 2, "Returns the mean of x over the pairs of y and x that are not null."),
        doubles("regr_avgy", [], 2, "Returns the mean of y over the pairs of y and x that are not null."),
        doubles("regr_sxx", [], 2, "Returns the sum of squares of x about its mean."),
        doubles("regr_syy", [], 2, "Returns the sum of squares of y about its mean."),
        doubles("regr_sxy", [], 2, "Returns the sum of products of y and x about their means."),
        doubles("regr_slope", [], 2, "Returns the slope of the line through the pairs of y and x."),
        doubles("regr_intercept", [], 2, "Returns where the line through the pairs meets x = 0."),
        doubles("regr_r2", [], 2, "Returns the square of the correlation of y and x."),
        AggregateFunction(
            "approx_count_distinct", typing: Signature.of([.any, .double], optional: 1, .int64),
            "Estimates the number of distinct values (HyperLogLog).", example: "approx_count_distinct(a)"),
    ]

    private static let collecting: [AggregateFunction] = [
        AggregateFunction(
            "collect_list", aliases: ["array_agg"],
            typing: Signature.of([.any]) { .array($0[0], containsNull: false) },
            "Collects the values that are not null.", example: "collect_list(a)"),
        AggregateFunction(
            "collect_set", typing: setTyping,
            "Collects the distinct values that are not null.", example: "collect_set(a)"),
        AggregateFunction(
            "listagg", aliases: ["string_agg"],
            typing: Signature.of([.text, .text], optional: 1) { $0[0] },
            "Joins the texts that are not null, with a delimiter between them.", example: "listagg(a, ', ')"),
        AggregateFunction(
            "mode", typing: Signature.of([.any, .of(.boolean), .of(.boolean)], optional: 2) { $0[0] },
            "Returns the most frequent value; of several the smallest with true as second argument.",
            example: "mode(a)"),
    ]

    /// Spark takes no maps into sets.
    private static let setTyping: Signature.Rule = { request in
        let typing = try Signature.of([.any]) { .array($0[0], containsNull: false) }(request)
        if typing.arguments[0].holdsMap {
            throw Signature.mismatch(
                request, argument: 0, "UNSUPPORTED_INPUT_TYPE",
                "The input of `\(request.name)` can't be \"MAP\" type data.")
        }
        return typing
    }

    private static let variants: [AggregateFunction] = [
        AggregateFunction(
            "schema_of_variant_agg", typing: Signature.of([.of(.variant)], .string),
            "Returns the type that holds all variants, in the words of DDL.",
            example: "schema_of_variant_agg(parse_json(a))")
    ]

    private static let orderedTyping = Signature.ordered(Signature.of([.any]) { $0[0] })

    /// The type of a number that is added up; a timestamp is its seconds, as in Spark.
    private static func addend(_ request: TypingRequest) throws -> DataType {
        if request.types == [.timestamp] { return .double }
        if request.types.count == 1, request.types[0].isInterval { return request.types[0] }
        return try Signature.of([.number], .double)(request).arguments[0]
    }

    private static let sumTyping: Signature.Rule = { request in
        let argument = try addend(request)
        if case .decimal(let p, let s) = argument {
            return Typing([argument], .decimal(precision: min(p + 10, 38), scale: s))
        }
        if argument.isInterval { return Typing([argument], argument) }
        return Typing([argument], argument.isIntegral ? .int64 : .double)
    }

    private static let averageTyping: Signature.Rule = { request in
        let argument = try addend(request)
        if case .decimal(let p, let s) = argument {
            return Typing([argument], .decimal(precision: min(p + 4, 38), scale: min(s + 4, 38)))
        }
        return Typing([argument], interpolated(argument).result)
    }

    /// The types of values between which is interpolated, and of what comes out: intervals of all fields,
    /// else doubles.
    static func interpolated(_ type: DataType) -> (argument: DataType, result: DataType) {
        if type.isYearMonthInterval { return (type, .yearToMonth) }
        return type.isDayTimeInterval ? (type, .dayToSecond) : (.double, .double)
    }
}

extension AggregateFunction {
    /// Makes the accumulator of a call; `argumentTypes` are the coerced types of its arguments. A DISTINCT
    /// call collects the distinct values itself. Throws `UNRESOLVED_ROUTINE`.
    package static func make(call: AggregateCall, argumentTypes: [DataType]) throws -> Accumulator {
        let indifferent: Set<String> = [
            "min", "max", "bool_and", "bool_or", "collect_set", "max_by", "min_by", "any_value",
        ]
        guard let function = FunctionRegistry.shared.aggregate(named: call.function) else {
            throw FunctionRegistry.shared.unknown(call.function)
        }
        let name = function.name
        if call.distinct, !argumentTypes.isEmpty, !indifferent.contains(name) {
            var plain = call
            plain.distinct = false
            return DistinctAccumulator(argumentTypes: argumentTypes, type: call.type) {
                try make(plain, name, argumentTypes)
            }
        }
        return try make(call, name, argumentTypes)
    }

    private static func make(_ call: AggregateCall, _ name: String, _ types: [DataType]) throws -> Accumulator
    {
        let input = types.first ?? .null
        let mode: FailureMode = name.hasPrefix("try_") ? .null : (call.ansi ? .error : .legacy)
        func flag(_ index: Int) -> Bool {
            guard call.arguments.indices.contains(index), case .literal(let literal) = call.arguments[index]
            else { return false }
            return literal.value == .boolean(true)
        }
        switch name {
        case "count": return CountAccumulator()
        case "count_if": return CountAccumulator(onlyTrue: true)
        case "sum", "try_sum", "avg", "try_avg":
            let isAverage = name.hasSuffix("avg")
            if input.isInterval {
                return IntervalAccumulator(isAverage: isAverage, isTrying: mode == .null, type: call.type)
            }
            if input.isDecimal {
                return DecimalSumAccumulator(input: input, type: call.type, isAverage: isAverage, mode: mode)
            }
            if isAverage || input.isFloating { return DoubleSumAccumulator(isAverage: isAverage) }
            return IntegerSumAccumulator(type: call.type, mode: mode)
        case "min", "max": return extreme(input, isMaximum: name == "max")
        case "first", "any_value":
            return ChosenRowAccumulator(.first, types: [input], key: 0, skipsNulls: flag(1), type: call.type)
        case "last":
            return ChosenRowAccumulator(.last, types: [input], key: 0, skipsNulls: flag(1), type: call.type)
        case "max_by":
            return ChosenRowAccumulator(
                .maximum, types: Array(types.prefix(2)), key: 1, skipsNulls: true, type: call.type)
        case "min_by":
            return ChosenRowAccumulator(
                .minimum, types: Array(types.prefix(2)), key: 1, skipsNulls: true, type: call.type)
        case "bool_and", "bit_and": return BitsAccumulator(.and, type: call.type)
        case "bool_or", "bit_or": return BitsAccumulator(.or, type: call.type)
        case "bit_xor": return BitsAccumulator(.xor, type: call.type)
        case "approx_count_distinct": return DistinctEstimateAccumulator()
        case "collect_list", "collect_set":
            return CollectAccumulator(element: input, distinct: name == "collect_set", type: call.type) {
                values, offsets, count in
                let bytes = UnsafeRawBufferPointer(start: offsets, count: (count + 1) * 4)
                return .flat(call.type, count: count, values: .copying(bytes), children: [values])
            }
        case "mode":
            let ties: Percentiles.Ties =
                flag(2) ? .largest : flag(1) ? .smallest : .firstMet
            return CollectAccumulator(element: input, distinct: false, type: call.type) {
                Percentiles.mode($0, $1, $2, ties: ties)
            }
        case "listagg":
            return CollectAccumulator(
                element: input, distinct: false, type: call.type, finish: Percentiles.joined(call))
        case "schema_of_variant_agg":
            return CollectAccumulator(element: input, distinct: false, type: call.type) {
                VariantSchema.texts($0, $1, $2)
            }
        case "percentile_approx": return try percentile(call, input)
        case "median", "percentile": return try percentile(call, input)
        default:
            return try OrderedAggregates.make(call, name, input) ?? SketchCatalog.make(call, name, input)
                ?? statistic(name)
        }
    }

    private static func statistic(_ name: String) throws -> Accumulator {
        switch name {
        case "stddev_samp": return MomentAccumulator(.deviationSample)
        case "stddev_pop": return MomentAccumulator(.deviationPopulation)
        case "var_samp": return MomentAccumulator(.varianceSample)
        case "var_pop": return MomentAccumulator(.variancePopulation)
        case "skewness": return MomentAccumulator(.skewness)
        case "kurtosis": return MomentAccumulator(.kurtosis)
        case "corr": return CovarianceAccumulator(.correlation)
        case "covar_samp": return CovarianceAccumulator(.sample)
        case "covar_pop": return CovarianceAccumulator(.population)
        case "regr_count": return CovarianceAccumulator(.pairs)
        case "regr_avgx": return CovarianceAccumulator(.meanX)
        case "regr_avgy": return CovarianceAccumulator(.meanY)
        case "regr_sxx": return CovarianceAccumulator(.squaresX)
        case "regr_syy": return CovarianceAccumulator(.squaresY)
        case "regr_sxy": return CovarianceAccumulator(.products)
        case "regr_slope": return CovarianceAccumulator(.slope)
        case "regr_intercept": return CovarianceAccumulator(.intercept)
        case "regr_r2": return CovarianceAccumulator(.determination)
        default: throw FunctionRegistry.shared.unknown(name)
        }
    }

    private static func extreme(_ type: DataType, isMaximum: Bool) -> Accumulator {
        switch type.physical {
        case .int8: return FixedExtremeAccumulator<Int8>(type: type, isMaximum: isMaximum)
        case .int16: return FixedExtremeAccumulator<Int16>(type: type, isMaximum: isMaximum)
        case .int32: return FixedExtremeAccumulator<Int32>(type: type, isMaximum: isMaximum)
        case .int64: return FixedExtremeAccumulator<Int64>(type: type, isMaximum: isMaximum)
        case .int128: return FixedExtremeAccumulator<Int128>(type: type, isMaximum: isMaximum)
        case .float: return FixedExtremeAccumulator<Float>(type: type, isMaximum: isMaximum)
        case .double: return FixedExtremeAccumulator<Double>(type: type, isMaximum: isMaximum)
        case .bool: return BitsAccumulator(isMaximum ? .or : .and, type: type)
        default:
            return ChosenRowAccumulator(
                isMaximum ? .maximum : .minimum, types: [type], key: 0, skipsNulls: true, type: type)
        }
    }

    private static func percentile(_ call: AggregateCall, _ input: DataType) throws -> Accumulator {
        var shares = [0.5]
        var isArray = false
        if call.arguments.count > 1 {
            guard case .literal(let literal) = call.arguments[1] else {
                throw EngineError.user(
                    "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
                    "The percentage of `percentile` must be a constant.")
            }
            switch literal.value {
            case .double(let value): shares = [value]
            case .array(let list):
                isArray = true
                shares = list.map { if case .double(let value) = $0 { value } else { .nan } }
            default: shares = [.nan]
            }
        }
        guard shares.allSatisfy({ $0 >= 0 && $0 <= 1 }) else {
            throw EngineError.user(
                "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                "The percentage of `percentile` must be between 0.0 and 1.0.")
        }
        if call.arguments.count > 2, let accuracy = call.arguments[2].literalValue?.value,
            accuracy != .null, accuracy.integerValue <= 0
        {
            throw EngineError.user(
                "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                "The accuracy of `percentile_approx` must be above 0.")
        }
        let wanted = shares
        let asArray = isArray
        if call.function == "percentile_approx" {
            return CollectAccumulator(element: input, distinct: false, type: call.type) {
                values, offsets, count in
                Percentiles.discrete(values, offsets, count, wanted, asArray: asArray, type: call.type)
            }
        }
        return CollectAccumulator(element: input, distinct: false, type: call.type) {
            values, offsets, count in
            Percentiles.percentiles(values, offsets, count, wanted, asArray: asArray, type: call.type)
        }
    }
}
