"""What a folder of records is to be read as: its manifest, its layout, the force profile and the roads."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Final

from dispatch import forces
from dispatch.force import Force
from graphs.errors import Fault, InputError
from graphs.faults import NOTHING, parse_toml, read_text
from graphs.netfile import load_network
from graphs.network import Network
from graphs.profiles import Profiles
from scenarios.import_manifest import RecordsManifest
from scenarios.import_presets import LAYOUTS
from scenarios.layouts import Layout

MANIFEST: Final = "manifest.toml"
SHIPPED: Final = "cleveland"


@dataclass(frozen=True)
class Asked:
    """A folder to import, and what it is to be read as.

    Parameters
    ----------
    network_file, force_file, profiles_file
        Go before those that the manifest names.
    """

    folder: Path
    manifest: RecordsManifest
    layout: Layout
    network_file: Path | None = None
    force_file: Path | None = None
    profiles_file: Path | None = None


def asked_of(
    folder: Path,
    preset: str = "",
    network_file: Path | None = None,
    force_file: Path | None = None,
    profiles_file: Path | None = None,
) -> Asked:
    """Find out what a folder is to be read as.

    Parameters
    ----------
    preset
        Goes before that of the manifest.
    network_file, force_file, profiles_file
        Go before those that the manifest names.

    Raises
    ------
    InputError
        The manifest is at fault, there is none and no preset either, or the preset is unknown.
    """
    path = folder / MANIFEST
    if path.is_file() and "format" in parse_toml(read_text(path, "a TOML file in UTF-8"), str(path)):
        accepted = "the folder that records came in"
        raise InputError([Fault(str(path), "", "format", "an imported folder", accepted, "nearest replay takes it")])
    manifest = RecordsManifest.read(path) if path.is_file() else RecordsManifest()
    name = preset or manifest.said_preset or ("generic" if path.is_file() else "")
    if name not in LAYOUTS:
        hint = f"or a manifest.toml; nearest import --suggest {folder} proposes one"
        field = "--preset" if preset or not path.is_file() else "preset"
        raise InputError([Fault(str(path), "", field, name or NOTHING, ", ".join(LAYOUTS), hint)])
    return Asked(folder, manifest, LAYOUTS[name], network_file, force_file, profiles_file)


def force_of(asked: Asked) -> tuple[Force, str]:
    """Return the force profile and its text.

    Raises
    ------
    InputError
        It cannot be read, or is at fault.
    """
    named = asked.manifest.force if isinstance(asked.manifest.force, str) else ""
    path = asked.force_file or (asked.folder / named if named and named != SHIPPED else shipped())
    return Force.read(path), read_text(path, "a TOML file in UTF-8")


def shipped() -> Path:
    """Return the file of the force profile that ships."""
    return Path(next(iter(forces.__path__))) / f"{SHIPPED}.toml"


def network_path(asked: Asked) -> Path | None:
    """Return the network file that was asked for, None where none was."""
    named = asked.manifest.network if isinstance(asked.manifest.network, str) else ""
    return asked.network_file or (asked.folder / named if named else None)


def profiles_path(asked: Asked) -> Path | None:
    """Return the profile table that was asked for, None for the shipped one."""
    return asked.profiles_file or (asked.folder / asked.manifest.profiles if asked.manifest.profiles else None)


def network_of(asked: Asked) -> Network | None:
    """Return the road network with its profile table, None where none was asked for."""
    path, table = network_path(asked), profiles_path(asked)
    profiles = None if table is None else Profiles.read(table)
    return None if path is None else load_network(path, profiles)


def require_unchanged(asked: Asked) -> None:
    """Hold the files of ``nearest csv-out`` against the checksums in their manifest.

    Raises
    ------
    InputError
        Files are missing or were changed; every one is named.
    """
    faults = list[Fault]()
    for name, told in asked.manifest.files.items():
        path = asked.folder / name
        found = sha256_of(path) if path.is_file() else "no such file"
        if found != told.sha256:
            faults.append(Fault(str(path), "", "SHA-256", found, told.sha256, "it was changed since it was written"))
    if faults:
        raise InputError(faults)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def made_by(asked: Asked, force: Force, network: Network | None) -> list[str]:
    """Say where a record was kept by another force profile or other roads than it is imported with."""
    notes = list[str]()
    for name, told, hash_ in (
        ("force profile", asked.manifest.force, force.hash),
        ("road network", asked.manifest.network, None if network is None else network.hash),
    ):
        before = told.get("hash") if not isinstance(told, str) else None
        if before is not None and hash_ is not None and before != hash_:
            notes.append(f"The record was kept with another {name}: {before[:12]}, not {hash_[:12]}.")
    return notes
