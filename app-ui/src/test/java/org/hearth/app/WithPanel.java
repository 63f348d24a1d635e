package org.hearth.app;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.testfx.framework.junit5.ApplicationExtension;

/// A panel for each test, on a folder of its own. Whoever tests opens it, in a method that TestFX
/// looks for in the class of the test only.
@ExtendWith(ApplicationExtension.class)
@Tag("long")
abstract class WithPanel {
  @TempDir Path folder;

  @SuppressWarnings("NullAway.Init")
  Panel panel;

  @AfterEach
  void stop() {
    panel.close();
  }
}
