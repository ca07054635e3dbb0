import Templates
import Vocabulary

/// Answers the macros that dbt brings along for all databases, with and without `dbt.` before them, the one
/// of dbt_utils that most projects use, and Airflow's arithmetic of dates.
enum DbtFunctions {
    typealias Function = @Sendable (TemplateCall) throws -> TemplateValue

    /// Adds them to what templates may call; macros of the project of the same name go before.
    static func add(to scope: inout TemplateScope) {
        for (name, function) in functions {
            scope.functions[name] = function
            scope.functions["dbt." + name] = function
        }
        scope.functions["dbt_utils.generate_surrogate_key"] = surrogateKey
        scope.functions["macros.ds_add"] = dayAfter
        for name in ["log", "print"] { scope.functions[name] = { _ in .text("") } }
        scope.remedies = remedies
    }

    private static let functions: [String: Function] = {
        var all: [String: Function] = [
            "concat": { call in
                guard case .list(let parts)? = call.argument(0, "fields") else {
                    throw call.error("concat() takes a list of expressions")
                }
                return .text("concat(\(parts.map(\.printed).joined(separator: ", ")))")
            },
            "safe_cast": made(["field", "type"]) { "try_cast(\($0[0]) AS \($0[1]))" },
            "cast": made(["field", "type"]) { "CAST(\($0[0]) AS \($0[1]))" },
            "hash": made(["field"]) { "md5(CAST(\($0[0]) AS STRING))" },
            "date_trunc": made(["datepart", "date"]) { "date_trunc('\($0[0])', \($0[1]))" },
            "dateadd": made(["datepart", "interval", "from_date_or_timestamp"]) {
                "timestampadd(\($0[0].uppercased()), \($0[1]), \($0[2]))"
            },
            "split_part": made(["string_text", "delimiter_text", "part_number"]) {
                "split_part(\($0.joined(separator: ", ")))"
            },
            "datediff": difference,
        ]
        let types = [
            "string": "STRING", "int": "INT", "bigint": "BIGINT", "float": "FLOAT", "boolean": "BOOLEAN",
            "numeric": "DECIMAL(28, 6)", "timestamp": "TIMESTAMP",
        ]
        for (name, type) in types { all["type_" + name] = made([]) { _ in type } }
        for (name, text) in [
            ("current_timestamp", "current_timestamp()"), ("except", "EXCEPT"), ("intersect", "INTERSECT"),
        ] { all[name] = made([]) { _ in text } }
        return all
    }()

    /// Returns a function of so many arguments that makes SQL of their texts.
    private static func made(_ names: [String], _ text: @escaping @Sendable ([String]) -> String) -> Function
    {
        { call in
            try call.atMost(names.count)
            return .text(text(try names.enumerated().map { try argument(call, $0, $1) }))
        }
    }

    private static func argument(_ call: TemplateCall, _ place: Int, _ name: String) throws -> String {
        guard let value = call.argument(place, name) else {
            throw call.error("\(call.name)() needs its argument '\(name)'")
        }
        return value.printed
    }

    /// Counts, as dbt does, how often a part of the date turns over between two times.
    @Sendable private static func difference(_ call: TemplateCall) throws -> TemplateValue {
        let names = ["first_date", "second_date", "datepart"]
        let given = try names.enumerated().map { try argument(call, $0, $1) }
        let (a, b, part) = (given[0], given[1], given[2].lowercased())
        let years = "(year(\(b)) - year(\(a)))"
        func seconds(_ count: Int) -> String {
            let at = [b, a].map { "unix_timestamp(date_trunc('\(part)', CAST(\($0) AS TIMESTAMP)))" }
            return "((\(at[0]) - \(at[1])) DIV \(count))"
        }
        switch part {
        case "year": return .text(years)
        case "quarter": return .text("(\(years) * 4 + quarter(\(b)) - quarter(\(a)))")
        case "month": return .text("(\(years) * 12 + month(\(b)) - month(\(a)))")
        case "week": return .text("(datediff(date_trunc('week', \(b)), date_trunc('week', \(a))) DIV 7)")
        case "day": return .text("datediff(\(b), \(a))")
        case "hour": return .text(seconds(3600))
        case "minute": return .text(seconds(60))
        case "second": return .text(seconds(1))
        default:
            throw call.error(
                "datediff() counts no part of this name: \(part)",
                remedy: "Known are: year, quarter, month, week, day, hour, minute, second.")
        }
    }

    /// dbt_utils' key of several columns: the digest of their texts, nulls told from empty ones.
    private static func surrogateKey(_ call: TemplateCall) throws -> TemplateValue {
        guard case .list(let fields)? = call.argument(0, "field_list"), !fields.isEmpty else {
            throw call.error("generate_surrogate_key() takes a list of columns")
        }
        let texts = fields.map {
            "coalesce(CAST(\($0.printed) AS STRING), '_dbt_utils_surrogate_key_null_')"
        }
        return .text("md5(CAST(concat(\(texts.joined(separator: ", '-', "))) AS STRING))")
    }

    /// Airflow's `macros.ds_add('2024-01-01', 5)`.
    private static func dayAfter(_ call: TemplateCall) throws -> TemplateValue {
        let text = try call.text(0, "ds")
        guard let day = CivilTime.parse(text), case .integer(let days)? = call.argument(1, "days"),
            abs(days) < 1_000_000
        else { throw call.error("ds_add() takes a date such as ds and a number of days") }
        return .text(String(CivilTime.text(day + days * CivilTime.minutesPerDay).prefix(10)))
    }

    private static let asks =
        "Queries are made before anything runs, so they cannot ask for rows or columns: write them out, or "
        + "give them as a variable with var()."

    /// What to do instead of names of dbt and Airflow that are not here.
    private static let remedies: [String: String] = [
        "run_query": asks, "statement": asks, "load_result": asks, "adapter": asks, "graph": asks,
        "api": asks, "dbt_utils": DbtFunctions.packages, "dbt_date": DbtFunctions.packages,
        "dbt_expectations": DbtFunctions.packages,
        "modules": "Python is not there. ds, run_started_at and macros.ds_add(ds, 1) are texts of dates.",
        "macros": "Of Airflow's macros there is ds_add; all else SQL computes: date_add('{{ ds }}', 1).",
        "params": "Write vars in etl.yml and {{ var('name') }}.",
        "dag_run": "Write vars in etl.yml and {{ var('name') }}; --vars name=value gives a run its own.",
        "execution_date": "It is logical_date.", "next_ds": "It is data_interval_end, in UTC.",
        "prev_ds": "Write macros.ds_add(ds, -1), or what the schedule makes of it.",
        "yesterday_ds": "Write macros.ds_add(ds, -1).", "tomorrow_ds": "Write macros.ds_add(ds, 1).",
        "dag": "There is run_id; the pipeline's name is in etl.yml.",
        "fromjson": "Write the value itself: [1, 2] and {'a': 1} are values of templates.",
        "fromyaml": "Write the value itself: [1, 2] and {'a': 1} are values of templates.",
        "tojson": "Write it as a filter: {{ value | tojson }}.",
    ]
    private static let packages =
        "Packages are not read: write the SQL out, or copy the macro into macros/ and call it by its name."
}
