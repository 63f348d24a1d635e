package org.hearth.server.command;

import org.hearth.server.configuration.DataFolder;

/// The window that a command line without a command opens.
@FunctionalInterface
public interface ControlPanel {
  /// Shows the panel and returns when it was closed.
  ///
  /// @param folder the data folder that it works on
  /// @return false if there is no display to show it on
  boolean open(DataFolder folder);
}
