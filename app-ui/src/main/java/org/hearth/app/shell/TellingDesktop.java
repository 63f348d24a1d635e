package org.hearth.app.shell;

import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/// Says what the desktop around it was asked to open: a desktop that has no program for it does
/// nothing, and tells nobody.
///
/// @param around the desktop
/// @param told given a sentence
record TellingDesktop(Desktop around, Consumer<String> told) implements Desktop {
  @Override
  public void open(String address) {
    around.open(address);
    told.accept(
        "The desktop was asked to open %s. If nothing comes up, open that yourself."
            .formatted(
                address.startsWith("file:") ? Path.of(URI.create(address)).toString() : address));
  }

  @Override
  public Optional<Path> chooseFolder(String question, Path start) {
    return around.chooseFolder(question, start);
  }
}
