"""Force profiles that ship: ``cleveland.toml``, the default, and ``template.toml``, to copy for another force."""
