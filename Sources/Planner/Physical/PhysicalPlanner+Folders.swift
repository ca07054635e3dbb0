import Columns
import Plans
import Vocabulary

extension PhysicalPlanner {
    /// Brings rows of one folder together before a partitioned write when many tasks would each write a small
    /// file
    /// into every folder. Few tasks write as they are: the exchange would cost more than the files it saves.
    func partitionedForFolders(_ built: BuiltPlan, write: FileWrite) throws(EngineError) -> BuiltPlan {
        if built.tasks <= max(8, cluster.slots * TaskSizing.tasksPerSlot) { return built }
        let keys = write.partitionColumns.map { Expression.column(built.output[$0]) }
        return try hashed(built, by: keys, partitions: built.tasks)
    }
}
