"""C2PA: a signed statement inside a finished file of where it comes from. Needs c2pa-python (extra `provenance`).

The certificate is made here once, for development: anybody can check that the file was not changed since, and nobody
can check who signed. Put one of your own in its place: `cert.pem` (a chain, leaf first) and `key.pem` (ES256).
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from puppet import __version__
from puppet.core.errors import RecordingError, reason
from puppet.provenance.xmp import SOURCE_TYPE, Provenance
from puppet.storage.file_lock import only_writer
from puppet.storage.files import publish
from puppet.storage.folders import signing_folder
from puppet.storage.installing import install_command
from puppet.storage.unfinished import draft_name, drop_draft, register

CERTIFICATE, KEY = "cert.pem", "key.pem"
SUFFIXES = (".mp4", ".m4v", ".mov", ".png", ".gif", ".webp")  # C2PA has no place in Matroska and WebM
NAME = "Puppet development certificate"
YEARS = 10
PATIENCE = 10.0  # s that another process may take to make a certificate


def can_sign() -> bool:
    """Whether c2pa-python is installed."""
    try:
        import c2pa  # noqa: F401 - only whether it is there  # pyright: ignore[reportMissingImports]
    except (ImportError, OSError):
        return False
    return True


def check(suffix: str) -> None:
    """Raise RecordingError when files with this suffix cannot be signed here."""
    if suffix.lower() not in SUFFIXES:
        raise RecordingError(
            f"C2PA has no place in {suffix} files; choose a name that ends with .mp4 or .mov, or do not sign"
        )
    if not can_sign():
        raise RecordingError(f"Signing needs one more package: {install_command('provenance')}")


def manifest(about: Provenance) -> dict[str, Any]:
    """The signed statement: the file was created by Puppet, with IPTC's source type; pure.

    For synthetic pictures only: C2PA requires to say how pictures came about, which is unknown of a driver's.
    """
    action = {
        "action": "c2pa.created",
        "softwareAgent": {"name": "Puppet", "version": __version__},
        "digitalSourceType": SOURCE_TYPE + about.source_type,
    }
    work = {"@context": "https://schema.org", "@type": "CreativeWork", "name": about.title, "abstract": about.statement}
    if about.consent:
        work["usageInfo"] = f"Consent: {about.consent}"
    return {
        "claim_generator_info": [{"name": "Puppet", "version": __version__}],
        "title": about.title,
        "assertions": [
            {"label": "c2pa.actions", "data": {"actions": [action]}},
            {"label": "stds.schema-org.CreativeWork", "data": work},
        ],
    }


def sign(path: Path, about: Provenance) -> None:
    """Put a signed manifest into a finished file, atomically. Asks no time stamp server: nothing leaves this machine.

    Raises RecordingError, with the file as it was.
    """
    check(path.suffix)
    import c2pa  # pyright: ignore[reportMissingImports]

    chain, key = credentials(signing_folder())
    draft = draft_name(path)
    register(draft)
    try:
        signer = c2pa.Signer.from_info(
            c2pa.C2paSignerInfo(c2pa.C2paSigningAlg.ES256, chain.encode(), key.encode(), None)
        )
        with c2pa.Builder(json.dumps(manifest(about))) as builder, signer:
            builder.sign_file(path, draft, signer)
        publish(draft, path, replace=True)
    except (c2pa.C2paError, OSError, ValueError) as problem:
        raise RecordingError(f"{path.name} was not signed: {problem}") from problem
    finally:
        drop_draft(draft)


def credentials(folder: Path) -> tuple[str, str]:
    """Certificate chain and key, PEM, from a folder; made when there are none.

    Raises RecordingError when only one of the two is there, or they cannot be written.
    """
    with only_writer(folder, PATIENCE):  # so that certificate and key are of one making
        return _credentials(folder / CERTIFICATE, folder / KEY)


def _credentials(certificate: Path, key: Path) -> tuple[str, str]:
    folder = key.parent
    if not certificate.exists() and not key.exists():
        made = development_certificate()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            key.touch(mode=0o600)  # nobody else may read it
            key.write_text(made[1], encoding="ascii")
            certificate.write_text(made[0], encoding="ascii")
        except OSError as problem:
            raise RecordingError(f"The certificate cannot be written to {folder}: {reason(problem)}") from problem
    try:
        return certificate.read_text(encoding="ascii"), key.read_text(encoding="ascii")
    except (OSError, ValueError) as problem:
        raise RecordingError(f"{folder} must hold {CERTIFICATE} and {KEY}, or neither of them") from problem


def development_certificate() -> tuple[str, str]:
    """A new chain (leaf, own root) and the leaf's key, PEM: as C2PA's certificate profile wants them (ES256)."""
    from cryptography import x509  # pyright: ignore[reportMissingImports]
    from cryptography.hazmat.primitives import hashes, serialization  # pyright: ignore[reportMissingImports]
    from cryptography.hazmat.primitives.asymmetric import ec  # pyright: ignore[reportMissingImports]
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID  # pyright: ignore[reportMissingImports]

    def name(common: str) -> x509.Name:
        return x509.Name(
            [x509.NameAttribute(NameOID.ORGANIZATION_NAME, NAME), x509.NameAttribute(NameOID.COMMON_NAME, common)]
        )

    def usage(sign_certificates: bool) -> x509.KeyUsage:
        flags = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only"), False
        )
        return x509.KeyUsage(
            digital_signature=not sign_certificates,
            key_cert_sign=sign_certificates,
            crl_sign=sign_certificates,
            decipher_only=False,
            **flags,
        )

    now = datetime.now(timezone.utc)
    root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    certificates = []
    for common, key, is_root in (("root", root_key, True), ("signer", leaf_key, False)):
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(common))
            .issuer_name(name("root"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=365 * YEARS))
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
            .add_extension(usage(is_root), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        )
        if not is_root:
            builder = builder.add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
            )
        certificates.append(builder.sign(root_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode())
    root, leaf = certificates
    private = leaf_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return leaf + root, private.decode()
