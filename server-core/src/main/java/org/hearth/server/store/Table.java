package org.hearth.server.store;

/// The name of a table. The package that owns a table declares it as a constant, and only that
/// package writes it.
///
/// @param name as in the migrations, lower case
public record Table(String name) {
  public Table {
    if (!name.matches("[a-z][a-z0-9_]*")) {
      throw new IllegalArgumentException("a table's name is lower case, not '" + name + "'");
    }
  }
}
