"""Roads, time and geometry: what a vehicle can reach, and how soon."""
