"""Road maps that come with the product, and the scripts that make them again."""
