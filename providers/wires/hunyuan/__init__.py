"""The native chat wire: PascalCase names, one envelope for everything, errors inside a 200."""
