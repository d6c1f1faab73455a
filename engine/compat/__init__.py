"""Private names of libraries that the engine needs, one module for each library, each name with its reason."""
