/// Says where the jobs run: what `etl-submit` is told besides the job.
struct ClusterShape: Sendable, CustomStringConvertible {
    var name: String
    /// Arguments that lead to the cluster; none for the one in `etl-submit`'s own process.
    var arguments: [String]
    var description: String { name }

    static let embedded = ClusterShape(name: "embedded", arguments: [])

    /// The shapes that the jobs run in.
    static let here: [ClusterShape] = [.embedded]
}
