import Plans
import Scheduling
import Vocabulary

extension StageGraph {
    /// Names what a task reads of files, for errors: `data/a.csv bytes 0 to 1048576 and 2 more`; nil when it
    /// reads none.
    func inputText(of task: TaskID) -> String? {
        guard let stage = stages.first(where: { $0.id == task.stage.stage }),
            Int(task.index) < stage.splits.count
        else { return nil }
        var texts: [String] = []
        for scan in stage.plan.scans where scan.index < stage.splits[Int(task.index)].count {
            for split in stage.splits[Int(task.index)][scan.index]
            where split.file < scan.relation.files.count {
                let unit =
                    switch scan.relation.format {
                    case .parquet: "row groups"
                    case .orc: "stripes"
                    default: "bytes"
                    }
                texts.append("\(scan.relation.files[split.file].path) \(unit) \(split.start) to \(split.end)")
            }
        }
        guard let first = texts.first else { return nil }
        return texts.count == 1 ? first : "\(first) and \(texts.count - 1) more"
    }
}

extension PhysicalPlan {
    /// The scans of files in the plan.
    fileprivate var scans: [PhysicalScan] {
        if case .scan(let scan) = self { return [scan] }
        return children.flatMap(\.scans)
    }
}
