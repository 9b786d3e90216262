"""Closures among records: features of GeoJSON, each kept or put aside by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import orjson
from pydantic import ValidationError

from graphs.closures import FILE, ClosureProperties, closures_of
from graphs.errors import Fault, InputError
from graphs.faults import gather, read_text, shape_faults, written
from graphs.network import Network
from scenarios.import_files import Bound, Line
from scenarios.rows import read_moment

_MOMENTS: Final = ("entered_at", "lifted_entered_at")


def read_features(bound: Sequence[Bound], network: Network | None) -> tuple[list[Mapping[str, Any]], list[Line]]:
    """Read closures.

    Parameters
    ----------
    network
        Holds the places against its roads; without one only the properties are checked.

    Returns
    -------
    features, refused
        Those that are sound, and the others as lines with their faults.

    Raises
    ------
    InputError
        A file is no GeoJSON.
    """
    sound, refused = list[Mapping[str, Any]](), list[Line]()
    for each in bound:
        for number, feature in enumerate(_features(each)):
            faults = _faults(feature, each.source, network)
            if not faults:
                sound.append(feature)
                continue
            cells = {"feature": orjson.dumps(feature).decode()}
            refused.append(Line(each.source, f"feature {number + 1}", cells, {}, faults))
    return sound, refused


def _features(bound: Bound) -> list[Any]:
    try:
        document = orjson.loads(read_text(bound.path, FILE))
    except orjson.JSONDecodeError as error:
        raise InputError([Fault(bound.source, "", "", "no JSON", FILE, str(error))]) from error
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise InputError([Fault(bound.source, "", "features", written(features), FILE)])
    return features


def _faults(feature: Any, source: str, network: Network | None) -> list[Fault]:
    if not isinstance(feature, Mapping):
        return [Fault(source, "", "", written(feature), "a feature")]
    faults = list[Fault]()
    for name in _MOMENTS:
        if feature.get(name) is not None:
            gather(faults, partial(read_moment, feature[name], source, name))
    if network is not None:
        document = {"type": "FeatureCollection", "features": [feature]}
        gather(faults, partial(closures_of, document, network, source))
        return faults
    try:
        ClosureProperties.model_validate(feature.get("properties") or {})
    except ValidationError as error:
        faults += shape_faults(error, ClosureProperties, source)
    return faults
