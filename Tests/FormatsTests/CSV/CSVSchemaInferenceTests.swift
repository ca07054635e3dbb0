import Columns
import Testing
import Vocabulary

@testable import Formats

/// What Spark 4.1 inferred for the same text and options.
@Suite struct CSVSchemaInferenceTests {
    private func infer(_ text: String, _ options: [String: String] = [:]) throws -> String {
        let schema = try CSVSchemaInference(options: CSVOptions(options)).infer([MemorySource(text)])
        return schema.fields.map { "\($0.name):\($0.type.sqlName.lowercased())" }.joined(separator: ",")
    }

    @Test("columns are named by the header or by position")
    func names() throws {
        #expect(try infer("1,x\n2,y\n") == "_c0:string,_c1:string")
        #expect(try infer("a b,c\n1,2\n", ["header": "true"]) == "a b:string,c:string")
        #expect(
            try infer("a,a,,A\n1,2,3,4\n", ["header": "true"]) == "a0:string,a1:string,_c2:string,A3:string")
        #expect(try infer("\n\n", ["inferSchema": "true"]) == "")
        #expect(try infer("a,b\n", ["header": "true", "inferSchema": "true"]) == "a:string,b:string")
        #expect(try infer("\u{FEFF}a,b\n1,2\n", ["header": "true"]) == "a:string,b:string")
    }

    @Test("types are the narrowest that hold all values")
    func types() throws {
        let text = """
            a,b,c,d,e,f,g,h,i,j
            1,3000000000,1.5,true,2024-01-01,2024-01-01 10:00:00,x,,99999999999999999999,1
            2,2,2,false,2024-01-02,2024-01-01T10:00:00,y,,1,x
            """
        #expect(
            try infer(text, ["header": "true", "inferSchema": "true"])
                == "a:int,b:bigint,c:double,d:boolean,e:date,f:timestamp,g:string,h:string,"
                + "i:decimal(20,0),j:string"
        )
        for (column, type) in [
            ("1\n1.5\n", "double"), ("1\ntrue\n", "string"),
            ("2024-01-01\n2024-01-01 10:00:00\n", "timestamp"),
            ("2024-01-01\n1\n", "string"), ("2024-1-1\n", "timestamp"),
            ("1.5\n99999999999999999999\n", "double"),
            ("99999999999999999999\n1\n", "decimal(20,0)"),
            ("999999999999999999999999999999999999999999\n", "double"),
            ("NaN\n1\n", "double"), ("1e5\n", "double"), ("+1\n-2\n", "int"), (" 1\n2\n", "double"),
            ("2024-01-01T00:00:00Z\n", "timestamp"),
        ] {
            #expect(try infer(column, ["inferSchema": "true"]) == "_c0:" + type, "\(column)")
        }
        #expect(try infer("1,2\n1,2,3\n1\n", ["inferSchema": "true"]) == "_c0:int,_c1:int")
    }
}
