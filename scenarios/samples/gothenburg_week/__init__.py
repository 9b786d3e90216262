"""A week in Gothenburg for the planner: an invented roster and invented demand on real roads."""
