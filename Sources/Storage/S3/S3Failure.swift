import CObjectStore
import Vocabulary

/// Makes errors of what S3 answered, or of what kept it from answering: what is wrong, where, and what to do.
enum S3Failure {
    private struct Meaning {
        var blame: Blame
        var code: String
        var message: String
        var remedy: String?
    }

    /// Nobody answered.
    static func unanswered(
        _ error: store_error, _ request: S3Request, _ settings: S3Settings
    ) -> EngineError {
        let host = settings.place(of: request.bucket).host
        switch error.failure {
        case STORE_TLS:
            return .user(
                "S3_TLS_FAILED", "No secure connection to \(host) can be made, \(error.text): \(request.url)",
                remedy: "Set AWS_CA_BUNDLE to the PEM file of the authority that its certificate is from.")
        case STORE_UNREACHABLE, STORE_TIMEOUT:
            return .system(
                "S3_UNREACHABLE", "\(host) does not answer, \(error.text): \(request.url)",
                remedy: "Check the network, AWS_REGION and AWS_ENDPOINT_URL.")
        default: return .system("S3_ERROR", "The request failed, \(error.text): \(request.url)")
        }
    }

    /// The server answered with an error.
    static func answered(
        _ answer: HTTPAnswer, _ request: S3Request, _ settings: S3Settings
    ) -> EngineError {
        let said = XMLText.text("Message", in: answer.body[...])
        let code = answer.code ?? implied(answer.status)
        let region = answer.headers["x-amz-bucket-region"] ?? XMLText.text("Region", in: answer.body[...])
        let detail =
            "HTTP \(answer.status)" + (code.isEmpty ? "" : " \(code)") + (said.map { ", \($0)" } ?? "")
        let meaning = meaning(code, request: request, region: region, settings: settings)
        return EngineError(
            meaning.blame, meaning.code, "\(meaning.message): \(request.url) (\(detail))",
            remedy: meaning.remedy)
    }

    /// The code that an answer without a body stands for.
    private static func implied(_ status: Int) -> String {
        switch status {
        case 301, 307: "PermanentRedirect"
        case 403: "AccessDenied"
        case 404: "NoSuchKey"
        default: ""
        }
    }

    private static func meaning(
        _ code: String, request: S3Request, region: String?, settings: S3Settings
    ) -> Meaning {
        switch code {
        case "NoSuchBucket":
            Meaning(
                blame: .user, code: "S3_BUCKET_NOT_FOUND", message: "There is no bucket \(request.bucket)",
                remedy: "Check the name, AWS_REGION and AWS_ENDPOINT_URL, or create the bucket.")
        case "NoSuchKey":
            Meaning(
                blame: .user, code: "PATH_NOT_FOUND", message: "There is no such object",
                remedy: "Check the path.")
        case "AccessDenied", "AllAccessDisabled", "AccountProblem":
            Meaning(
                blame: .user, code: "S3_ACCESS_DENIED", message: "Access is denied",
                remedy: "Let these credentials list the bucket, and read and write below the path "
                    + "(s3:ListBucket, s3:GetObject, s3:PutObject, s3:DeleteObject, "
                    + "s3:AbortMultipartUpload).")
        case "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken",
            "InvalidClientTokenId", "TokenRefreshRequired":
            Meaning(
                blame: .user, code: "S3_CREDENTIALS_REFUSED", message: "The credentials are refused",
                remedy: "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or the "
                    + "profile or role that they come from.")
        case "PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed",
            "IllegalLocationConstraintException":
            Meaning(
                blame: .user, code: "S3_WRONG_REGION",
                message: "The bucket is not in region \(settings.region)",
                remedy: "Set AWS_REGION to \(region ?? "the bucket's region").")
        case "RequestTimeTooSkewed":
            Meaning(
                blame: .system, code: "S3_CLOCK_SKEWED", message: "The clocks differ too much",
                remedy: "Set this machine's clock.")
        default:
            Meaning(
                blame: .system, code: "S3_ERROR", message: "S3 could not \(request.method) the object",
                remedy: nil)
        }
    }
}
