import Columns
import Vocabulary

extension PhysicalPlan: MessageMapped {
    func message() throws(EngineError) -> WirePhysicalPlan {
        var message = WirePhysicalPlan()
        switch self {
        case .scan(let scan): message.scan = try scan.message()
        case .externalScan(let scan): message.externalScan = try scan.message()
        case .describe(let relation): message.describe = try relation.message()
        case .externalWrite(let target, let input):
            message.externalWrite = try target.message(input: input)
        case .shuffleRead(let read): message.shuffleRead = try read.message()
        case .values(let rows, let schema): message.values = try Self.values(rows, schema)
        case .filter(let conditions, let input): message.filter = try Self.filter(conditions, input)
        case .project(let list, let schema, let input):
            message.project = try Self.project(list, schema, input)
        case .aggregate(let aggregate): message.aggregate = try aggregate.message()
        case .hashJoin(let join): message.hashJoin = try join.message()
        case .nestedLoopJoin(let join): message.nestedLoopJoin = try join.message()
        case .sort(let keys, let limit, let input): message.sort = try Self.sort(keys, limit, input)
        case .limit(let count, let offset, let input):
            message.limit = try Self.limit(count, offset, input)
        case .union(let inputs, let schema): message.union = try Self.union(inputs, schema)
        case .expand(let lists, let schema, let input):
            message.expand = try Self.expand(lists, schema, input)
        case .singleRow(let input, let origin):
            message.singleRow.input = try input.message()
            if let place = origin.message() { message.singleRow.origin = place }
        case .rangeBounds(let keys, let partitions, let input):
            message.rangeBounds = try Self.rangeBounds(keys, partitions, input)
        case .exchange(let partitioning, let input):
            message.exchange.partitioning = try partitioning.message()
            message.exchange.input = try input.message()
        case .window(let window): message.window = try window.message()
        case .generate(let generator, let kept, let schema, let input):
            message.generate = try Self.generate(generator, kept, schema, input)
        case .range(let range, let schema, let tasks):
            message.range = try Self.range(range, schema, tasks)
        case .collect(let limit, let input):
            message.collect.limit = try UInt64(plan: limit)
            message.collect.input = try input.message()
        case .recursion(let recursion): message.recursion = try recursion.message()
        case .workingTable(let level, let schema):
            message.workingTable.level = try UInt32(plan: level)
            message.workingTable.schema = try schema.message()
        }
        return message
    }

    init(_ message: WirePhysicalPlan) throws(EngineError) {
        switch message.node {
        case .scan(let scan): self = .scan(try PhysicalScan(scan))
        case .externalScan(let scan): self = .externalScan(try PhysicalExternalScan(scan))
        case .describe(let relation): self = .describe(try ExternalRelation(relation))
        case .externalWrite(let write): self = try ExternalRelation.write(write)
        case .shuffleRead(let read): self = .shuffleRead(try ShuffleRead(read))
        case .values(let values): self = try Self.values(values)
        case .filter(let filter): self = try Self.filter(filter)
        case .project(let project): self = try Self.project(project)
        case .aggregate(let aggregate): self = .aggregate(try PhysicalAggregate(aggregate))
        case .hashJoin(let join): self = .hashJoin(try PhysicalHashJoin(join))
        case .nestedLoopJoin(let join): self = .nestedLoopJoin(try PhysicalNestedLoopJoin(join))
        case .sort(let sort): self = try Self.sort(sort)
        case .limit(let limit): self = try Self.limit(limit)
        case .union(let union): self = try Self.union(union)
        case .expand(let expand): self = try Self.expand(expand)
        case .singleRow(let single):
            self = .singleRow(
                input: try PlanCodec.part(single.hasInput, single.input, "an input"),
                origin: try Origin(single.hasOrigin, single.origin))
        case .rangeBounds(let bounds): self = try Self.rangeBounds(bounds)
        case .exchange(let exchange): self = try Self.exchange(exchange)
        case .window(let window): self = .window(try PhysicalWindow(window))
        case .generate(let generate): self = try Self.generate(generate)
        case .range(let range): self = try Self.range(range)
        case .collect(let collect):
            self = .collect(
                limit: try Int(message: collect.limit),
                input: try PlanCodec.part(collect.hasInput, collect.input, "an input"))
        case .recursion(let recursion): self = .recursion(try PhysicalRecursion(recursion))
        case .workingTable(let table):
            self = .workingTable(
                level: Int(table.level),
                schema: try PlanCodec.part(table.hasSchema, table.schema, "a schema"))
        case nil:
            throw PlanCodec.corrupt("an operator is missing, or of a kind that this release does not know")
        }
    }
}
