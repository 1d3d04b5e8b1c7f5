"""The native wire: one envelope for texts, pictures, applications and embeddings; a header switches streaming on."""
