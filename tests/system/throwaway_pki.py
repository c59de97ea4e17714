"""Certificates for a test, made by the openssl command: two authorities, servers and clients, good and bad ones."""
import subprocess

SECONDS = 30
NAMES = "DNS:localhost,IP:127.0.0.1"


def openssl(*arguments, **options):
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=SECONDS, **options)


class Pki:
    """Files in a folder: NAME.pem, NAME.key."""

    def __init__(self, folder):
        self.folder = folder
        for authority in ("ca", "other-ca"):
            openssl("req", "-x509", *self.new_key(authority), "-out", self.cert(authority), "-days", 2,
                    "-subj", f"/CN={authority}")
        self.issue("server", NAMES)
        self.issue("elsewhere", "DNS:elsewhere.example,DNS:*.wild.example")
        self.issue("expired", NAMES, days=-1)
        self.issue("foreign", NAMES, authority="other-ca")
        self.issue("client", "email:client@example")
        self.issue("expired-client", "email:client@example", days=-1)
        self.issue("foreign-client", "email:client@example", authority="other-ca")
        openssl("ec", "-in", self.key("client"), "-aes128", "-passout", "pass:hunter2", "-out", self.key("encrypted"))

    def new_key(self, name):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.key(name)]

    def cert(self, name):
        return self.folder / f"{name}.pem"

    def key(self, name):
        return self.folder / f"{name}.key"

    def issue(self, name, names, authority="ca", days=2):
        request = self.folder / f"{name}.csr"
        openssl("req", *self.new_key(name), "-out", request, "-subj", f"/CN={name}", "-addext", f"subjectAltName={names}")
        openssl("x509", "-req", "-in", request, "-CA", self.cert(authority), "-CAkey", self.key(authority),
                "-copy_extensions", "copy", "-days", days, "-out", self.cert(name))
