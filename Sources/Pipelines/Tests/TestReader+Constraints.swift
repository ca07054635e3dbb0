import Vocabulary

// Constraints of contracts. A table is tested before it is published, so that a constraint is a test.
extension TestReader {
    /// Returns the tests of a model's `constraints` and of those of its columns.
    func constraints(of owner: FormatValue) throws -> [DataTest] {
        var found: [DataTest] = []
        for column in owner["columns"]?.elements ?? [] {
            for item in column["constraints"]?.elements ?? [] {
                found += try constraint(item, [column["name"]?.printed ?? ""])
            }
        }
        for item in owner["constraints"]?.elements ?? [] {
            found += try constraint(item, item["columns"]?.texts ?? [])
        }
        return found
    }

    private func constraint(_ item: FormatValue, _ columns: [String]) throws -> [DataTest] {
        let kind = item["type"]?.printed ?? ""
        if kind == "custom" {
            throw item.error(
                "Constraints of the type custom are another engine's",
                remedy: "Leave it out, or write a test of it.", code: "UNSUPPORTED_FEATURE")
        }
        if kind != "check", columns.isEmpty { throw item.error("The constraint \(kind) needs its columns") }
        switch kind {
        case "not_null": return columns.map { notNull($0, item) }
        case "unique": return [unique(columns, item)]
        case "primary_key": return columns.map { notNull($0, item) } + [unique(columns, item)]
        case "foreign_key": return [try foreignKey(columns, item)]
        default:
            guard let condition = item["expression"]?.printed else {
                throw item.error("The constraint check needs its expression")
            }
            // As in SQL, what is unknown is no breach.
            return [made("check", columns, item, "SELECT 1 FROM \(table) WHERE NOT (\(condition))")]
        }
    }

    private var table: String { SQLText.name(relation.view) }

    private func notNull(_ column: String, _ item: FormatValue) -> DataTest {
        let name = SQLText.name(column)
        return made("not_null", [column], item, "SELECT \(name) FROM \(table) WHERE \(name) IS NULL")
    }

    private func unique(_ columns: [String], _ item: FormatValue) -> DataTest {
        let names = columns.map(SQLText.name)
        let list = names.joined(separator: ", ")
        let known = names.map { "\($0) IS NOT NULL" }.joined(separator: " AND ")
        return made(
            "unique", columns, item,
            "SELECT \(list), count(*) AS n_records FROM \(table) WHERE \(known) GROUP BY \(list) "
                + "HAVING count(*) > 1")
    }

    private func foreignKey(_ columns: [String], _ item: FormatValue) throws -> DataTest {
        let others = item["to_columns"]?.texts ?? columns
        guard let to = item["to"]?.printed, others.count == columns.count else {
            throw item.error(
                "The constraint foreign_key needs to: ref('model') and as many to_columns as columns")
        }
        let parent = try render("{{ \(to) }}", item.location, TestScope())
        let names = columns.map(SQLText.name)
        let known = names.map { "child.\($0) IS NOT NULL" }.joined(separator: " AND ")
        let same = zip(names, others.map(SQLText.name)).map { "child.\($0) = parent.\($1)" }
        var test = made(
            "foreign_key", columns, item,
            "SELECT child.* FROM \(table) child LEFT ANTI JOIN \(parent.text) parent ON "
                + "\(same.joined(separator: " AND ")) WHERE \(known)")
        test.relations += parent.relations
        return test
    }

    private func made(_ kind: String, _ columns: [String], _ item: FormatValue, _ sql: String) -> DataTest {
        let name = (["constraint", kind, subject] + columns).joined(separator: "_")
        var test = DataTest(
            name: item["name"]?.printed ?? name, sql: sql, relations: [relation], location: item.location)
        test.isConstraint = true
        return test
    }
}
