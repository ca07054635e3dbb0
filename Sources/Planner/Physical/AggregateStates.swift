import Columns
import Plans
import Vocabulary

/// Tells the columns of an aggregate's state, which partial aggregation sends through the exchange.
enum AggregateStates {
    static func types(of call: AggregateCall) throws(EngineError) -> [DataType] {
        switch call.function {
        case "count": return [.int64]
        case "avg": return [call.arguments.first?.type.isDecimal == true ? call.type : .double, .int64]
        default: return [call.type]
        }
    }
}
