import Testing

@testable import Connectors

@Suite struct WorkerConnectorsTests {
    @Test("a worker has its connectors") func all() { _ = WorkerConnectors.all() }
}
