import ArgumentParser

/// Names the forms of a job's rows on standard output.
enum OutputForm: String, ExpressibleByArgument, CaseIterable {
    case table, json, csv, none
}
