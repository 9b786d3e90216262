"""A night shift in Gothenburg: invented units and incidents on real roads."""
