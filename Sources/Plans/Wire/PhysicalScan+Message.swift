import Columns
import FoundationEssentials
import Vocabulary

extension PhysicalScan: MessageMapped {
    func message() throws(EngineError) -> WireScan {
        var message = WireScan()
        message.index = try UInt64(plan: index)
        message.relation = Data(try PlanCodec.bytes(of: relation.message()))
        message.columns = try columns.plan()
        message.filters = try filters.messages()
        message.output = try output.plan()
        return message
    }

    init(_ message: WireScan) throws(EngineError) {
        let relation = try FileRelation(
            PlanCodec.read(
                WireFileRelation.self, from: message.relation, depthLimit: PlanCodec.relationDepthLimit))
        let columns = try [Int](message: message.columns)
        let output = try [Int](message: message.output)
        let width = relation.schema.count
        guard columns.allSatisfy({ $0 < width }), output.allSatisfy({ $0 < columns.count })
        else {
            throw PlanCodec.corrupt("a scan reads a column that is not there")
        }
        self.init(
            index: try Int(message: message.index), relation: relation, columns: columns,
            filters: try [Expression](message.filters), output: output)
    }
}
