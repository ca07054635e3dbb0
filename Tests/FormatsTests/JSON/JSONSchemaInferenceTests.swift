import Columns
import Testing
import Vocabulary

@testable import Formats

/// What Spark 4.1 inferred for the same text and options.
@Suite struct JSONSchemaInferenceTests {
    private func infer(_ text: String, _ options: [String: String] = [:]) throws -> String {
        let schema = try JSONSchemaInference(options: JSONOptions(options)).infer([MemorySource(text)])
        return schema.fields.map { "\($0.name):\($0.type.sqlName.lowercased())" }.joined(separator: ",")
    }

    @Test("types widen as in Spark")
    func widening() throws {
        #expect(try infer("{\"a\":1}\n{\"a\":12345678901234567890}\n") == "a:decimal(20,0)")
        #expect(try infer("{\"a\":1.5}\n{\"a\":12345678901234567890}\n") == "a:double")
        #expect(try infer("{\"a\":12345678901234567890123456789012345678901234567890}\n") == "a:double")
        #expect(try infer("{\"a\":{\"b\":1}}\n{\"a\":3}\n{\"a\":[1]}") == "a:string")
        #expect(try infer("{\"a\":NaN}\n{\"a\":1}") == "a:double")
        #expect(try infer("{\"a\":true}\n{\"a\":1}") == "a:string")
        #expect(try infer("{\"a\":1}\n{\"a\":null}") == "a:bigint")
        #expect(try infer("{\"a\":1}\n{\"a\":null}\n{\"a\":{\"x\":null}}") == "a:string")
        #expect(try infer("[{\"a\":1},{\"a\":2.5}]\n") == "a:double")
    }

    @Test("members are ordered by name, empty structures left out, nulls are strings")
    func structure() throws {
        let text = """
            {"b":1,"a":"x"}
            {"a":3,"c":{"z":1,"y":[]}}
            {"c":{"e":{}},"f":[],"g":[null],"h":[1,2.5],"i":[1,"x"],"j":{},"k":null,"B2":true}
            """
        let expected =
            "B2:boolean,a:string,b:bigint,c:struct<y: array<string>, z: bigint>,f:array<string>,"
            + "g:array<string>,h:array<double>,i:array<string>,k:string"
        #expect(try infer(text) == expected)
    }

    @Test("corrupt records add their column in mode PERMISSIVE only")
    func corrupt() throws {
        #expect(try infer("{\"a\":1}\nbad\n") == "_corrupt_record:string,a:bigint")
        #expect(try infer("{\"a\":1}\nbad\n", ["mode": "DROPMALFORMED"]) == "a:bigint")
        #expect(throws: EngineError.self) { try infer("{\"a\":1}\nbad\n", ["mode": "FAILFAST"]) }
        #expect(try infer("[1,2]\n5\n") == "_corrupt_record:string")
        let error = #expect(throws: EngineError.self) { try infer("{\"a\":1}\n{\"A\":2}") }
        #expect(error?.code == "COLUMN_ALREADY_EXISTS")
    }

    @Test("options change what is inferred")
    func options() throws {
        #expect(try infer("{\"a\":\"2024-01-01\"}", ["inferTimestamp": "true"]) == "a:timestamp")
        #expect(try infer("{\"a\":1.25}", ["prefersDecimal": "true"]) == "a:decimal(3,2)")
        #expect(try infer("{\"a\":1.25,\"b\":1}", ["primitivesAsString": "true"]) == "a:string,b:string")
        #expect(try infer("{\n \"a\": 1,\n \"b\": 2}\n", ["multiLine": "true"]) == "a:bigint,b:bigint")
        #expect(
            try infer("{\"a\":\"x\"}\n{\"a\":1,\"b\":2}", ["samplingRatio": "1.0"]) == "a:string,b:bigint")
    }
}
