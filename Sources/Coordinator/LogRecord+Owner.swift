import Catalog
import Foundation
import Pipelines
import Scheduling
import Vocabulary

/// Names what records are about, so that they go together.
enum RecordOwner: Hashable {
    case job(JobID)
    /// `job ID` has the submission of the job, which is written before its number is; `run ID` a pipeline's
    /// run; `worker ID` a life of a worker; `deployed NAME` a pipeline, `table DATABASE.NAME` and the like a
    /// thing in the catalog.
    case name(String)
}

extension LogRecord {
    /// The job that the record is about, by its number.
    var job: JobID? {
        switch self {
        case .fact(let fact): fact.job
        case .plan(let job, _, _), .note(let job, _): job
        default: nil
        }
    }

    /// What the record is about; nil for one that stays for good.
    var owner: RecordOwner? {
        switch self {
        case .fact(let fact) where fact.worker != nil: fact.worker.map(RecordOwner.worker)
        case .fact, .plan, .note: job.map { .job($0) }
        case .submission(let externalID, _): .submission(externalID)
        case .pipeline(let bytes):
            switch try? JSONDecoder().decode(PipelineFact.self, from: Data(bytes)) {
            case .accepted(let header): .run(header.id)
            case .run(let id, _): .run(id)
            case .deployed(let deployment): .name("deployed \(deployment.name)")
            case .paused, .resumed, .removed, nil: nil
            }
        case .catalog(let bytes): (try? StoreRecord.subject(bytes)).flatMap { $0 }.map { .name($0) }
        case .tokenKey, .result, .resultsDropped, .jobForgotten, .runForgotten, .workerForgotten: nil
        }
    }

    /// Whether the record says all that the earlier ones of its owner said.
    var replacesEarlier: Bool {
        switch self {
        case .catalog: true
        case .pipeline: if case .name(let name) = owner { name.hasPrefix("deployed ") } else { false }
        default: false
        }
    }
}

extension RecordOwner {
    static func submission(_ externalID: String) -> RecordOwner { .name("job \(externalID)") }
    static func run(_ id: String) -> RecordOwner { .name("run \(id)") }
    static func worker(_ id: WorkerID) -> RecordOwner { .name("worker \(id.index)") }
}
