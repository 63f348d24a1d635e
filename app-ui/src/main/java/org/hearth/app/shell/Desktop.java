package org.hearth.app.shell;

import java.nio.file.Path;
import java.util.Optional;

/// What the panel needs of the desktop around it.
public interface Desktop {
  /// Opens an address, or a folder, in the program that the user has for it.
  ///
  /// @param address a URL
  void open(String address);

  /// Lets the user choose a folder.
  ///
  /// @param question what it is for
  /// @param start where to begin, if it exists
  /// @return the choice; empty if the user thought better of it
  Optional<Path> chooseFolder(String question, Path start);
}
