import Vocabulary

extension JobFailure {
    /// Takes over all that the error says.
    package init(_ error: EngineError) {
        self.init(
            code: error.code, message: error.message, remedy: error.remedy, file: error.location?.file,
            line: error.location?.line, column: error.location?.column, lineText: error.location?.lineText,
            lineTextColumn: error.location?.lineTextColumn, length: error.location?.length,
            blame: error.blame.rawValue)
    }

    /// The error as it was where it arose.
    package var engineError: EngineError {
        var location: SourceLocation?
        if let file, let line, let column, let lineText {
            location = SourceLocation(
                file: file, line: line, column: column, lineText: lineText, length: length ?? 1)
        }
        return EngineError(Blame(rawValue: blame) ?? .internal, code, message, remedy: remedy, at: location)
    }
}

extension EngineError {
    /// The HTTP status that tells of this error.
    package var httpStatus: Int {
        switch code {
        case "JOB_NOT_FOUND", "STAGE_NOT_FOUND", "NOT_FOUND", "PIPELINE_NOT_FOUND", "BUNDLE_NOT_FOUND":
            return 404
        case "JOB_ID_CONFLICT", "JOB_NOT_FINISHED": return 409
        case "UNAUTHENTICATED": return 401
        case "TOO_MANY_JOBS": return 429
        case "FORBIDDEN": return 403
        default: break
        }
        return switch blame {
        case .user: 400
        case .data: 422
        case .system: 503
        case .internal: 500
        }
    }
}
