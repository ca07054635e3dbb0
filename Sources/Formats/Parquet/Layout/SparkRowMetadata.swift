import Columns
import FoundationEssentials
import Vocabulary

/// Reads and writes what Spark keeps of a file's columns in its footer, as JSON: the only place that says
/// that a column of plain integers holds intervals, and to how many digits times were cut.
///
///     {"type":"struct","fields":[
///       {"name":"wait","type":"interval day to second","nullable":true,"metadata":{}}]}
///
/// Source: `ParquetWriteSupport` and `DataType.json` of Apache Spark 4.
enum SparkRowMetadata {
    /// The footer's key.
    static let key = "org.apache.spark.sql.parquet.row.metadata"

    /// Returns the text for a file of these columns; nil where their types stand in the file's own schema.
    static func text(_ schema: Schema) -> String? {
        guard schema.fields.contains(where: { needsMention($0.type) }) else { return nil }
        return json(.structure(schema.fields))
    }

    private static func needsMention(_ type: DataType) -> Bool {
        switch type {
        case .array(let element, _): needsMention(element)
        case .map(let key, let value, _): needsMention(key) || needsMention(value)
        case .structure(let fields): fields.contains { needsMention($0.type) }
        case .time(let precision): precision != DataType.timePrecision
        default: type.isInterval
        }
    }

    private static func json(_ type: DataType) -> String {
        switch type {
        case .array(let element, _):
            return #"{"type":"array","elementType":\#(json(element)),"containsNull":true}"#
        case .map(let key, let value, _):
            return #"{"type":"map","keyType":\#(json(key)),"valueType":\#(json(value)),"#
                + #""valueContainsNull":true}"#
        case .structure(let fields):
            let parts = fields.map {
                #"{"name":\#(quoted($0.name)),"type":\#(json($0.type)),"nullable":true,"metadata":{}}"#
            }
            return #"{"type":"struct","fields":[\#(parts.joined(separator: ","))]}"#
        case .int8: return #""byte""#
        case .int16: return #""short""#
        case .int32: return #""integer""#
        case .int64: return #""long""#
        default: return quoted(type.catalogName)
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    // MARK: Reading

    /// Gives columns that are plain integers in the file the intervals that the footer's text says they are.
    /// A text that cannot be read, or that does not fit the file, changes nothing.
    static func apply(_ text: String, to nodes: inout [ParquetNode], _ fields: inout [Field]) {
        guard text.contains("interval") || text.contains("time("),
            let json = try? JSONDecoder().decode(AvroJSON.self, from: Data(text.utf8))
        else { return }
        let declared = members(json)
        for index in fields.indices {
            guard let type = declared[fields[index].name] else { continue }
            nodes[index] = retyped(nodes[index], type)
            fields[index].type = nodes[index].type
        }
    }

    private static func members(_ json: AvroJSON) -> [String: AvroJSON] {
        guard case .object(let object) = json, case .array(let list)? = object["fields"] else { return [:] }
        var result: [String: AvroJSON] = [:]
        for case .object(let field) in list {
            if case .string(let name)? = field["name"], let type = field["type"] { result[name] = type }
        }
        return result
    }

    private static func retyped(_ node: ParquetNode, _ json: AvroJSON) -> ParquetNode {
        switch (node, json) {
        case (.leaf(var leaf), .string(let name)):
            if leaf.type.isClock, let precision = Int(name.dropFirst("time(".count).dropLast()),
                (0..<DataType.timePrecision).contains(precision), name == "time(\(precision))"
            {
                leaf.type = .time(precision: precision)
                return .leaf(leaf)
            }
            guard let fields = IntervalFields(catalogName: name) else { return node }
            let type = DataType.interval(fields)
            if leaf.conversion == .none, leaf.type == (type.isYearMonthInterval ? .int32 : .int64) {
                leaf.type = type
            }
            return .leaf(leaf)
        case (.structure(.structure(var fields), let definition, var children), _):
            let declared = members(json)
            for index in children.indices {
                guard let type = declared[fields[index].name] else { continue }
                children[index] = retyped(children[index], type)
                fields[index].type = children[index].type
            }
            return .structure(type: .structure(fields), definition: definition, children: children)
        case (
            .list(let type, let definition, let element, let repetition, var children), .object(let object)
        ):
            let keys = children.count == 1 ? ["elementType"] : ["keyType", "valueType"]
            for (index, key) in zip(children.indices, keys) {
                if let type = object[key] { children[index] = retyped(children[index], type) }
            }
            var changed = type
            if case .array(_, let hasNull) = type {
                changed = .array(children[0].type, containsNull: hasNull)
            } else if case .map(_, _, let hasNull) = type {
                changed = .map(
                    key: children[0].type, value: children[1].type, valueContainsNull: hasNull)
            }
            return .list(
                type: changed, definition: definition, elementDefinition: element, repetition: repetition,
                children: children)
        default: return node
        }
    }
}
