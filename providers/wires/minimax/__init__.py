"""The older wires: ``chatcompletion_pro``, where everybody has a name, ``chatcompletion_v2``, and the embeddings."""
