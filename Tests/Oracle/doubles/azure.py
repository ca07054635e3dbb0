"""The calls of Azure's Blob REST service that Arrow makes to read, answered as the service documents them
(learn.microsoft.com/rest/api/storageservices): Get Blob Properties, Get Blob with a range, List Blobs with a delimiter, and
the question whether the account has a hierarchical namespace. Whether a key's signature is right is not checked, a shared
access signature is: `sig=right`."""
import email.utils
import re
import urllib.parse
import xml.sax.saxutils

from .listening import Listening


class Azure(Listening):
    def __init__(self):
        self.blobs, self.seen = {}, []
        """Blobs by container and name: bytes and version."""
        self.swaps = {}
        """By name: the first byte of the range that, when it is asked for, has the blob replaced, and its new bytes."""
        self.busy = 0
        """So many requests are answered 503."""
        self.listen()
        self.origin = f"http://127.0.0.1:{self.server.server_port}"

    def put(self, name, body):
        self.blobs["lake/" + name] = (body, self.blobs.get("lake/" + name, (b"", 0))[1] + 1)

    def answer(self, request):
        url = urllib.parse.urlsplit(request.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        account, _, place = urllib.parse.unquote(url.path).strip("/").partition("/")
        container, _, name = place.partition("/")
        self.seen.append((request.command, name, url.query))
        if self.busy > 0:
            self.busy -= 1
            return self.fail(request, 503, "ServerBusy")
        key = request.headers.get("Authorization", "")
        if not key.startswith(f"SharedKey {account}:") and query.get("sig") != "right":
            return self.fail(request, 403, "AuthenticationFailed" if key or "sig" in query else "NoAuthenticationInformation")
        if query.get("action") == "getAccessControl":
            return self.fail(request, 400, "HierarchicalNamespaceNotEnabled")
        if not any(blob.startswith(container + "/") for blob in self.blobs):
            return self.fail(request, 404, "ContainerNotFound")
        if query.get("comp") == "list":
            return self.list(request, container, query.get("prefix", ""), query.get("delimiter", ""))
        span = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("x-ms-range", ""))
        if name in self.swaps and span and int(span[1]) >= self.swaps[name][0]:
            self.put(name, self.swaps.pop(name)[1])
        if place not in self.blobs:
            return self.fail(request, 404, "BlobNotFound")
        body, version = self.blobs[place]
        headers = {
            "ETag": f'"0x{version}"', "Last-Modified": self.time(version), "x-ms-creation-time": self.time(0),
            "x-ms-blob-type": "BlockBlob", "x-ms-lease-state": "available", "x-ms-lease-status": "unlocked",
            "x-ms-server-encrypted": "true", "Content-Type": "application/octet-stream"}
        if span and request.command == "GET":
            first = int(span[1])
            last = min(int(span[2] or len(body)), len(body) - 1)
            headers["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
            return self.send(request, 206, body[first:last + 1], headers)
        self.send(request, 200, body, headers)

    @staticmethod
    def time(version):
        return email.utils.formatdate(1e9 + version, usegmt=True)

    def list(self, request, container, prefix, delimiter):
        items, folders = [], set()
        for blob in sorted(self.blobs):
            name = blob.partition("/")[2]
            if not blob.startswith(container + "/") or not name.startswith(prefix):
                continue
            rest = name[len(prefix):]
            if delimiter and delimiter in rest:
                folder = prefix + rest.partition(delimiter)[0] + delimiter
                if folder not in folders:
                    folders.add(folder)
                    items.append(f"<BlobPrefix><Name>{xml.sax.saxutils.escape(folder)}</Name></BlobPrefix>")
                continue
            body, version = self.blobs[blob]
            items.append(
                f"<Blob><Name>{xml.sax.saxutils.escape(name)}</Name><Properties><Creation-Time>{self.time(0)}"
                f"</Creation-Time><Last-Modified>{self.time(version)}</Last-Modified><Etag>0x{version}</Etag>"
                f"<Content-Length>{len(body)}</Content-Length><Content-Type>application/octet-stream</Content-Type>"
                "<BlobType>BlockBlob</BlobType><AccessTier>Hot</AccessTier><AccessTierInferred>true"
                "</AccessTierInferred><LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>"
                "<ServerEncrypted>true</ServerEncrypted></Properties></Blob>")
        text = (
            f'<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="{self.origin}/" '
            f'ContainerName="{container}"><Prefix>{xml.sax.saxutils.escape(prefix)}</Prefix><MaxResults>5000'
            f'</MaxResults><Blobs>{"".join(items)}</Blobs><NextMarker /></EnumerationResults>')
        self.send(request, 200, text.encode(), {"Content-Type": "application/xml"})

    def fail(self, request, status, code):
        text = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{code}.</Message></Error>'
        # An answer to HEAD has no body, and says so by having no type.
        kind = {} if request.command == "HEAD" else {"Content-Type": "application/xml"}
        self.send(request, status, text.encode(), {"x-ms-error-code": code, **kind})

    def send(self, request, status, body, headers):
        try:
            request.send_response(status)
            for name, value in headers.items():
                request.send_header(name, value)
            request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            if request.command != "HEAD":
                request.wfile.write(body)
        except OSError:
            request.close_connection = True
