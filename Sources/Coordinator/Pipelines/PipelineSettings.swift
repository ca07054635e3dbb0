import Pipelines
import Storage

/// Says what a coordinator's pipelines stand on.
package struct PipelineSettings: Sendable {
    /// Directory of the coordinator's state; bundles are below it.
    package var stateDirectory: String
    package var rules: PathRules
    /// Names of environment variables that env_var() may read, with `*` for any letters.
    package var allowedVariables: [String]
    package var environment: @Sendable (String) -> String?

    package init(
        stateDirectory: String, rules: PathRules, allowedVariables: [String],
        environment: @escaping @Sendable (String) -> String?
    ) {
        self.stateDirectory = stateDirectory
        self.rules = rules
        self.allowedVariables = allowedVariables
        self.environment = environment
    }

    /// The value of a variable that pipelines may read.
    func variable(_ name: String) -> String? { hides(name) ? nil : environment(name) }

    /// Says whether a variable is kept from pipelines.
    func hides(_ name: String) -> Bool { !allowedVariables.contains { Wildcard.matches($0, name) } }
}
