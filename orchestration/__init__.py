"""Plumbline's own code: the loader, the gate, publishing, and the wiring between them."""
