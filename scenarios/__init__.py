"""Many decisions: the files that people bring, samples, replay, audit and simulation."""
