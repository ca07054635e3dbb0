/// Lists the aggregate functions that make sketches.
enum SketchCatalog {
    static let all: [AggregateFunction] = []
}
