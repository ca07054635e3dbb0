import Vocabulary

/// Counts how much slot time a queue, or a job of one, has had for its weight.
///
/// Fair queueing (Demers, Keshav, Shenker: "Analysis and Simulation of a Fair Queueing Algorithm", 1989) over
/// slot time: whoever had least for its weight is next. A task's time is known only at its end; until then it
/// counts for the time that it has run and for `chargeMilliseconds` more, which are given back at its end.
///
///     served ─── ended tasks ──┬── running ones so far ──┬── charge for each that runs ──▶ claim
///                              └───────── standing ──────┘
struct FairShare: Sendable {
    /// What a running task counts for before its time is known, and what who comes back may be owed.
    static let chargeMilliseconds: Int64 = 1_000
    /// How far who comes back may be ahead of the others.
    static let leadMilliseconds: Int64 = 60_000
    /// Units of served time in a millisecond of weight 1: weights to 1000 divide it.
    static let unit: Int64 = 1_000

    let weight: Int64
    /// Slot time of ended tasks over the weight, moved by what `rejoin` granted and took.
    private var served: Int64 = 0
    private(set) var running = 0
    /// Sum of the times at which running tasks began, milliseconds.
    private var startSum: Int64 = 0
    /// Number of the attempt that was launched for it last; 0 before the first.
    var lastLaunch: UInt32 = 0
    /// Whether it had something to launch when that was last looked at.
    var isWaiting = false

    init(weight: Int) { self.weight = Int64(max(1, weight)) }

    /// What a task that ended counts for; each counts, however short. Milliseconds.
    static func time(since start: Instant, to end: Instant) -> Int64 { max(1, end - start) }

    mutating func begin(at start: Instant) {
        running += 1
        startSum += start.milliseconds
    }

    mutating func end(at now: Instant, since start: Instant) {
        running -= 1
        startSum -= start.milliseconds
        served += Self.time(since: start, to: now) * Self.unit / weight
    }

    /// Slot time that it had, over its weight.
    func standing(at now: Instant) -> Int64 {
        served + (Int64(running) * now.milliseconds - startSum) * Self.unit / weight
    }

    /// What is compared to choose the next one.
    func claim(at now: Instant) -> Int64 {
        standing(at: now) + Int64(running) * Self.chargeMilliseconds * Self.unit / weight
    }

    /// Brings it to where the others stand after it had nothing to launch: idleness saves nothing up, and
    /// what it had while nobody else wanted it is soon forgotten.
    mutating func rejoin(at level: Int64, now: Instant) {
        isWaiting = true
        let own = standing(at: now)
        let least = level - Self.chargeMilliseconds * Self.unit / weight
        served += min(max(own, least), level + Self.leadMilliseconds * Self.unit / weight) - own
    }
}

/// Knows where those stand that share something, so that others can join them.
///
/// Its time goes on with what is served, over the weights of those who wait or run: as fast as one stands
/// that gets its part. It never stands still, so that nobody starves behind ever new ones.
struct FairClock: Sendable {
    private var time: Int64 = 0
    /// Sum of the weights of those that wait or run.
    var activeWeight: Int64 = 0

    mutating func serve(milliseconds: Int64) {
        time += milliseconds * FairShare.unit / max(1, activeWeight)
    }

    /// Returns where one joins who comes to those that wait, of whom `least` stands lowest.
    func level(least: Int64?) -> Int64 { max(time, least ?? time) }
}

/// Follows a queue: the jobs that named it share its part of the slots.
struct QueueRuntime: Sendable {
    let name: String
    var share: FairShare
    /// Where its jobs stand among each other.
    var clock = FairClock()
    /// Jobs of it that have begun and not ended.
    var admittedCount = 0
}
