import Foundation
import Vocabulary

@testable import Storage

/// Runs moto, a double of S3, on a free port, with faults that a test asks for. It ends with this process,
/// whose end it sees on its standard input.
///
/// `@unchecked Sendable`: the suite that uses it is serialized.
final class S3Double: @unchecked Sendable {
    static let shared = Result { try S3Double() }

    let port: Int
    private let process = Process()
    private let commands = Pipe()
    private let answers = Pipe()

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let python = root.appendingPathComponent(".deps/venv/bin/python")

    private init() throws {
        process.executableURL = S3Double.python
        process.arguments = ["-c", S3Double.script]
        process.standardInput = commands
        process.standardOutput = answers
        process.standardError = FileHandle.nullDevice
        try process.run()
        port = Int(S3Double.line(answers)) ?? 0
    }

    private static func line(_ pipe: Pipe) -> String {
        var bytes: [UInt8] = []
        while let next = try? pipe.fileHandleForReading.read(upToCount: 1)?.first, next != 10 {
            bytes.append(next)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Sends a command and returns its answer:
    ///
    ///     fault before|after|cut COUNT WORD…   the next COUNT requests with all words fail
    ///     fault plain COUNT WORD…              the same with conditions, as of a store without any
    ///     seen WORD…                           how many requests had all words
    ///     user                                 makes a user who may do everything: KEY SECRET
    ///     auth on|off                          whether signatures are checked
    func command(_ text: String) -> String {
        commands.fileHandleForWriting.write(Data((text + "\n").utf8))
        return S3Double.line(answers)
    }

    func settings() throws -> S3Settings {
        var settings = S3Settings()
        try settings.setEndpoint("http://127.0.0.1:\(port)")
        settings.credentials = S3Credentials(key: "testing", secret: "testing")
        settings.retry.baseMilliseconds = 1
        return settings
    }

    /// Returns S3 with a new bucket in it.
    func fileSystem(bucket: String) throws -> S3FileSystem {
        let store = try S3FileSystem(settings: settings())
        _ = try store.client.sendExpectingSuccess(S3Request(method: "PUT", bucket: bucket))
        return store
    }

    private static let script = """
        import sys, threading, io
        import moto.settings, boto3
        from moto.core.responses import ActionAuthenticatorMixin
        from moto.server import DomainDispatcherApplication, create_backend_app
        from werkzeug.serving import make_server, WSGIRequestHandler

        class Quiet(WSGIRequestHandler):
            protocol_version = 'HTTP/1.1'
            def log(self, *arguments): pass

        lock, faults, seen = threading.Lock(), [], []

        class Faulty:
            def __init__(self, app): self.app = app
            def __call__(self, environ, start_response):
                text = environ['REQUEST_METHOD'] + ' ' + environ['PATH_INFO'] + '?' + environ['QUERY_STRING']
                hit = None
                has_condition = 'HTTP_IF_MATCH' in environ or 'HTTP_IF_NONE_MATCH' in environ
                with lock:
                    seen.append(text)
                    for fault in faults:
                        if fault[0] == 'plain' and not has_condition: continue
                        if fault[1] > 0 and all(word in text for word in fault[2]):
                            fault[1] -= 1
                            hit = fault[0]
                            break
                if hit is None and 'POST' in text and 'uploadId=' in text:
                    return self.complete(environ, start_response)
                if hit is None: return self.app(environ, start_response)
                size = int(environ.get('CONTENT_LENGTH') or 0)
                body = environ['wsgi.input'].read(size)
                environ['wsgi.input'] = io.BytesIO(body)
                if hit == 'after' or hit == 'cut':
                    list(self.app(environ, lambda *arguments: None))
                if hit == 'cut': environ['werkzeug.socket'].shutdown(2)
                if hit == 'plain':
                    xml = b'<Error><Code>NotImplemented</Code></Error>'
                    start_response('501 Not Implemented', [('Content-Length', str(len(xml)))])
                    return [xml]
                xml = b'<Error><Code>SlowDown</Code><Message>Please wait.</Message></Error>'
                start_response('503 Slow Down', [('Content-Length', str(len(xml)))])
                return [xml]

            # moto breaks where S3 says that there is no such upload.
            def complete(self, environ, start_response):
                try: return self.app(environ, start_response)
                except KeyError:
                    body = b'<Error><Code>NoSuchUpload</Code></Error>'
                    start_response('404 Not Found', [('Content-Length', str(len(body)))])
                    return [body]

        app = Faulty(DomainDispatcherApplication(create_backend_app))
        server = make_server('127.0.0.1', 0, app, threaded=True, request_handler=Quiet)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f'http://127.0.0.1:{server.server_port}'
        print(server.server_port, flush=True)
        for line in sys.stdin:
            name, *words = line.split()
            answer = 'ok'
            if name == 'fault':
                with lock: faults.append([words[0], int(words[1]), words[2:]])
            elif name == 'seen':
                with lock: answer = str(sum(all(word in text for word in words) for text in seen))
            elif name == 'user':
                keys = dict(aws_access_key_id='testing', aws_secret_access_key='testing')
                iam = boto3.client('iam', endpoint_url=url, region_name='us-east-1', **keys)
                iam.create_user(UserName='writer')
                allow = '{"Effect":"Allow","Action":"s3:*","Resource":"*"}'
                policy = '{"Version":"2012-10-17","Statement":[' + allow + ']}'
                iam.put_user_policy(UserName='writer', PolicyName='all', PolicyDocument=policy)
                key = iam.create_access_key(UserName='writer')['AccessKey']
                answer = key['AccessKeyId'] + ' ' + key['SecretAccessKey']
            elif name == 'auth':
                moto.settings.INITIAL_NO_AUTH_ACTION_COUNT = 0 if words == ['on'] else float('inf')
            print(answer, flush=True)
        """
}
