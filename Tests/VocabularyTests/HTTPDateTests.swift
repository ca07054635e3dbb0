import Testing
import Vocabulary

@Suite("Times in fields of HTTP")
struct HTTPDateTests {
    @Test(
        "a time is written as the standard wants it, and read again",
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (2, "Thu, 01 Jan 1970 00:00:02 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ])
    func written(_ seconds: Int, _ text: String) {
        #expect(HTTPDate.text(ofSeconds: seconds) == text)
        #expect(HTTPDate.seconds(of: text) == seconds)
    }

    @Test(
        "what servers write almost as the standard wants it is read too",
        arguments: [
            "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06-Nov-1994 08:49:37 GMT", "sun, 06 NOV 1994 08:49:37 GMT",
            "Sun,  06 Nov 1994  08:49:37 GMT",
        ])
    func tolerated(_ text: String) {
        #expect(HTTPDate.seconds(of: text) == 784_111_777)
    }

    @Test(
        "what is no such time is not read",
        arguments: [
            "", "now", "120", "Thu, 01 Jan 1970 00:00:02", "Thu, 01 Jan 1970 00:00:02 CET",
            "Sun, 06 Nov 94 08:49:37 GMT", "Sun, 06 Now 1994 08:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov 1994 08::49:37 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:٣٧ GMT",
            "Sun Nov  6 08:49:37 1994", "Sunday, 06-Nov-94 08:49:37 GMT",
        ])
    func refused(_ text: String) {
        #expect(HTTPDate.seconds(of: text) == nil)
    }
}
