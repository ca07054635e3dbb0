import Templates
import Vocabulary

/// Renders templates in the settings of dbt's YAML files, as dbt does where it reads them.
struct SettingTemplates {
    /// What they may call.
    let scope: TemplateScope

    /// Returns settings with their templates rendered. A text that is nothing but one `{{ }}` becomes the
    /// value itself: a boolean, a list. Descriptions and hooks stay as they are. Throws at the text's place.
    func rendered(_ value: FormatValue) throws -> FormatValue {
        var copy = value
        switch value.kind {
        case .text(let text) where !Template.isPlain(text):
            do {
                copy = try rendered(text, at: value.location)
            } catch let error as EngineError {
                throw EngineError.user(error.code, error.message, remedy: error.remedy, at: value.location)
            }
        case .list(let items): copy.kind = .list(try items.map(rendered))
        case .map(let pairs):
            copy.kind = .map(
                try pairs.map { key, item in
                    (key, SettingTemplates.isKept(key.printed) ? item : try rendered(item))
                })
        default: break
        }
        return copy
    }

    /// Returns a properties file with the templates in each `config` rendered; those of tests are the tests'.
    func renderedConfig(_ value: FormatValue) throws -> FormatValue {
        var copy = value
        switch value.kind {
        case .list(let items): copy.kind = .list(try items.map(renderedConfig))
        case .map(let pairs):
            copy.kind = .map(
                try pairs.map { key, item in
                    switch key.printed {
                    case "config": (key, try rendered(item))
                    case "tests", "data_tests", "meta": (key, item)
                    default: (key, try renderedConfig(item))
                    }
                })
        default: break
        }
        return copy
    }

    private func rendered(_ text: String, at place: SourceLocation) throws -> FormatValue {
        let template = try Template(text, file: place.file)
        if let value = try template.value(in: scope) {
            if case .undefined = value {} else { return FormatValue(value, at: place) }
        }
        return FormatValue(kind: .text(try template.render(in: scope)), location: place)
    }

    private static func isKept(_ key: String) -> Bool {
        key.hasSuffix("description") || key.contains("hook")
    }
}

extension FormatValue {
    /// Makes a value of what a template gave.
    init(_ value: TemplateValue, at place: SourceLocation) {
        location = place
        switch value {
        case .none, .undefined: kind = .null
        case .boolean(let flag): kind = .boolean(flag)
        case .integer(let number): kind = .integer(number)
        case .number(let number): kind = .number(number)
        case .text(let text): kind = .text(text)
        case .list(let items): kind = .list(items.map { FormatValue($0, at: place) })
        case .map(let map):
            kind = .map(
                map.pairs.map {
                    (FormatValue(kind: .text($0), location: place), FormatValue($1, at: place))
                })
        }
    }
}
