"""What OpenStreetMap tags say about driving: class of road, who may drive it, which way, and what stands in it.

Pure functions from tags to a few plain words. Nothing here knows a speed; see ``profiles.toml`` for those.
"""

from __future__ import annotations

from collections.abc import Mapping

Tags = Mapping[str, str]

LINKED_CLASSES = ("motorway", "trunk", "primary", "secondary", "tertiary")
ROAD_CLASSES = (
    *LINKED_CLASSES,
    *(f"{name}_link" for name in LINKED_CLASSES),
    "unclassified",
    "residential",
    "living_street",
    "service",
    "track",
    "pedestrian",
    "busway",
    "road",
)
ACCESS_GROUPS = ("open", "destination", "private", "bus", "emergency", "no")
# Counted along each directed edge; the names are those of the delays in profiles.toml.
OBSTACLES = ("signals", "stop", "give_way", "crossing", "level_crossing", "gate", "locked_gate")
BLOCKED = "blocked"

# The most specific key that is present decides (wiki.openstreetmap.org/wiki/Key:access, transport mode hierarchy).
_ACCESS_KEYS = ("motorcar", "motor_vehicle", "vehicle", "access")
# Keys that may be tagged for one direction alone: ``motor_vehicle:backward=no`` is a no entry at the far end.
_DIRECTED_KEYS = (*_ACCESS_KEYS, "bus", "psv", "minibus", "emergency", "police")
_ACCESS_VALUES = {
    **dict.fromkeys(("yes", "permissive", "designated", "official", "public"), "open"),
    **dict.fromkeys(("destination", "customers", "delivery", "permit", "residents", "resident"), "destination"),
    **dict.fromkeys(("private", "agricultural", "forestry", "agricultural;forestry"), "private"),
    **dict.fromkeys(("military", "employees"), "private"),
    **dict.fromkeys(("no", "none", "emergency"), "no"),
}
_GRANTED = frozenset({"yes", "designated", "official", "permissive"})
_OPENABLE = frozenset(
    {"gate", "lift_gate", "swing_gate", "sliding_gate", "hampshire_gate", "wicket_gate", "chain", "toll_booth",
     "border_control", "sally_port", "rising_bollard", "barrier_board"}
)  # fmt: skip
_HARMLESS = frozenset(
    {"no", "entrance", "cattle_grid", "height_restrictor", "kerb", "arch", "bump_gate", "speed_bump", "traffic_calming",
     "coupure", "open"}
)  # fmt: skip
# Made so that a bus gets through and a car does not, whoever drives it.
_CAR_TRAPS = frozenset({"bus_trap", "sump_buster"})
# Signalled crossings by their British names (wiki.openstreetmap.org/wiki/Key:crossing_ref).
_SIGNALLED_CROSSINGS = frozenset({"traffic_signals", "pelican", "puffin", "toucan", "pegasus"})
_ONE_WAY_FORWARD = frozenset({"yes", "true", "1"})
_ONE_WAY_BACKWARD = frozenset({"-1", "reverse"})
_CONTRAFLOW = {"emergency": "emergency", "bus": "bus", "psv": "bus"}


def road_class(tags: Tags) -> str | None:
    """Return the road class of a way, or None where no police car drives it."""
    value = tags.get("highway", "")
    if value not in ROAD_CLASSES:
        return None
    if value == "pedestrian" and not _motors_admitted(tags):
        return None
    return value


def dropped_because(tags: Tags) -> str | None:
    """Return why a way with a ``highway`` or ``route`` key is no road for this product, or None where it is one.

    Examples
    --------
    >>> dropped_because({"highway": "steps"})
    'not for vehicles: steps'
    >>> dropped_because({"highway": "residential"})
    """
    if tags.get("route") == "ferry" and "highway" not in tags:
        return "ferry"
    if tags.get("area") == "yes":
        return "area"
    if road_class(tags) is None:
        known = tags.get("highway", "") in _NOT_FOR_VEHICLES
        return f"{'not for vehicles' if known else 'unknown highway tag'}: {tags.get('highway', '')}"
    if tags.get("oneway") in {"reversible", "alternating"}:
        return "reversible lane: direction unknown"
    if all(access is None for access in directions(tags)):
        return "no access"
    return None


_NOT_FOR_VEHICLES = frozenset(
    {"footway", "cycleway", "path", "steps", "bridleway", "corridor", "platform", "pedestrian", "elevator",
     "bus_guideway", "bus_stop", "construction", "proposed", "planned", "abandoned", "disused", "razed", "raceway",
     "escape", "rest_area", "services", "via_ferrata", "ladder", "traffic_island", "crossing", "street_lamp",
     "emergency_bay", "no"}
)  # fmt: skip


def access_group(tags: Tags) -> str:
    """Return who may drive here: one of `ACCESS_GROUPS`.

    A value that is not understood counts as private: it closes the road to routine driving but not to an emergency.
    """
    group = "open"
    for key in _ACCESS_KEYS:
        if key in tags:
            group = _ACCESS_VALUES.get(tags[key].strip().lower(), "private")
            break
    if tags.get("service") == "emergency_access":
        group = "no"
    if tags.get("highway") == "busway" and group == "open" and not _motors_admitted(tags):
        return "bus"
    if group in {"no", "private"}:
        return _exempted(tags) or group
    return group


def _exempted(tags: Tags) -> str | None:
    if tags.get("service") == "emergency_access":
        return "emergency"
    named = {tags.get("emergency"), tags.get("police"), tags.get("access:police")} & _GRANTED
    if named or "emergency" in {tags.get(key) for key in _ACCESS_KEYS}:
        return "emergency"
    if {tags.get("bus"), tags.get("psv"), tags.get("minibus")} & _GRANTED:
        return "bus"
    return None


def _motors_admitted(tags: Tags) -> bool:
    stated = (tags.get(key, "") for key in ("motorcar", "motor_vehicle"))
    return any(_ACCESS_VALUES.get(value) in {"open", "destination"} for value in stated)


def directions(tags: Tags) -> tuple[str | None, str | None]:
    """Return the access group along the way and against it; None where nobody may drive.

    A one-way street is closed against its direction to every profile. A contraflow lane that is tagged for buses or
    emergency vehicles (``oneway:bus=no``, ``oneway:emergency=no``, ``busway=opposite_lane``) is open to those alone.
    """
    ahead, back = _admitted(tags, "forward"), _admitted(tags, "backward")
    one_way = _one_way(tags)
    if one_way == "forward":
        back = _contraflow(tags) if ahead else None
    elif one_way == "backward":
        ahead = _contraflow(tags) if back else None
    return ahead, back


def _admitted(tags: Tags, side: str) -> str | None:
    stated = {key: tags[f"{key}:{side}"] for key in _DIRECTED_KEYS if f"{key}:{side}" in tags}
    group = access_group({**tags, **stated} if stated else tags)
    return None if group == "no" else group


def _one_way(tags: Tags) -> str:
    value = tags.get("oneway:motor_vehicle", tags.get("oneway:vehicle", tags.get("oneway", ""))).strip().lower()
    if value in _ONE_WAY_BACKWARD:
        return "backward"
    if value in _ONE_WAY_FORWARD:
        return "forward"
    implied = is_roundabout(tags) or tags.get("highway") in {"motorway", "motorway_link"}
    return "forward" if implied and value == "" else "both"


def _contraflow(tags: Tags) -> str | None:
    for mode, group in _CONTRAFLOW.items():
        if tags.get(f"oneway:{mode}") == "no":
            return group
    if "opposite_lane" in {tags.get("busway"), tags.get("busway:left"), tags.get("busway:right")}:
        return "bus"
    return None


def is_roundabout(tags: Tags) -> bool:
    """Tell whether a way is part of a roundabout."""
    return tags.get("junction") in {"roundabout", "circular"}


def is_tunnel(tags: Tags) -> bool:
    """Tell whether a way runs underground; a culvert carries water under the road."""
    return tags.get("tunnel", "no") not in {"no", "", "culvert"} or tags.get("covered") == "yes"


def is_bridge(tags: Tags) -> bool:
    """Tell whether a way runs on a bridge."""
    return tags.get("bridge", "no") not in {"no", ""}


def barrier(tags: Tags) -> str | None:
    """Return what a barrier on a node does: ``gate``, ``locked_gate``, ``blocked``, or None where it does nothing.

    A gate that cannot be opened from a car (bollard, block) is ``blocked`` unless its own access tags let motors
    through.
    """
    value = tags.get("barrier", "")
    if not value or value in _HARMLESS:
        return None
    stated = any(key in tags for key in _ACCESS_KEYS)
    group = access_group(tags)
    openable = value in _OPENABLE or tags.get("bollard") in {"rising", "removable", "foldable"}
    if not openable:
        return None if stated and group in {"open", "destination"} else _lowered_or_blocked(tags)
    locked = tags.get("locked") == "yes" or (stated and group not in {"open", "destination"})
    return "locked_gate" if locked else "gate"


def _lowered_or_blocked(tags: Tags) -> str:
    if tags["barrier"] in _CAR_TRAPS or _exempted(tags) is None:
        return BLOCKED
    return "locked_gate"


def obstacle(tags: Tags) -> str | None:
    """Return which of `OBSTACLES` a node is for those who drive over it, or ``blocked``, or None."""
    standing = barrier(tags)
    if standing:
        return standing
    highway = tags.get("highway", "")
    if highway == "traffic_signals":
        return "signals"
    if highway in {"stop", "give_way"}:
        return highway
    if highway == "crossing" and _crossed_by_signals(tags):
        return "crossing"
    if tags.get("railway") == "level_crossing":
        return "level_crossing"
    return None


def _crossed_by_signals(tags: Tags) -> bool:
    return tags.get("crossing") in _SIGNALLED_CROSSINGS or tags.get("crossing:signals") == "yes"


def faces(tags: Tags) -> str | None:
    """Return the direction of the way (``forward`` or ``backward``) that a signal or sign faces, where tagged."""
    side = tags.get("traffic_signals:direction", tags.get("direction"))
    return side if side in {"forward", "backward"} else None


def faces_both(tags: Tags) -> bool:
    """Tell whether a signal or sign is tagged as stopping both directions, as a crossing of people on foot does."""
    on_foot = tags.get("traffic_signals") == "pedestrian_crossing" or _crossed_by_signals(tags)
    return on_foot or tags.get("traffic_signals:direction", tags.get("direction")) == "both"
