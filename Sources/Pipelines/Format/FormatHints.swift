/// Says what to write instead of keys that other tools have and `etl.yml` has not.
enum FormatHints {
    private static let alerts =
        "Say who is told below alerts: on: [failure, deadline], with email or webhook."
    private static let graph =
        "Leave it out: a step waits for what its query reads by ref(), source() or a path."
    private static let allSteps = "It is of all steps: write it below default_args."

    /// Keys that others have of a whole pipeline.
    private static let ofPipelines: [String: String] = [
        "schedule_interval": "Write schedule.", "timetable": "Write schedule.", "cron": "Write schedule.",
        "dag_id": "Write name.",
        "concurrency": "Write max_active_tasks.", "max_active_tasks_per_dag": "Write max_active_tasks.",
        "tasks": "Steps stand below extract, transform and load.",
        "steps": "Steps stand below extract, transform and load.",
        "dagrun_timeout": alerts,
    ]

    /// Keys that others have of a task, or of all tasks.
    private static let ofSteps: [String: String] = [
        "params": "Write vars.",
        "models": "Write `- dbt: {}` below transform; models are files in models/.",
        "depends_on": graph, "upstream": graph,
        "depends_on_past":
            "Leave it out: runs come one after the other (max_active_runs), each also after one that failed.",
        "trigger_rule": "Leave it out: a step runs when all that it reads is done.",
        "email": alerts, "email_on_failure": alerts, "email_on_retry": alerts, "sla": alerts,
        "on_failure_callback": alerts, "on_success_callback": alerts,
        "retries": allSteps, "retry_delay": allSteps, "execution_timeout": allSteps,
        "materialized": "Make it a model: a file in models/ with {{ config(materialized='…') }}.",
        "owner": "Leave it out, or say it in description.",
    ]

    /// Returns what to do instead of a key of a pipeline's file; nil where nothing is known of it. `path` is
    /// the mapping that the key stands in: the file's own is empty.
    static func remedy(for key: String, in file: String, at path: String) -> String? {
        guard file.hasSuffix("etl.yml") else { return nil }
        let isOfSteps = path.wholeMatch(of: /default_args|(extract|transform|load)\[\d+\]/) != nil
        if path.isEmpty || isOfSteps, let remedy = ofSteps[key] { return remedy }
        return path.isEmpty ? ofPipelines[key] : nil
    }
}
