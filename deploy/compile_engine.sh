#!/bin/sh
# Loads the service over the sample network once, which compiles the engine and keeps the result in the cache folder.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
sample=$(python -c 'import graphs.samples; print(graphs.samples.__path__[0])')
nearest graph build "$sample/gothenburg.osm.pbf" -o "$folder/sample.network"
NEAREST_GRAPH="$folder/sample.network" NEAREST_DATABASE_URL="sqlite:///$folder/sample.sqlite" \
    python -c 'from api.app import create_app; create_app()'
