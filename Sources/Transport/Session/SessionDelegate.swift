/// Hears what happens in a session. Every call comes from inside `receive` or `produce`, on the session's
/// thread.
package protocol SessionDelegate: AnyObject {
    /// A request's or response's fields are complete. Interim (1xx) responses are not reported.
    func session(_ session: HTTPSession, head: [HeaderField], of stream: Int32, isEnd: Bool)
    /// Body bytes arrived; the memory is valid during the call only. Give them back by `HTTPSession.consume`.
    func session(_ session: HTTPSession, data: UnsafeRawBufferPointer, of stream: Int32)
    /// The peer ended its side of the stream, with these trailers.
    func session(_ session: HTTPSession, endOf stream: Int32, trailers: [HeaderField])
    /// `byteCount` bytes of body were moved from the stream's queue to the output.
    func session(_ session: HTTPSession, sent byteCount: Int, of stream: Int32)
    /// The stream is over in both directions; `errorCode` is 0 where it went well.
    func session(_ session: HTTPSession, closed stream: Int32, errorCode: UInt32)
    /// The peer will take no new streams; those above `lastStream` were not looked at.
    func session(_ session: HTTPSession, goAwayWith errorCode: UInt32, lastStream: Int32)
    /// The peer's first settings, or new ones, are in force.
    func sessionReceivedSettings(_ session: HTTPSession)
    /// A server's answer is out while the request's body still comes; a reset with `noError` ends the stream.
    func session(_ session: HTTPSession, answeredEarly stream: Int32)
    /// A header list was over the limits; the session goes on and the request must be refused.
    func session(_ session: HTTPSession, headerListTooLargeOn stream: Int32)
}
