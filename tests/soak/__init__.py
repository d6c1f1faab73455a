"""A scripted person uses Palate for a long time, by seeds; after each act everything that must be true is checked."""
