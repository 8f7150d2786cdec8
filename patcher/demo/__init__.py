"""The bundled miniature tree and the guided tour."""
