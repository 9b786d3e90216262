"""Who should go: units, incidents, the force's own rules, and the recommendation."""
