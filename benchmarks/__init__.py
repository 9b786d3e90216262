"""Measures of the product; see docs/measures.md for what they found."""
