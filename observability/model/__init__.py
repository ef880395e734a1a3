"""What a definition can say: frozen dataclasses, standard library only, no IO."""
