import Vocabulary

/// Holds a template that was read: the subset of Jinja that dbt models and pipelines need. Rendering is pure:
/// what a template may see and call is given in a scope.
package struct Template: Sendable {
    let source: TemplateSource
    let nodes: [TemplateNode]

    /// Reads a template. Throws `TEMPLATE_ERROR` or `UNSUPPORTED_TEMPLATE` with the place.
    package init(_ text: String, file: String) throws {
        source = TemplateSource(file: file, bytes: Array(text.utf8))
        nodes = try TemplateParser.parse(source)
    }

    /// Returns the rendered text. Throws with the place of what could not be rendered.
    package func render(in scope: TemplateScope) throws -> String { try rendered(in: scope).text }

    /// Returns the rendered text with the places that it came from. Throws as `render` does.
    package func rendered(in scope: TemplateScope) throws -> RenderedText {
        let renderer = TemplateRenderer(source: source, scope: scope)
        try renderer.run(nodes)
        return RenderedText(text: renderer.out, source: source, marks: renderer.marks)
    }

    /// Returns the value of a template that is nothing but one `{{ }}`, nil for any other.
    package func value(in scope: TemplateScope) throws -> TemplateValue? {
        guard nodes.count == 1, case .output(let expression) = nodes[0] else { return nil }
        return try TemplateRenderer(source: source, scope: scope).value(expression)
    }

    /// Returns the macros that stand at the top of the template.
    package var macros: MacroLibrary {
        var library = MacroLibrary()
        for case .macro(let macro) in nodes { library.macros[macro.name] = (macro, source) }
        return library
    }

    /// Says whether a text has anything for a template to do.
    package static func isPlain(_ text: String) -> Bool {
        !text.contains("{{") && !text.contains("{%") && !text.contains("{#")
    }
}

/// Holds macros by name, for templates that call them.
package struct MacroLibrary: Sendable {
    var macros: [String: (macro: TemplateMacro, source: TemplateSource)] = [:]

    package init() {}

    /// Names of all macros.
    package var names: [String] { macros.keys.sorted() }

    /// Returns the names of a macro's parameters, nil when there is no such macro.
    package func parameters(of name: String) -> [String]? {
        macros[name].map { $0.macro.parameters.map(\.name) }
    }

    /// Adds another library's macros; the later of one name wins.
    package mutating func add(_ other: MacroLibrary) { macros.merge(other.macros) { $1 } }
}

/// Says what a template may see and call.
package struct TemplateScope {
    /// Values by name.
    package var values: [String: TemplateValue]
    /// Functions by name; `config.get` is a name, too.
    package var functions: [String: (TemplateCall) throws -> TemplateValue]
    package var macros: MacroLibrary
    /// Attributes that are found when they are asked for, by name and attribute: `this.schema`.
    package var attributes: [String: (SourceLocation) throws -> TemplateValue] = [:]
    /// Told when the value of a name is asked for.
    package var asked: [String: () -> Void] = [:]
    /// What to do instead of names that are not there, for errors.
    package var remedies: [String: String] = [:]

    package init(
        values: [String: TemplateValue] = [:],
        functions: [String: (TemplateCall) throws -> TemplateValue] = [:],
        macros: MacroLibrary = MacroLibrary()
    ) {
        self.values = values
        self.functions = functions
        self.macros = macros
    }
}

/// Carries the arguments of a call to the function that answers it.
package struct TemplateCall {
    package var name: String
    package var positional: [TemplateValue]
    package var named: [(name: String, value: TemplateValue)]
    /// Where the call stands.
    package var location: SourceLocation

    /// Returns an error of the user's at the call.
    package func error(
        _ message: String, remedy: String? = nil, code: String = "TEMPLATE_ERROR"
    ) -> EngineError {
        .user(code, message, remedy: remedy, at: location)
    }

    /// Returns the argument at a place or of a name, nil when it is not given.
    package func argument(_ index: Int, _ name: String) -> TemplateValue? {
        if index < positional.count { return positional[index] }
        return named.first { $0.name == name }?.value
    }

    /// Returns a text argument. Throws when it is missing or another type.
    package func text(_ index: Int, _ name: String) throws -> String {
        guard let value = argument(index, name) else {
            throw error("\(self.name)() needs its argument '\(name)'")
        }
        guard case .text(let text) = value else {
            throw error("\(self.name)() takes text as '\(name)', not \(value.typeName)")
        }
        return text
    }

    /// Throws when more arguments are given than there are.
    package func atMost(_ count: Int) throws {
        if positional.count + named.count > count {
            throw error(
                "\(name)() takes at most \(count) arguments; there are \(positional.count + named.count)")
        }
    }
}
