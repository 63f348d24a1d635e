package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// How long source files are, and how many are in a package.
class SourceFilesTest {
  private static final int MOST_FILES = 45;
  private static final int MOST_LINES = 600;

  @Test
  void noPackageHasMoreFilesThanAReaderOverlooks() throws IOException {
    Map<Path, Long> files =
        sources().collect(Collectors.groupingBy(Path::getParent, Collectors.counting()));

    assertThat(files)
        .isNotEmpty()
        .allSatisfy((_, count) -> assertThat(count).isLessThanOrEqualTo(MOST_FILES));
  }

  @Test
  void noFileIsLongerThanAReaderOverlooks() throws IOException {
    for (Path each : sources().toList()) {
      assertThat(Files.readAllLines(each)).as("%s", each).hasSizeLessThanOrEqualTo(MOST_LINES);
    }
  }

  /// The source files of all modules, also of tests.
  private static Stream<Path> sources() throws IOException {
    List<Path> all = new ArrayList<>();
    for (String module : List.of("ring-logs", "server-core", "app-ui")) {
      try (Stream<Path> files = Files.walk(Path.of("..", module, "src"))) {
        files.filter(each -> each.toString().endsWith(".java")).forEach(all::add);
      }
    }
    return all.stream();
  }
}
