package org.hearth.ringlogs;

/// An entry of an output log and where it stands.
public record Positioned<E>(LogPosition position, E entry) {}
