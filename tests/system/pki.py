"""A throw-away public key infrastructure, made with openssl: quick keys, everything in one folder."""
import subprocess

CONFIG = """
[ca]
default_ca = own
[own]
dir = {dir}
database = {dir}/index.txt
serial = {dir}/serial
new_certs_dir = {dir}
certificate = {dir}/ca.pem
private_key = {dir}/ca.key
default_md = sha256
default_days = 30
default_crl_days = 30
policy = anything
unique_subject = no
copy_extensions = copy
[anything]
commonName = optional
organizationName = optional
[req]
distinguished_name = names
prompt = no
[names]
"""


class Pki:
    """`ca.pem`, and for each NAME of `issue` a NAME.pem and a NAME.key."""

    def __init__(self, folder, name="Test CA"):
        self.folder = folder
        folder.mkdir(exist_ok=True)
        (folder / "index.txt").write_text("")
        (folder / "serial").write_text("1000\n")
        (folder / "conf").write_text(CONFIG.format(dir=folder))
        self.key("ca")
        self.run("req", "-x509", "-config", folder / "conf", "-key", folder / "ca.key", "-subj", f"/CN={name}",
                 "-days", "30", "-out", folder / "ca.pem", "-addext", "basicConstraints=critical,CA:true")

    def run(self, *arguments):
        subprocess.run(["openssl", *[str(a) for a in arguments]], check=True, capture_output=True, timeout=30)

    def key(self, name, rsa=False):
        if rsa:
            self.run("genrsa", "-out", self.folder / f"{name}.key", "2048")
            return
        self.run("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.folder / f"{name}.key")

    def issue(self, name, subject=None, san=None, start=None, end=None, extensions=(), rsa=False):
        """Times are YYYYMMDDHHMMSSZ; extensions as -addext takes them."""
        f = self.folder
        self.key(name, rsa)
        self.run("req", "-new", "-config", f / "conf", "-key", f / f"{name}.key", "-subj",
                 subject or f"/O=mqttspec/CN={name}", "-out", f / f"{name}.csr",
                 *(["-addext", f"subjectAltName={san}"] if san else []),
                 *[word for extension in extensions for word in ("-addext", extension)])
        self.run("ca", "-batch", "-notext", "-config", f / "conf", "-in", f / f"{name}.csr", "-out", f / f"{name}.pem",
                 *(["-startdate", start] if start else []), *(["-enddate", end] if end else []))
        return f / f"{name}.pem", f / f"{name}.key"

    def revoke(self, name):
        self.run("ca", "-config", self.folder / "conf", "-revoke", self.folder / f"{name}.pem")

    def crl(self, name="crl", days=None):
        until = ["-crl_nextupdate", days] if days else []
        self.run("ca", "-gencrl", "-config", self.folder / "conf", "-out", self.folder / f"{name}.pem", *until)
        return self.folder / f"{name}.pem"
