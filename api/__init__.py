"""The doors for people and machines outside: the command line and HTTP. Nothing is decided here."""
