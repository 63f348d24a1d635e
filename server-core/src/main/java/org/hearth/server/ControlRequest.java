package org.hearth.server;

import java.util.Map;

/// What one process asks of the server that holds a data folder.
///
/// @param operation the name of the operation
/// @param arguments its arguments
record ControlRequest(String operation, Map<String, String> arguments) {
  ControlRequest {
    arguments = Map.copyOf(arguments);
  }

  /// An argument that the operation needs.
  String argument(String name) {
    String value = arguments.get(name);
    if (value == null) {
      throw new IllegalArgumentException("the argument " + name + " is missing");
    }
    return value;
  }
}
