import Templates
import Testing
import Vocabulary

/// Holds what templates give; the expected texts are those of Jinja 3.1.
@Suite("Templates render as Jinja does")
struct RenderingTests {
    static var scope: TemplateScope {
        TemplateScope(
            values: [
                "name": .text("ada"), "n": .integer(7), "half": .number(0.5),
                "items": .list([.integer(3), .integer(1), .integer(2)]),
                "map": .map(TemplateMap([("a", .integer(1)), ("b", .text("x"))])),
                "rows": .list([
                    .map(TemplateMap([("k", .text("u")), ("v", .integer(1))])),
                    .map(TemplateMap([("k", .text("w")), ("v", .integer(2))])),
                ]),
            ],
            functions: ["ref": { .text("`\(try $0.text(0, "name"))`") }])
    }

    static let cases: [(String, String)] = [
        ("a {{ name }} b", "a ada b"),
        (
            "{{ 1 + 2 * 3 }} {{ (1 + 2) * 3 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ -2 ** 2 }}",
            "7 9 3 -4 2 4"
        ),
        ("{{ 7 / 2 }} {{ 4 / 2 }} {{ 1.5 + 1 }} {{ half }}", "3.5 2.0 2.5 0.5"),
        ("{{ 1 ~ 2 ~ 'x' }} {{ 'a' + 'b' }} {{ 'a' 'b' }}", "12x ab ab"),
        ("{{ 1 < 2 and not 2 < 1 }} {{ 1 == 1.0 }} {{ 'a' != 'b' }} {{ none }}", "True True True None"),
        (
            "{{ 0 or 'x' }} {{ '' and 1 }}|{{ 3 in items }} {{ 9 not in items }} {{ 'd' in name }}",
            "x |True True True"
        ),
        ("{{ 'y' if n > 5 else 'z' }}{{ 'y' if n > 50 }}", "y"),
        ("{{ items[0] }} {{ items[-1] }} {{ map.a }} {{ map['b'] }} {{ rows[1].k }}", "3 2 1 x w"),
        (
            "{{ name[:2] }}|{{ name[-1:] }}|{{ name[1:9] }}|{{ name[2:1] }}|{{ items[1:] }}|{{ name[:] }}",
            "ad|a|da||[1, 2]|ada"
        ),
        (
            "{% set t = '2024-02-03T04:05:06+00:00' %}{{ t | ds }} {{ t | ds_nodash }} {{ t | ts_nodash }} "
                + "{{ t.strftime('%d.%m.%y %H:%M:%S %%') }} {{ '2024-02-03'.strftime('%T') }}",
            "2024-02-03 20240203 20240203T040506 03.02.24 04:05:06 % 00:00:00"
        ),
        ("{{ [1, 'a', [2]] }} {{ {'k': 1} }} {{ (1, 2)[1] }}", "[1, 'a', [2]] {'k': 1} 2"),
        ("{% if n == 1 %}a{% elif n == 7 %}b{% else %}c{% endif %}", "b"),
        ("{% for i in items %}{{ i }}{% if not loop.last %}, {% endif %}{% endfor %}", "3, 1, 2"),
        (
            "{% for i in items if i > 1 %}{{ loop.index }}:{{ i }}/{{ loop.length }} {% endfor %}",
            "1:3/2 2:2/2 "
        ),
        ("{% for i in [] %}x{% else %}none{% endfor %}", "none"),
        ("{% for k, v in map.items() %}{{ k }}={{ v }};{% endfor %}", "a=1;b=x;"),
        ("{% for i in range(2, 8, 3) %}{{ i }} {% endfor %}{{ range(3) | list }}", "2 5 [0, 1, 2]"),
        ("{% set x = 1 %}{% for i in items %}{% set x = i %}{% endfor %}{{ x }}", "1"),
        ("{{ range(5, 0, -2) | list }}", "[5, 3, 1]"),
        ("{% set t %}<{{ name }}>{% endset %}{{ t | upper }}", "<ADA>"),
        ("{% macro m(a, b='z') %}[{{ a }}{{ b }}]{% endmacro %}{{ m(1) }}{{ m(1, b=2) }}", "[1z][12]"),
        ("{% macro f(k) %}{% if k > 0 %}{{ k }}{{ f(k - 1) }}{% endif %}{% endmacro %}{{ f(3) }}", "321"),
        ("a\n  {%- if true %} b {%- endif %}\nc", "a b\nc"),
        ("a {# x {{ y }} #} b {#- z -#} c", "a  bc"),
        ("{% raw %}{{ x }}{% endraw %}|{{ '{{' }}", "{{ x }}|{{"),
        ("line\n", "line"), ("line\n\n", "line\n"), ("{{- 1 -}}  x", "1x"),
        ("{{ ' a b ' | trim | upper }} {{ 'a-b' | replace('-', '_') }} {{ 'x y' | title }}", "A B a_b X Y"),
        (
            "{{ items | sort | join(',') }} {{ items | length }} {{ items | first }}{{ items | last }}",
            "1,2,3 3 32"
        ),
        (
            "{{ items | max }} {{ items | min }} {{ items | sum }} {{ [1, 1, 2] | unique | list }}",
            "3 1 6 [1, 2]"
        ),
        ("{{ rows | map(attribute='k') | join('+') }} {{ ['a'] | map('upper') | list }}", "u+w ['A']"),
        (
            "{{ '12' | int + 1 }} {{ 'x' | int(5) }} {{ '1.5' | float }} {{ -3 | abs }} {{ 2.7 | round }}",
            "13 5 1.5 3 3.0"
        ),
        (
            "{{ missing | default('d') }} {{ missing is defined }} {{ '' | d('e', true) }}",
            "d False e"
        ),
        (
            "{{ n is odd }} {{ n is even }} {{ none is none }} {{ name is string }} {{ n is not none }}",
            "True False True True True"
        ),
        ("{{ {'a': [1, none, true]} | tojson }}", "{\"a\": [1, null, true]}"),
        (
            "{{ name.upper() }} {{ 'a,b'.split(',') }} {{ map.get('q', 4) }} {{ 'ab'.startswith('a') }}",
            "ADA ['a', 'b'] 4 True"
        ),
        ("{% set l = [] %}{% for i in [1, 2] %}{% do l.append(i * 2) %}{% endfor %}{{ l }}", "[2, 4]"),
        (
            "{% set l = [1] %}{{ l.extend([2, 3]) }}{% set d = {'a': 1} %}{% do d.update({'b': l}) %}{{ d }}",
            "None{'a': 1, 'b': [1, 2, 3]}"
        ),
        (
            "{% set l = [1] %}{% set n = l | length %}{% do l.append(n) %}{% set o = [] %}"
                + "{% for i in l %}{% set r = [] %}{% do r.append(i) %}{% do o.append(r) %}{% endfor %}"
                + "{{ o }}", "[[1], [1]]"
        ),
        (
            "{% set s = namespace(n=0) %}{% for i in items %}{% set s.n = s.n + i %}{% endfor %}{{ s.n }}",
            "6"
        ),
        (
            "{% macro ms() %}x{{ return(['a', 'b']) }}y{% endmacro %}"
                + "{% for m in ms() %}{{ m }}{{ ',' if not loop.last }}{% endfor %}", "a,b"
        ),
        (
            "{% macro m(k) %}{% set l = [] %}{% for i in range(k) %}"
                + "{% if i > 2 %}{% do return(l) %}{% endif %}"
                + "{% do l.append(i) %}{% endfor %}{% endmacro %}{{ m(9) }}{{ m(1) }}", "[0, 1, 2]"
        ),
        ("select * from {{ ref('x') }}", "select * from `x`"),
        ("{% do ref('x') %}ok", "ok"), ("ü {{ 'ö' }} 日本", "ü ö 日本"),
    ]

    @Test("an expression, a statement or white space", arguments: cases)
    func renders(text: String, expected: String) throws {
        #expect(try Template(text, file: "t").render(in: Self.scope) == expected)
    }

    @Test("adapter.dispatch gives Spark's macro, else the default one, as in dbt")
    func dispatches() throws {
        let text = """
            {% macro a(x) %}{{ return(adapter.dispatch('a', 'shop')(x)) }}{% endmacro %}\
            {% macro default__a(x) %}d{{ x }}{% endmacro %}{% macro spark__a(x) %}s{{ x }}{% endmacro %}\
            {% macro b(x) %}{{ adapter.dispatch('b')(x) }}{% endmacro %}\
            {% macro default__b(x) %}d{{ x }}{% endmacro %}{{ a(1) }} {{ b(2) }}
            """
        #expect(try Template(text, file: "t").render(in: Self.scope) == "s1 d2")
        let error = #expect(throws: EngineError.self) {
            try Template("{{ adapter.dispatch('c')(1) }}", file: "t").render(in: Self.scope)
        }
        #expect(error?.message.contains("default__c") == true)
    }

    @Test("a macro of another file is called, and sees nothing of the caller's")
    func library() throws {
        var scope = Self.scope
        scope.macros.add(
            try Template("{% macro cents(c) %}({{ c }} / 100){% endmacro %}", file: "m").macros)
        scope.macros.add(try Template("{% macro leak() %}{{ x }}{% endmacro %}", file: "n").macros)
        #expect(try Template("{{ cents('a') }}", file: "t").render(in: scope) == "(a / 100)")
        let leak = try Template("{% set x = 1 %}{{ leak() }}", file: "t")
        #expect(throws: EngineError.self) { try leak.render(in: scope) }
    }

    @Test("each place of the text is known to the template that gave it")
    func places() throws {
        let text = "{% set a = 'ü\nx' %}SELECT {{ a }},\n{% for i in [1, 2] %}  c{{ i }},\n{% endfor %}  end"
        let rendered = try Template(text, file: "t").rendered(in: Self.scope)
        #expect(rendered.text == "SELECT ü\nx,\n  c1,\n  c2,\n  end")
        func place(_ line: Int, _ column: Int) -> String {
            let inner = SourceLocation(file: "q", line: line, column: column, lineText: "")
            let place = rendered.place(of: inner)
            return "\(place.file):\(place.line):\(place.column)"
        }
        // The lines of the template: `{% set … 'ü`, `x' %}SELECT {{ a }},`, `{% for … %}  c{{ i }},`.
        #expect(place(1, 1) == "t:2:6")
        #expect(place(1, 8) == "t:2:16")
        #expect(place(2, 2) == "t:2:20")
        #expect(place(3, 3) == "t:3:24")
        #expect(place(4, 3) == "t:3:24")
        #expect(place(5, 3) == "t:4:15")
        #expect(place(9, 9) == "t:4:18")
    }

    @Test("a template of one expression gives its value, not text")
    func single() throws {
        #expect(try Template("{{ n }}", file: "t").value(in: Self.scope) == .integer(7))
        #expect(try Template("{{ n }} ", file: "t").value(in: Self.scope) == nil)
    }
}
