"""What is answered about roads, as the OpenAPI document describes it; see `api.schemas`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from api.schemas import Answer, FailedRule, Hash, Metres, Seconds, Utc


class LineString(Answer):
    """A line in GeoJSON."""

    type: Literal["LineString"] = Field(description="kind of geometry")
    coordinates: list[list[float]] = Field(description="[lon, lat] pairs in driving order")


class RestsOn(Answer):
    """What every answer about roads says it rests on."""

    at: Utc = Field(description="the moment asked about, UTC")
    attribution: str = Field(description="whom the roads are owed to; to be shown with them")
    network: Hash = Field(description="SHA-256 of the road network")
    profiles: Hash = Field(description="SHA-256 of the profile table")
    conditions: Hash = Field(description="SHA-256 of all closures and slower roads, in force or not")


class RoadAnswer(RestsOn):
    """An answer about driving."""

    profile: str = Field(description="response or normal")


class Step(Answer):
    """A stretch of a route along one road."""

    turn: Literal["straight", "left", "right", "u_turn", "roundabout"] | None = Field(
        description="how it is come onto; null where the route begins"
    )
    turned_deg: float | None = Field(
        description="degrees turned, clockwise, -180 to 180; through a roundabout, from the road before to that after; "
        "null where the route begins, or ends on the roundabout"
    )
    road: str = Field(description="its name, else its number, else its class")
    road_class: str = Field(alias="class", description="road class")
    time_s: Seconds = Field(description="seconds on it, the turn onto it included")
    length_m: Metres = Field(description="metres")


class Edge(Answer):
    """A part of a route between two junctions."""

    edge: int = Field(description="the directed edge, a number of this very network")
    way_id: int = Field(description="the way of the source that it belongs to")
    road: str = Field(description="its name, else its number, else its class")
    time_s: Seconds = Field(description="seconds on it, the turn onto it included")
    turn_s: Seconds = Field(description="seconds of that which the turn takes")
    length_m: Metres = Field(description="metres")


class RouteAnswer(RoadAnswer):
    """The fastest way from one point to another."""

    time_s: Seconds = Field(description="seconds, drive and walk")
    drive_s: Seconds = Field(description="seconds driving")
    walk_s: Seconds = Field(description="seconds on foot at the end")
    length_m: Metres = Field(description="metres driven")
    start_gap_m: Metres = Field(description="metres from the first point to its road")
    end_gap_m: Metres = Field(description="metres from the last road to the second point")
    steps: list[Step] = Field(description="the way, road by road")
    edges: list[Edge] = Field(description="the way, edge by edge; the times add up to drive_s")
    geometry: LineString = Field(description="the way as GeoJSON")


class OnRoad(Answer):
    """Where a point was put on the road."""

    lat: float = Field(description="degrees of latitude, WGS 84")
    lon: float = Field(description="degrees of longitude, WGS 84")
    gap_m: Metres = Field(description="metres from the point to its road")
    road: str = Field(description="name of the road, else its number, else its class")


class TableAnswer(RoadAnswer):
    """Times and lengths of the fastest ways from every origin (rows) to every destination (columns)."""

    durations: list[list[Seconds | None]] = Field(description="seconds, drive and walk; null where there is no way")
    distances: list[list[Metres | None]] = Field(description="metres driven; null where there is no way")
    origins: list[OnRoad] = Field(description="the origins on their roads, in the order given")
    destinations: list[OnRoad] = Field(description="the destinations on their roads, in the order given")


class Soon(Answer):
    """A vehicle that is among the soonest."""

    index: int | None = Field(description="its place in from, the first being 0; null for a unit")
    callsign: str | None = Field(description="the unit; null for a place in from")
    duration: Seconds = Field(description="seconds, drive and walk; mobilisation is not in it")
    distance: Metres = Field(description="metres driven")
    start: OnRoad = Field(alias="from", description="where it was put on the road")


class LeftOut(Answer):
    """A unit of which no place is known."""

    callsign: str = Field(description="the unit")
    failed: list[FailedRule] = Field(description="why it has no place")


class NearestAnswer(RoadAnswer):
    """The vehicles that are soonest at a place, by the roads alone."""

    to: OnRoad = Field(description="the place on the road nearest to it")
    nearest: list[Soon] = Field(description="soonest first, k at most; one that cannot get there is never among them")
    left_out: list[LeftOut] = Field(description="units of the picture that have no place; empty where from was given")


class MultiPolygon(Answer):
    """Areas in GeoJSON; it may be empty."""

    type: Literal["MultiPolygon"] = Field(description="kind of geometry")
    coordinates: list[list[list[list[float]]]] = Field(description="polygons of rings of [lon, lat] pairs")


class MultiLineString(Answer):
    """Lines in GeoJSON."""

    type: Literal["MultiLineString"] = Field(description="kind of geometry")
    coordinates: list[list[list[float]]] = Field(description="lines of [lon, lat] pairs")


class Reached(Answer):
    """What is reached in a number of minutes."""

    kind: Literal["area", "roads"] = Field(description="whether the geometry is the ground or the roads reached")
    minutes: float = Field(description="the minutes")
    beside_m: Metres = Field(description="how far from a road reached the area extends")
    edges: int = Field(description="directed edges of which a part is reached")
    road_km: float = Field(description="kilometres of road, what is reached in both directions counted once")
    attribution: str = Field(description="whom the roads are owed to; to be shown with them")


class ReachedFeature(Answer):
    """A feature in GeoJSON."""

    type: Literal["Feature"] = Field(description="kind of object")
    properties: Reached = Field(description="what it is")
    geometry: MultiPolygon | MultiLineString = Field(description="where it is")


class ReachableAnswer(RoadAnswer):
    """What can be reached from any of the places, as a GeoJSON FeatureCollection."""

    type: Literal["FeatureCollection"] = Field(description="kind of object")
    features: list[ReachedFeature] = Field(description="an area for each number of minutes, and its roads if asked for")
    origins: list[OnRoad] = Field(description="the places on their roads, in the order given")


class Closure(Answer):
    """What is closed or slowed, when and for whom; see closures.geojson."""

    name: str = Field(description="text for people to read")
    factor: float = Field(description="share of the usual speed that is left; 0 is closed")
    start: Utc | None = Field(alias="from", description="UTC; null where it began before anybody noted it")
    end: Utc | None = Field(alias="to", description="UTC; null where no end is known")
    profile: str | None = Field(description="the profile that it holds for; null for all")
    direction: Literal["along"] = Field(description="lines are drawn in driving direction, one for each")


class ClosureFeature(Answer):
    """A feature in GeoJSON."""

    type: Literal["Feature"] = Field(description="kind of object")
    id: str | None = Field(description="the closure_id by which it is lifted; null for one of the service's own file")
    properties: Closure = Field(description="what, when and for whom")
    geometry: MultiLineString = Field(description="the stretches of road")


class ClosuresAnswer(RestsOn):
    """The closures in force at a moment, as a GeoJSON FeatureCollection that can be read as closures.geojson."""

    type: Literal["FeatureCollection"] = Field(description="kind of object")
    features: list[ClosureFeature] = Field(description="one for each")


class Bounds(Answer):
    """A box in degrees."""

    west: float = Field(description="longitude")
    south: float = Field(description="latitude")
    east: float = Field(description="longitude")
    north: float = Field(description="latitude")


class ProfileUse(Answer):
    """What a profile may use of the network."""

    open_edges: int = Field(description="directed edges that it may drive")
    closed: dict[str, int] = Field(description="reason to number of directed edges that it may not")
    cut_off: dict[str, int] = Field(description="open edges that no way joins to the rest")


class Area(Answer):
    """A polygon in GeoJSON."""

    type: Literal["Polygon", "MultiPolygon"] = Field(description="kind of geometry")
    coordinates: list[Any] = Field(description="rings of [lon, lat] pairs")


class NetworkAnswer(Answer):
    """What the road network holds and what was left out of it."""

    source: str = Field(description="what it was built from")
    source_sha256: str = Field(description="checksum of that file; empty where it was no file")
    data_timestamp: str | None = Field(description="time of the data; null where the source does not say")
    attribution: str = Field(description="whom the roads are owed to; to be shown with them")
    licence: str = Field(description="licence of the data")
    hash: Hash = Field(description="SHA-256 of the content")
    drawing: str = Field(description="name of what its tiles draw, for their address; another where they are others")
    nodes: int = Field(description="junctions and ends of roads")
    edges: int = Field(description="directed edges")
    roads_km: float = Field(description="kilometres of road, both directions counted once")
    one_way_edges: int = Field(description="edges without a way back")
    turn_restrictions: int = Field(description="turn restrictions")
    tunnel_edges: int = Field(description="edges in tunnels")
    bridge_edges: int = Field(description="edges on bridges")
    roundabout_edges: int = Field(description="edges of roundabouts")
    limit_tagged_share: float = Field(description="share of edges with a known speed limit")
    area_km2: float = Field(description="size of the area, square kilometres")
    bounds: Bounds = Field(description="the box around the area")
    drawn: dict[str, int] = Field(description="kind of ground that a map draws beneath to number of areas or lines")
    dropped: dict[str, int] = Field(description="reason to number of ways or edges left out when it was built")
    notes: list[str] = Field(description="what should be read before relying on it")
    profiles: dict[str, ProfileUse] = Field(description="what each profile may use")
    area: Area = Field(description="the area inside which a place may be asked for")
