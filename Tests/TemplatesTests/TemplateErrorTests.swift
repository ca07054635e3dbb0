import Templates
import Testing
import Vocabulary

/// Holds what users read when a template is wrong: code, place and help; and that nothing runs away.
@Suite("What templates refuse")
struct TemplateErrorTests {
    /// A template, and the code, line, column, and a part of message or remedy of its error.
    static let cases: [(text: String, code: String, line: Int, column: Int, part: String)] = [
        ("a\n{{ nme }}", "TEMPLATE_ERROR", 2, 4, "Did you mean name?"),
        ("{{ name | uper }}", "TEMPLATE_ERROR", 1, 11, "Did you mean upper?"),
        ("{{ name is defned }}", "TEMPLATE_ERROR", 1, 12, "Did you mean defined?"),
        ("{% fi x %}", "TEMPLATE_ERROR", 1, 4, "Did you mean if?"),
        ("{% if x %}a", "TEMPLATE_ERROR", 1, 1, "Close it with {% endif %}."),
        ("x {{ 1 + }}", "TEMPLATE_ERROR", 1, 10, "Expected an expression, but the tag ends"),
        ("{{ 1", "TEMPLATE_ERROR", 1, 1, "Close it with }}."),
        ("{# x", "TEMPLATE_ERROR", 1, 1, "Close it with #}."),
        ("{{ 'x }}", "TEMPLATE_ERROR", 1, 4, "This text does not end"),
        ("{{ $ }}", "TEMPLATE_ERROR", 1, 4, "no meaning"),
        ("{{ f(a=1, 2) }}", "TEMPLATE_ERROR", 1, 11, "name=value"),
        ("{% endif %}", "TEMPLATE_ERROR", 1, 4, "ends no block"),
        ("{% include 'x' %}", "UNSUPPORTED_TEMPLATE", 1, 4, "is not supported"),
        ("{{ dbt_utils.star(1) }}", "UNSUPPORTED_TEMPLATE", 1, 4, "Macros of packages"),
        ("{% set ns.x = 1 %}", "TEMPLATE_ERROR", 1, 15, "Begin with {% set ns = namespace(x=…) %}."),
        ("{{ return(1) }}", "TEMPLATE_ERROR", 1, 4, "stands in none"),
        // Other names would have to see these changes.
        ("{% do items.append(1) %}", "UNSUPPORTED_TEMPLATE", 1, 7, "made itself"),
        (
            "{% set a = [] %}{% set b = a %}{% do a.append(1) %}", "UNSUPPORTED_TEMPLATE", 1, 38,
            "{% set a = a + […] %}"
        ),
        (
            "{% macro m(l) %}{% do l.append(1) %}{% endmacro %}{{ m([]) }}", "UNSUPPORTED_TEMPLATE", 1, 23,
            "return()"
        ),
        (
            "{% set l = [] %}{% for i in range(99999) %}{% do l.append(i) %}{% endfor %}", "TEMPLATE_LIMIT",
            1, 50, "too often"
        ),
        ("{{ 1 / 0 }}", "TEMPLATE_ERROR", 1, 4, "Division by zero"),
        ("{{ 9223372036854775807 + 1 }}", "TEMPLATE_ERROR", 1, 4, "too large"),
        ("{{ 99999999999999999999 }}", "TEMPLATE_ERROR", 1, 4, "too large"),
        ("{{ 'a' + 1 }}", "TEMPLATE_ERROR", 1, 4, "Join text with ~."),
        ("{{ items[9] }}", "TEMPLATE_ERROR", 1, 10, "3 elements"),
        ("{{ 'é' ~ nme }}", "TEMPLATE_ERROR", 1, 10, "nme"),
        ("{% macro m(a) %}{% endmacro %}{{ m() }}", "TEMPLATE_ERROR", 1, 34, "needs its argument 'a'"),
        ("{% macro m(a) %}{{ m(a) }}{% endmacro %}{{ m(1) }}", "TEMPLATE_LIMIT", 1, 20, "calls itself"),
        (
            "{% for a in range(1000) %}{% for b in range(1000) %}{% endfor %}{% endfor %}", "TEMPLATE_LIMIT",
            1, 39, "pass more than"
        ),
        ("{{ range(10000000) }}", "TEMPLATE_LIMIT", 1, 4, "more than"),
        (
            "{% set x %}{% for i in range(99) %}{{ 'abcdefghij' * 1 }}{% endfor %}{% endset %}",
            "TEMPLATE_ERROR", 1, 39, "takes numbers"
        ),
    ]

    @Test("with its place and help", arguments: cases)
    func refuses(text: String, code: String, line: Int, column: Int, part: String) {
        let error = #expect(throws: EngineError.self) {
            try Template(text, file: "t.sql").render(in: RenderingTests.scope)
        }
        #expect(error?.code == code)
        #expect(error?.location?.line == line)
        #expect(error?.location?.column == column)
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }

    static let deep = [
        "{{ " + String(repeating: "(", count: 100_000),
        "{{ " + String(repeating: "[", count: 100_000),
        "{{ 1" + String(repeating: " ~ 1", count: 100_000) + " }}",
        "{{ a" + String(repeating: ".a", count: 100_000) + " }}",
        "{{ " + String(repeating: "not ", count: 99_999) + "1 ~ nme }}",
        String(repeating: "{% if true %}", count: 100_000),
        "{{ 1" + String(repeating: " if 1", count: 100_000) + " }}",
    ]

    @Test("what is nested too deeply", arguments: deep.indices)
    func depth(index: Int) {
        #expect(throws: EngineError.self) {
            try Template(Self.deep[index], file: "t").render(in: RenderingTests.scope)
        }
    }

    @Test("text that doubles without end")
    func doubling() {
        let nested = (0..<30).map { "{% set x\($0 + 1) = x\($0) ~ x\($0) %}" }.joined()
        let error = #expect(throws: EngineError.self) {
            try Template("{% set x0 = 'aaaaaaaaaaaaaaaa' %}" + nested, file: "t")
                .render(in: RenderingTests.scope)
        }
        #expect(error?.code == "TEMPLATE_LIMIT")
    }

    @Test("lists of lists that double without end")
    func nesting() {
        let nested = (0..<40).map { "{% set x\($0 + 1) = [x\($0), x\($0)] %}" }.joined()
        let error = #expect(throws: EngineError.self) {
            try Template("{% set x0 = 1 %}" + nested + "{{ x40 }}", file: "t")
                .render(in: RenderingTests.scope)
        }
        #expect(error?.code == "TEMPLATE_LIMIT")
    }

    @Test("lists that are joined without end")
    func joining() {
        let text = String(repeating: "a", count: 1024)
        let doubled = (0..<16).map { "{% set l\($0 + 1) = l\($0) + l\($0) %}" }.joined()
        let error = #expect(throws: EngineError.self) {
            try Template("{% set l0 = ['\(text)'] %}" + doubled + "{% set t = l16 | join %}", file: "t")
                .render(in: RenderingTests.scope)
        }
        #expect(error?.code == "TEMPLATE_LIMIT")
    }

    @Test("every cut and every changed byte of a template ends in text or in an error")
    func mutations() {
        let text = Array(
            "{% set a = [1, 'b', {'c': 2}] %}{% for x in a if x -%} {{ x | join(',') ~ a[0].b }}{% endfor %}"
                .utf8)
        for cut in 0..<text.count {
            for change in [nil, UInt8(ascii: "{"), UInt8(ascii: "'"), UInt8(ascii: "("), 0xFF] {
                var bytes = change == nil ? Array(text[..<cut]) : text
                if let change { bytes[cut] = change }
                _ = try? Template(String(decoding: bytes, as: UTF8.self), file: "t")
                    .render(in: RenderingTests.scope)
            }
        }
    }
}
