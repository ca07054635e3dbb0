import Vocabulary

/// Remembers one life of a worker.
package struct WorkerRecord: Sendable, Hashable {
    package let id: WorkerID
    package let identity: WorkerIdentity
    package internal(set) var loss: WorkerLoss?
}

/// Holds the lives of workers that were not forgotten, at the places of their ids. A forgotten life's id goes
/// to another one: nothing that is kept names it.
///
/// **Invariant:** folding a log without the facts about a forgotten life gives the same table.
package struct WorkerTable: Sendable, Hashable, Sequence {
    /// The last place is never empty.
    private var records: [WorkerRecord?] = []
    /// Ids of the lives in the order in which they registered.
    private var order: [WorkerID] = []
    private var byLife: [WorkerLife: WorkerID] = [:]
    private var byAddress: [String: WorkerID] = [:]
    /// The first place without a life: to look for it at each registration would take as long as there are
    /// workers.
    private var lowestFree = 0

    /// Most places that one life may add: a log that says more is not one of ours.
    private static let mostNewPlaces = 1 << 20

    init() {}

    /// One more than the highest id of a life.
    package var count: Int { records.count }

    /// Lives that were not forgotten.
    package var keptCount: Int { order.count }

    /// The id of the next life.
    package var nextID: WorkerID { WorkerID(lowestFree) }

    /// Tells whether the life is known and was not forgotten.
    package func contains(_ worker: WorkerID) -> Bool {
        worker.index < records.count && records[worker.index] != nil
    }

    /// The life of an id; for one that is not known, one that has left.
    package subscript(index: Int) -> WorkerRecord {
        if index < records.count, let record = records[index] { return record }
        let nobody = WorkerIdentity(address: "", incarnation: 0, version: 1, slots: 0, memoryBytes: 0)
        return WorkerRecord(id: WorkerID(index), identity: nobody, loss: .left)
    }

    /// Goes through the lives in the order of their ids.
    package func makeIterator() -> IndexingIterator<[WorkerRecord]> {
        records.compactMap { $0 }.makeIterator()
    }

    /// Finds the newest record of a life.
    func worker(_ life: WorkerLife) -> WorkerID? { byLife[life] }

    /// Finds the newest life at an address.
    func worker(address: String) -> WorkerID? { byAddress[address] }

    /// Adds a life whose id is free; nothing when it is not.
    mutating func add(_ id: WorkerID, _ identity: WorkerIdentity) {
        guard !contains(id), id.index < records.count + Self.mostNewPlaces else { return }
        while records.count <= id.index { records.append(nil) }
        records[id.index] = WorkerRecord(id: id, identity: identity)
        while lowestFree < records.count, records[lowestFree] != nil { lowestFree += 1 }
        order.append(id)
        byLife[identity.life] = id
        byAddress[identity.address] = id
    }

    mutating func setLoss(_ loss: WorkerLoss, of worker: WorkerID) { records[worker.index]?.loss = loss }

    /// Forgets a life that was lost; nothing when it was not.
    mutating func forget(_ worker: WorkerID) {
        guard contains(worker), let record = records[worker.index], record.loss != nil else { return }
        records[worker.index] = nil
        while records.last == .some(nil) { records.removeLast() }
        lowestFree = Swift.min(lowestFree, worker.index, records.count)
        order.removeAll { $0 == worker }
        let identity = record.identity
        if byAddress[identity.address] == worker {
            byAddress[identity.address] = order.last { self[$0.index].identity.address == identity.address }
        }
        if byLife[identity.life] == worker {
            byLife[identity.life] = order.last { self[$0.index].identity.life == identity.life }
        }
    }
}
