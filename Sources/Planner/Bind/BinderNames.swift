import Columns
import Plans
import SQLSyntax

/// Holds what a binder knows of the text around the place that it is at, which another text does not see.
struct BinderNames {
    var source = SQLSource("")
    var commonTables: [String: Binder.CommonTable] = [:]
    var outer: [Binder.OuterQuery] = []
    var viewDatabase: String?
    var openRoutines: [String] = []
    var types: [SourceSpan: DataType] = [:]
    var columnTexts: [[String]: String] = [:]
    var windowColumns: [String: ColumnReference] = [:]
    var inputFileColumns: [ColumnReference] = []
    var metadataColumns: [ColumnReference] = []
    var boundSubqueries: [String: Expression]?
    var outerNames: [SourceSpan: [String]] = [:]
    var starNames: [SourceSpan: [String]] = [:]
    var windowDefinitions: [SourceSpan: WindowSyntax] = [:]
    var identifiers: [SourceSpan: [NameSyntax]] = [:]
    var shownCalls: [SourceSpan: ShownCall] = [:]

    /// Knows nothing.
    init() {}

    init(_ binder: Binder) {
        source = binder.source
        commonTables = binder.commonTables
        outer = binder.outer
        viewDatabase = binder.viewDatabase
        openRoutines = binder.openRoutines
        types = binder.types
        columnTexts = binder.columnTexts
        windowColumns = binder.windowColumns
        inputFileColumns = binder.inputFileColumns
        metadataColumns = binder.metadataColumns
        boundSubqueries = binder.boundSubqueries
        outerNames = binder.outerNames
        starNames = binder.starNames
        windowDefinitions = binder.windowDefinitions
        identifiers = binder.identifiers
        shownCalls = binder.shownCalls
    }

    func restore(_ binder: Binder) {
        binder.source = source
        binder.commonTables = commonTables
        binder.outer = outer
        binder.viewDatabase = viewDatabase
        binder.openRoutines = openRoutines
        binder.types = types
        binder.columnTexts = columnTexts
        binder.windowColumns = windowColumns
        binder.inputFileColumns = inputFileColumns
        binder.metadataColumns = metadataColumns
        binder.boundSubqueries = boundSubqueries
        binder.outerNames = outerNames
        binder.starNames = starNames
        binder.windowDefinitions = windowDefinitions
        binder.identifiers = identifiers
        binder.shownCalls = shownCalls
    }
}
