import Columns
import Functions
import Plans
import Vocabulary

/// Tells the columns of an aggregate's state, which partial aggregation sends through the exchange.
enum AggregateStates {
    /// Returns the types in the order in which the accumulator gives them.
    static func types(of call: AggregateCall) throws(EngineError) -> [DataType] {
        do {
            return try AggregateFunction.make(call: call, argumentTypes: call.arguments.map(\.type))
                .stateTypes
        } catch let error as EngineError {
            throw error
        } catch {
            throw .internal("An aggregate cannot be made: \(call)")
        }
    }
}
