import Testing

@testable import Coordinator

@Suite("Times of submission")
struct SubmissionTimesTests {
    @Test("each is at least the one before, and a page begins where its bound says")
    func order() {
        var times = SubmissionTimes()
        times.extend(to: 5) { [10, 20, 15, 20, 30][$0] }
        #expect((0..<5).map { times[$0] } == [10, 20, 20, 20, 30])
        #expect(times.end(.upTo(20)) == 4 && times.end(.before(20)) == 1)
        #expect(times.end(.upTo(5)) == 0 && times.end(.upTo(30)) == 5 && times.end(.before(31)) == 5)
    }

    @Test("what is held does not grow with what was forgotten, and pages stay where they were")
    func bounded() {
        var times = SubmissionTimes()
        let kept = 50
        for count in stride(from: 100, through: 100_000, by: 100) {
            times.extend(to: count) { Int64($0) }
            times.forget(beyond: kept) { $0 == 7 || $0 >= count - kept }
            #expect(times.heldCount <= 2 * kept + 64 + 100)
        }
        // The first ones are gone but for one, which lives as long as its job does.
        #expect(times[7] == 7 && times[99_990] == 99_990)
        #expect(times.end(.upTo(99_990)) == 99_991 && times.end(.upTo(7)) <= 99_950)
        #expect(times.end(.upTo(200_000)) == 100_000)
        // A list that begins late, after a restart, leaves out what is forgotten.
        var late = SubmissionTimes()
        late.extend(to: 1000) { $0 < 990 ? nil : Int64($0) }
        #expect(late.heldCount == 10 && late.end(.upTo(3)) == 990 && late.end(.before(995)) == 995)
    }
}
