package org.hearth.server.store;

/// The name of a table. The package that owns a table declares it as a constant, and only that
/// package writes it.
///
/// @param name as in the migrations, lower case
/// @param bound what limits its rows, in words for the page of the tables
/// @param keptBy what removes rows, or why nothing has to
public record Table(String name, String bound, String keptBy) {
  public Table {
    if (!name.matches("[a-z][a-z0-9_]*")) {
      throw new IllegalArgumentException("a table's name is lower case, not '" + name + "'");
    }
    if (bound.isBlank() || keptBy.isBlank()) {
      throw new IllegalArgumentException(name + " has a bound, and something that keeps it");
    }
  }
}
