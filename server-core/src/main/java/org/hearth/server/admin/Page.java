package org.hearth.server.admin;

import java.util.List;

/// The beginning of a list that may be long.
///
/// @param <T> what is listed
/// @param items the first of them
/// @param more whether there are others behind these
public record Page<T>(List<T> items, boolean more) {
  public Page {
    items = List.copyOf(items);
  }
}
