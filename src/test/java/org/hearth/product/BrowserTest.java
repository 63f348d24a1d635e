package org.hearth.product;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Two people use Hearth in a browser, each by a small page on matrix-js-sdk: from signing in to
/// signing out.
@Tag("long")
class BrowserTest {
  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome");

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void twoPeopleTalkInABrowser(@TempDir Path folder) throws Exception {
    Optional<String> browser = browser();
    assumeTrue(browser.isPresent(), "Chromium is not installed: no browser was tried");
    Path page = Files.createDirectory(folder.resolve("page"));
    try (HearthProcess server = HearthProcess.start(folder.resolve("data"))) {
      ClientScript.play(
          "browser/talk.mjs",
          List.of(server.address().toString(), browser.get(), page.toString()),
          () -> {
            throw new IllegalStateException("nobody restarts a server in a browser");
          });
    }
  }

  private static Optional<String> browser() {
    return NAMES.stream()
        .flatMap(name ->
            Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
                .map(folder -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .map(Path::toString)
        .findFirst();
  }
}
