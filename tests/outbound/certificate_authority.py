"""A certificate authority of the tests' own, and servers that it vouches for."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.outbound.stub_servers import Tls


class Authority:
    """Signs certificates for names; `trust` believes in it alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
        self._file = folder / "authority.pem"
        certificate = self._sign(self._key.public_key(), self._name, ca=True, names=[])
        self._file.write_bytes(certificate.public_bytes(Encoding.PEM))

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._file)

    def vouch_for(self, *names: str) -> Tls:
        """What a server of these names shakes hands with; it tells which name it was asked for."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        certificate = self._sign(key.public_key(), subject, ca=False, names=list(names))
        path = self._folder / f"{names[0]}.pem"
        unlocked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(unlocked + certificate.public_bytes(Encoding.PEM))

        def prepare() -> tuple[ssl.SSLContext, list[str | None]]:
            heard: list[str | None] = []
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(path)
            context.sni_callback = lambda _socket, name, _context: heard.append(name)
            return context, heard

        return prepare

    def _sign(
        self, key: ec.EllipticCurvePublicKey, subject: x509.Name, *, ca: bool, names: list[str]
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if names:
            alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
            builder = builder.add_extension(alternatives, critical=False)
        return builder.sign(self._key, hashes.SHA256())
